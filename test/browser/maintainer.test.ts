import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DESKTOP, launchBrowser, openPage } from '../support/browser.ts'
import { eventually, type Sandbox, startSandbox } from '../support/sandbox.ts'

// The whole way, as someone walks it who never had a shop: register the App, install it, merge its pull request, add a
// product with mistakes, mend them, merge, and buy it. In a browser, with nothing but what the pages say.

let sandbox: Sandbox
let browser: Browser
beforeAll(async () => {
  ;[sandbox, browser] = await Promise.all([
    startSandbox({ catalog: 'catalog', args: ['--from-scratch'] }),
    launchBrowser(),
  ])
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await sandbox?.close()
})

const BADGE = `name: Tern badge
summary: A badge with a tern on it.
description: To pin on a bag.
category: merch
status: live
images:
  - { file: images/sticker.svg, alt: A badge with a tern on it }
price: { eur: "4.50" }
gives:
  parcel: { weight: 12 }
stock: 20
`
const WITH_MISTAKES = BADGE.replace('"4.50"', '"4,50"')
  .replace('images/sticker.svg', 'images/stiker.svg')
  .replace('live', 'lve')

test('from an organisation without a shop to the first sale', { timeout: 180_000 }, async () => {
  const { page, errors } = await openPage(browser, DESKTOP)
  await registerAndInstall(page)
  await mergeWelcome(page)
  const pull = await proposeBadge(page)
  await mendBadge(page, pull)
  await page.getByRole('button', { name: 'Merge pull request' }).click()
  await shopSells('badge')
  await buyBadge(page)
  expect(errors).toEqual([])
})

async function registerAndInstall(page: Page): Promise<void> {
  const code = /enter this code: (\S+)/.exec(sandbox.output())?.[1] ?? ''
  await page.goto(`${sandbox.shop}/setup`)
  await page.getByLabel('Code').fill(code)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByLabel('Name of the organisation').fill('tern-project')
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'Go to GitHub' }).click()
  await page.getByRole('button', { name: 'Create GitHub App for tern-project' }).click()
  await page.getByRole('link', { name: 'Install it' }).click()
  // A person reads before the next click; the shop takes the setup's place meanwhile.
  const answers = () =>
    fetch(`${sandbox.shop}/healthz`).then(
      ({ status }) => status,
      () => 0,
    )
  await eventually(answers, (status) => status === 200)
  await page.getByRole('button', { name: 'Install on tern-project' }).click()
  await page.getByRole('heading', { name: 'You have just installed the App?' }).waitFor()
}

async function mergeWelcome(page: Page): Promise<void> {
  await eventually(
    async () => {
      await page.goto(`${sandbox.github}/tern-project/tern/pulls`)
      return page.getByText('passed').count()
    },
    (passed) => passed > 0,
    30,
  )
  await page.getByRole('link', { name: 'Open the shop' }).click()
  await page.getByText('the shop opens').first().waitFor()
  const picture = page.getByRole('img', { name: /Sticker will look/ })
  const width = () => picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)
  await eventually(width, (pixels) => pixels > 0)
  await page.getByRole('button', { name: 'Merge pull request' }).click()
  await shopSells('sticker')
}

/** Writes a product with three mistakes, and finds each on its line. Gives the pull request's address. */
async function proposeBadge(page: Page): Promise<string> {
  await page.goto(`${sandbox.github}/tern-project/tern/new/main?filename=catalog/products/badge.yaml`)
  await page.getByLabel('Content').fill(WITH_MISTAKES)
  await page.getByLabel(/pull request/).check()
  await page.getByRole('button', { name: /^(Propose|Commit|Create|Save)/ }).click()
  await page.waitForURL(/\/pull\/\d+$/)
  const pull = page.url()
  await checkIs(page, pull, 'failed')
  const text = await page.locator('main').innerText()
  for (const line of [5, 7, 8]) expect(text).toContain(`catalog/products/badge.yaml:${line}`)
  return pull
}

async function mendBadge(page: Page, pull: string): Promise<void> {
  await page.getByRole('link', { name: 'Edit' }).first().click()
  await page.getByLabel('Content').fill(BADGE)
  await page.getByRole('button', { name: /^(Propose|Commit|Save)/ }).click()
  await checkIs(page, pull, 'passed')
  await page.getByText('4.50 EUR').first().waitFor()
}

async function checkIs(page: Page, pull: string, wanted: 'passed' | 'failed'): Promise<void> {
  await eventually(
    async () => {
      await page.goto(pull)
      return page.getByText(wanted, { exact: false }).count()
    },
    (found) => found > 0,
    30,
  )
}

async function buyBadge(page: Page): Promise<void> {
  await page.goto(`${sandbox.shop}/products/badge/`)
  await page.getByRole('button', { name: 'Add to cart' }).click()
  await page.getByRole('status').filter({ hasText: /./ }).waitFor()
  await page.goto(`${sandbox.shop}/cart/`)
  await page.getByLabel('Ship to').selectOption('DE')
  await page.getByRole('button', { name: 'Check out' }).click()
  await page.waitForURL(/\/c\/pay\//)
  await page.getByLabel('E-mail').fill('mira@example.org')
  await page.getByLabel('Full name').fill('Mira Tern')
  await page.getByLabel('Street and number').fill('Hafenstraße 1')
  await page.getByLabel('Postal code').fill('20457')
  await page.getByLabel('City').fill('Hamburg')
  await page.getByRole('button', { name: /^Pay €/ }).click()
  await page.getByRole('heading', { name: 'Thank you' }).waitFor()
}

/** Waits until the shop shows the product. */
const shopSells = (product: string) =>
  eventually(
    async () => (await fetch(`${sandbox.shop}/products/${product}/`)).status,
    (status) => status === 200,
    60,
  )

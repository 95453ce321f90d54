import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DESKTOP, launchBrowser, openPage, PHONE } from '../support/browser.ts'
import { FILES } from '../support/files.ts'
import { eventually, type Sandbox, startSandbox } from '../support/sandbox.ts'
import { FIXTURE_CATALOG } from '../support/shop.ts'

let sandbox: Sandbox
let browser: Browser
beforeAll(async () => {
  ;[sandbox, browser] = await Promise.all([startSandbox({ catalog: FIXTURE_CATALOG }), launchBrowser()])
  const [file, bytes] = ['heron-guide.pdf', FILES['heron-guide.pdf']] as const
  const release = { repository: 'heron/goods', tag: 'guide-v1', file, base64: bytes.toString('base64') }
  await sandbox.control('github', 'releases', release)
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await sandbox?.close()
})

const sizes: [string, BrowserContextOptions][] = [
  ['a phone', PHONE],
  ['a desktop in the dark', { ...DESKTOP, colorScheme: 'dark' }],
]

async function addToCart(page: Page, product: string, price = product) {
  await page.goto(`${sandbox.shop}/products/${product}/`)
  if (price !== product) await page.locator(`input[value="${price}"]`).check()
  await page.getByRole('button', { name: 'Add to cart' }).click()
  await page.getByRole('status').filter({ hasText: /./ }).waitFor()
}

async function fillCheckout(page: Page, email: string, ships: boolean) {
  await page.waitForURL(/\/c\/pay\//)
  await page.getByLabel('E-mail').fill(email)
  if (!ships) return
  await page.getByLabel('Full name').fill('Mira Tern')
  await page.getByLabel('Street and number').fill('Hafenstraße 1')
  await page.getByLabel('Postal code').fill('20457')
  await page.getByLabel('City').fill('Hamburg')
}

async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}

describe.each(sizes)('on %s', (_name, options) => {
  test('a book and a sticker are bought in one cart, and the book that arrives is the one released', async () => {
    const { page, errors } = await openPage(browser, options)
    const email = `mixed-${options.colorScheme ?? 'light'}@example.org`
    await addToCart(page, 'guide', 'guide/pdf')
    await addToCart(page, 'sticker')
    await page.goto(`${sandbox.shop}/cart/`)
    await page.getByLabel('Ship to').selectOption('DE')
    await page.getByRole('button', { name: 'Check out' }).click()
    await fillCheckout(page, email, true)
    await expectAccessible(page)
    await page.getByRole('button', { name: /^Pay €/ }).click()

    await page.getByRole('heading', { name: 'Thank you' }).waitFor()
    await expectAccessible(page)
    expect(await page.getByText('To be packed').count()).toBe(1)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: /^Download/ }).click(),
    ])
    const bytes = await readFile(await download.path())
    await page.getByText('SHA-256').click()
    expect(await page.locator('.download code').innerText()).toBe(createHash('sha256').update(bytes).digest('hex'))
    await page.goto(`${sandbox.shop}/cart/`)
    await page.getByText('Nothing in it yet.').waitFor()

    const [mail] = await eventually(
      async () => (await sandbox.mails()).filter(({ to }) => to === email),
      (mails) => mails.length > 0,
    )
    const link = /http\S+\/downloads\/\S+/.exec(mail?.text ?? '')?.[0] ?? ''
    expect(Buffer.from(await (await fetch(link)).arrayBuffer()).equals(bytes)).toBe(true)
    expect(errors).toEqual([])
  }, 60_000)

  test('one thing is bought without JavaScript', async () => {
    const { page } = await openPage(browser, { ...options, javaScriptEnabled: false })
    await page.goto(`${sandbox.shop}/products/guide/`)
    await page.locator('input[value="guide/epub"]').check()
    await page.getByRole('button', { name: 'Buy now' }).click()
    await fillCheckout(page, 'plain@example.org', false)
    await page.getByRole('button', { name: /^Pay €/ }).click()
    await page.getByRole('heading', { name: 'Thank you' }).waitFor()
    expect(await page.getByRole('link', { name: 'Download The Heron Guide (EPUB)' }).count()).toBe(1)
  }, 30_000)

  test('a declined card is said so, and another one pays', async () => {
    const { page, errors } = await openPage(browser, options)
    await page.goto(`${sandbox.shop}/products/guide/`)
    await page.getByRole('button', { name: 'Buy now' }).click()
    await fillCheckout(page, 'second@example.org', false)
    await page.getByRole('button', { name: /declined/ }).click()
    await page.getByRole('alert').filter({ hasText: 'declined' }).waitFor()
    errors.length = 0 // the browser notes the declined card's status, 402, as an error
    await page.getByRole('button', { name: /^Pay €/ }).click()
    await page.getByRole('heading', { name: 'Thank you' }).waitFor()
    expect(errors).toEqual([])
  }, 30_000)

  test('a delayed payment says that the bank will confirm, and never that it is paid', async () => {
    const { page, errors } = await openPage(browser, options)
    await page.goto(`${sandbox.shop}/products/guide/`)
    await page.getByRole('button', { name: 'Buy now' }).click()
    await fillCheckout(page, 'patient@example.org', false)
    const session = page.url().split('/').at(-1)
    await page.getByRole('button', { name: /delayed/ }).click()
    await page.getByRole('heading', { name: 'Your bank will confirm' }).waitFor()
    expect(await page.getByRole('link', { name: /^Download/ }).count()).toBe(0)
    await sandbox.control('stripe', `sessions/${session}/settle`, { ok: true })
    await eventually(
      async () => {
        await page.reload()
        return page.getByRole('heading', { level: 1 }).innerText()
      },
      (title) => title === 'Thank you',
    )
    expect(errors).toEqual([])
  }, 30_000)

  test('every page is accessible, fits its width and makes no error', async () => {
    const { page, errors } = await openPage(browser, options)
    for (const path of [
      '/',
      '/categories/books/',
      '/products/guide/',
      '/products/sticker/',
      '/products/support/',
      '/products/old-mug/',
      '/cart/',
      '/docs',
    ]) {
      await page.goto(sandbox.shop + path)
      await expectAccessible(page)
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect([path, overflow]).toEqual([path, 0])
    }
    expect(errors).toEqual([])
    for (const path of ['/nothing-here', '/orders/ord_000000000000000000000000?key=no']) {
      await page.goto(sandbox.shop + path)
      await expectAccessible(page)
    }
  }, 60_000)
})

test('who goes back from the payment page comes to the same page again, and to a new one with another cart', async () => {
  const { page } = await openPage(browser, PHONE)
  await addToCart(page, 'sticker')
  const checkOut = async () => {
    await page.goto(`${sandbox.shop}/cart/`)
    await page.getByLabel('Ship to').selectOption('DE')
    await page.getByRole('button', { name: 'Check out' }).click()
    await page.waitForURL(/\/c\/pay\//)
    return page.url()
  }
  const first = await checkOut()
  expect(await checkOut()).toBe(first)
  await addToCart(page, 'guide', 'guide/pdf')
  expect(await checkOut()).not.toBe(first)
  await page.goto(first)
  await page
    .getByText(/closed|no longer|run out/i)
    .first()
    .waitFor()
}, 30_000)

test('a page left open while the payment is pending finds it by itself', async () => {
  const { page } = await openPage(browser, PHONE)
  await sandbox.control('stripe', 'chaos', { hold: true })
  await page.goto(`${sandbox.shop}/products/guide/`)
  await page.getByRole('button', { name: 'Buy now' }).click()
  await fillCheckout(page, 'waiting@example.org', false)
  const session = page.url().split('/').at(-1)
  const { success_url } = await (
    await fetch(`${sandbox.stripe}/v1/checkout/sessions/${session}`, { headers: { authorization: 'Bearer sk_test_1' } })
  ).json()
  await page.goto(success_url.replace('{CHECKOUT_SESSION_ID}', session))
  await page.getByRole('heading', { name: 'Waiting for your payment' }).waitFor()
  await sandbox.control('stripe', `sessions/${session}/pay`, { outcome: 'pay', email: 'waiting@example.org' })
  await page.getByRole('heading', { name: 'Thank you' }).waitFor()
  await sandbox.control('stripe', 'release', {})
}, 30_000)

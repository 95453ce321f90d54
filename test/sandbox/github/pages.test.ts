import { AxeBuilder } from '@axe-core/playwright'
import type { Octokit } from '@octokit/rest'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DESKTOP, launchBrowser, openPage, PHONE } from '../../support/browser.ts'
import { push } from '../../support/github.ts'
import { type ListenedGitHub, openGitHubWithListener, SHOP } from './support.ts'

const STICKER = 'name: Sticker\nprice: 3\nships: true\n'
const FILES = {
  'README.md': '# The shop\n',
  'catalog/products/sticker.yaml': STICKER,
  'catalog/shop.yaml': 'name: Tern\n',
}
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

let browser: Browser
let github: ListenedGitHub
let app: Octokit
beforeAll(async () => {
  ;[browser, github] = await Promise.all([
    launchBrowser(),
    openGitHubWithListener({ repositories: [{ name: 'tern/shop', private: false, files: FILES }] }),
  ])
  app = await github.installation()
})
afterAll(async () => {
  await browser?.close()
  await github?.close()
})

const sizes: [string, BrowserContextOptions][] = [
  ['a phone', PHONE],
  ['a desktop in the dark', { ...DESKTOP, colorScheme: 'dark' }],
]

async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([])
  const isWider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
  expect(isWider, `${page.url()} is wider than the window`).toBe(false)
}

/** Goes somewhere as somebody. */
async function open(page: Page, path: string, login = 'ada') {
  await page.goto(`${github.url}${path}`)
  const become = page.getByRole('button', { name: `Become ${login}` })
  if ((await become.count()) > 0) await become.click()
}

async function editSticker(page: Page, from: string, to: string, login = 'ada') {
  await open(page, '/tern/shop', login)
  await page.getByRole('link', { name: 'catalog/' }).click()
  await page.getByRole('link', { name: 'products/' }).click()
  await page.getByRole('link', { name: 'sticker.yaml', exact: true }).click()
  await page.getByRole('link', { name: 'Edit' }).click()
  const content = page.getByLabel('Content')
  await content.fill((await content.inputValue()).replace(from, to))
}

const numberOf = (page: Page) => Number(/\/pull\/(\d+)/.exec(page.url())?.[1])

/** What the App of a shop answers: a check with a remark on the second line. */
async function check(pull_number: number, more: object = {}) {
  const { data: pull } = await app.rest.pulls.get({ ...SHOP, pull_number })
  const annotation = {
    path: 'catalog/products/sticker.yaml',
    start_line: 2,
    end_line: 2,
    annotation_level: 'failure' as const,
    title: 'Not a price',
    message: 'Found <b>three</b>, expected a number.',
  }
  const summary = '| Product | Price |\n| --- | --- |\n| Sticker | <script>alert(1)</script> three |\n'
  const { data } = await app.rest.checks.create({
    ...SHOP,
    name: 'Tagsale',
    head_sha: pull.head.sha,
    details_url: `${github.url}/details`,
    conclusion: 'failure',
    output: { title: 'One mistake', summary, annotations: [annotation] },
    ...more,
  })
  return data
}

describe.each(sizes)('on %s', (name, options) => {
  test('a maintainer proposes a change, reads its check, mends it, talks and merges', async () => {
    const { page, errors } = await openPage(browser, options)
    await editSticker(page, /price: .*/.exec(await sticker())?.[0] ?? '', 'price: three')
    await expectAccessible(page)
    await page.getByLabel('What changes, in one line').fill(`A dearer sticker on ${name}`)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Waiting for a check').waitFor()
    await expectAccessible(page)
    const number = numberOf(page)

    await check(number)
    await page.getByRole('heading', { name: 'Tagsale: One mistake' }).waitFor() // the page looks again by itself
    expect(await page.getByRole('cell', { name: /three/ }).count()).toBe(1)
    expect(await page.locator('script').count()).toBe(0)
    const inline = page.locator('td.note').filter({ hasText: 'Mistake: Not a price' })
    expect(await inline.innerText()).toContain('Found <b>three</b>, expected a number.')
    await page.getByRole('link', { name: 'catalog/products/sticker.yaml, line 2' }).click()
    expect(new URL(page.url()).hash).toBe('#diff-0-2')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Re-run' }).click()
    await expect.poll(() => github.events()).toContain('check_run.rerequested')

    await page.getByRole('link', { name: 'Edit catalog/products/sticker.yaml' }).click()
    await page.getByLabel('Content').fill(STICKER.replace('3', name.length.toString()))
    await page.getByRole('button', { name: 'Save' }).click()
    expect(numberOf(page)).toBe(number)
    await push(github.as('ada'), SHOP, { branch: 'main', change: { 'README.md': `# The shop on ${name}\n` } })
    await page.reload()
    await page.getByRole('button', { name: 'Update branch' }).click()
    await page.getByText("Merge branch 'main'").waitFor()
    await check(number, { conclusion: 'success', output: { title: 'All is well', summary: 'Fine.' } })
    await page.getByRole('heading', { name: 'Tagsale: All is well' }).waitFor()

    await page.getByLabel('Comment', { exact: true }).fill('/tagsale recheck')
    await page.getByRole('button', { name: 'Comment', exact: true }).click()
    await page.getByText('/tagsale recheck').waitFor()
    await page.getByText('Change the title').click()
    await page.getByLabel('Title').fill(`Another price on ${name}`)
    await page.getByRole('button', { name: 'Save the title' }).click()
    await page.getByRole('heading', { name: `Another price on ${name}` }).waitFor()
    await page.getByRole('button', { name: 'Merge pull request' }).click()
    await page.getByText('Merged by ada into main').waitFor()
    await expectAccessible(page)
    expect(await sticker()).toBe(STICKER.replace('3', name.length.toString()))
    const events = await github.events()
    for (const event of [
      'pull_request.opened',
      'pull_request.synchronize',
      'issue_comment.created',
      'pull_request.closed',
      'push',
    ]) {
      expect(events).toContain(event)
    }
    expect(errors).toEqual([])
  }, 60_000)

  test('somebody without rights proposes from a fork, and only a maintainer merges what contradicts nothing', async () => {
    const { page, errors } = await openPage(browser, options)
    await editSticker(page, 'ships: true', `ships: ${name.length}`, 'bob')
    await page.getByRole('button', { name: 'Propose' }).click()
    await page.getByText('Only people with write access can merge this.').waitFor()
    const number = numberOf(page)
    expect(await page.getByText('bob:bob-patch-').count()).toBe(1)

    await page.getByRole('button', { name: 'Become ada' }).click()
    await page.getByText('Review', { exact: true }).click()
    await page.getByLabel('Approve').check()
    await page.getByRole('button', { name: 'Submit review' }).click()
    await page.getByRole('heading', { name: 'ada approved this' }).waitFor()
    await editSticker(page, 'ships: true', 'ships: never')
    await page.getByLabel('Commit directly to main').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('ships: never').waitFor()
    await open(page, `/tern/shop/pull/${number}`)
    await page.getByText('This branch has conflicts with main').waitFor()
    expect(await page.getByRole('button', { name: 'Merge pull request' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByText('Closed without being merged.').waitFor()
    await page.getByRole('button', { name: 'Reopen' }).click()
    await page.getByText('This branch has conflicts with main').waitFor()
    await editSticker(page, 'ships: never', 'ships: true')
    await page.getByLabel('Commit directly to main').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('ships: true').waitFor()
    await open(page, `/tern/shop/pull/${number}`)
    await page.getByRole('heading', { name: 'Ready to merge' }).waitFor()
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByText('Closed without being merged.').waitFor()
    expect(errors).toEqual([])
  }, 60_000)

  test('files are created from an address, uploaded, shown and deleted', async () => {
    const { page, errors } = await openPage(browser, options)
    const at = `catalog/${name.length}`
    await open(
      page,
      `/tern/shop/new/main?filename=${at}/new.yaml&value=${encodeURIComponent('\nname: <b>\nlast: line\n')}`,
    )
    await page.getByLabel('Commit directly to main').check()
    await page.getByRole('button', { name: 'Save' }).click()
    expect(await page.locator('#L2').innerText()).toContain('name: <b>')
    expect(await textAt(`${at}/new.yaml`)).toBe('\nname: <b>\nlast: line\n')
    await page.goto(`${github.url}/tern/shop/upload/main/${at}`)
    await page.getByLabel('File, at most 5 MB').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: PNG })
    await page.getByLabel('Commit directly to main').check()
    await page.getByRole('button', { name: 'Save' }).click()
    const picture = page.getByRole('img', { name: `${at}/dot.png` })
    await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1)
    await expectAccessible(page)
    await page.getByRole('link', { name: 'Delete' }).click()
    await page.getByLabel('Commit directly to main').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(textAt(`${at}/dot.png`)).rejects.toMatchObject({ status: 404 })
    expect(errors).toEqual([])
  }, 60_000)

  test('a product is written in a form, and proposed as it is', async () => {
    const { page, errors } = await openPage(browser, options)
    const id = `mug-${name.length}`
    await open(page, '/tern/shop')
    await page.getByRole('link', { name: 'Add a product' }).click()
    await expectAccessible(page)
    await page.getByLabel('Id').fill(id)
    await page.getByLabel('Name').fill('A: mug')
    await page.getByLabel('Price in eur').fill('three')
    await page.getByRole('button', { name: 'Write the file' }).click()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('eur: "three"').waitFor()
    const { data } = await app.rest.pulls.listFiles({ ...SHOP, pull_number: numberOf(page) })
    expect(data).toMatchObject([{ filename: `catalog/products/${id}.yaml`, status: 'added' }])
    expect(data[0]?.patch).toContain('+name: "A: mug"')
    expect(errors).toEqual([])
  })

  test('a release is published, and one of its files is replaced', async () => {
    const { page, errors } = await openPage(browser, options)
    const tag = `book-${name.length}`
    const book = (text: string) => ({ name: 'book.pdf', mimeType: 'application/pdf', buffer: Buffer.from(text) })
    await open(page, '/tern/shop/releases/new')
    await page.getByLabel('Tag').fill(tag)
    await page.getByLabel('Files').setInputFiles(book('one'))
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByRole('link', { name: tag }).click()
    const before = await page.getByText('sha256:').innerText()
    await page.getByLabel('Add files').setInputFiles(book('two'))
    await page.getByRole('button', { name: 'Upload' }).click()
    await expect.poll(() => page.getByText('sha256:').innerText()).not.toBe(before)
    expect(await github.events()).toContain('release.published')
    const { data } = await app.rest.repos.getReleaseByTag({ ...SHOP, tag })
    expect(data).toMatchObject({ draft: false, prerelease: false, assets: [{ name: 'book.pdf', size: 3 }] })
    expect(errors).toEqual([])
  })

  test('an issue is opened, talked about in Markdown and closed', async () => {
    const { page, errors } = await openPage(browser, options)
    await open(page, '/tern/shop/issues/new?title=A+question')
    await page.getByLabel('Text').fill('<img src=x onerror=alert(1)>\n\n- one\n- **two**')
    await page.getByRole('button', { name: 'Open the issue' }).click()
    await page.getByRole('listitem').filter({ hasText: 'two' }).waitFor()
    await expectAccessible(page)
    await page.getByLabel('Comment', { exact: true }).fill('Done.')
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByText('closed', { exact: true }).waitFor()
    await page.goto(`${github.url}/tern/shop/issues?state=closed`)
    expect(await page.getByRole('link', { name: 'A question' }).count()).toBeGreaterThan(0)
    await page.goto(`${github.url}/`)
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Redeliver' }).first().click()
    await page.getByText('again', { exact: true }).first().waitFor()
    for (const path of [
      '/tern/shop',
      '/tern/shop/pulls',
      '/tern/shop/commits',
      '/tern/shop/releases',
      '/tern/shop/issues',
    ]) {
      await page.goto(`${github.url}${path}`)
      await expectAccessible(page)
    }
    expect(errors).toEqual([])
  })
})

test('what somebody may not see is not there, and no address leads away', async () => {
  const closed = await openGitHubWithListener()
  const look = (path: string, login: string) => fetch(`${closed.url}${path}`, { headers: { cookie: `login=${login}` } })
  expect((await look('/tern/shop', 'bob')).status).toBe(404)
  expect((await look('/tern/shop', 'ada')).status).toBe(200)
  expect(await (await look('/', 'bob')).text()).not.toContain('tern/goods')
  const body = new URLSearchParams({ login: 'bob', return_to: '//elsewhere.example' })
  const answer = await fetch(`${closed.url}/login`, { method: 'POST', body, redirect: 'manual' })
  expect(answer.headers.get('location')).toBe('/')
  await closed.close()
})

test('a form is refused in the words of the API, and changes nothing', async () => {
  const form = (path: string, login: string, fields: Record<string, string>) =>
    fetch(`${github.url}/tern/shop/${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { cookie: `login=${login}` },
    })
  const stale = await form('edit/main/catalog/shop.yaml', 'ada', { how: 'commit', sha: 'f'.repeat(40), content: 'x' })
  expect([stale.status, await stale.text()]).toEqual([409, expect.stringContaining('does not match')])
  const bob = await form('edit/main/catalog/shop.yaml', 'bob', { how: 'commit', content: 'x' })
  expect([bob.status, await bob.text()]).toEqual([403, expect.stringContaining('Must have push access')])
  expect(await textAt('catalog/shop.yaml')).toBe('name: Tern\n')
})

async function textAt(path: string): Promise<string> {
  const { data } = await app.rest.repos.getContent({ ...SHOP, path })
  return 'content' in data ? Buffer.from(data.content, 'base64').toString('utf8') : ''
}
const sticker = () => textAt('catalog/products/sticker.yaml')

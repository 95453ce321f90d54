import { createHash } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { asBrowser, smallStorefront } from '../http/open-api.ts'
import { browserByLink } from '../support/desk.ts'
import { FILES } from '../support/files.ts'
import { checksOf, merge, openFollowingShop, openPull, pushTo, quiet, SAMPLE } from '../support/repository.ts'
import { checkOut, openTestShop, pay, readOrder, SHOP_REPOSITORY, type TestShop } from '../support/shop.ts'

// What befalls a shop over the years: it is installed, chosen, closed and opened; files are replaced and lost; releases come.

const GUIDE = 'catalog/assets/guide-pdf.yaml'
const README = { 'README.md': '# Heron\n' }

let shop: TestShop
afterEach(() => shop.close())

const text = (path: string) => SAMPLE[path] ?? ''
const withBytes = (bytes: string | Uint8Array) =>
  text(GUIDE).replace(/sha256: "\w+"/, `sha256: "${createHash('sha256').update(bytes).digest('hex')}"`)
const push = (edit: Record<string, string | null>) => pushTo(shop, { by: 'ada', branch: 'main', edit })
const issues = async () =>
  (await shop.github.as('ada').rest.issues.listForRepo({ ...SHOP_REPOSITORY, state: 'all' })).data
const pulls = async (repo = 'shop') =>
  (await shop.github.as('ada').rest.pulls.list({ owner: 'heron', repo, state: 'all' })).data
const page = (address: string) => fetch(new URL(address, shop.url), { headers: asBrowser })
const install = (action: string, repositories?: string[]) =>
  shop.github.control('installations', { owner: 'heron', action, ...(repositories && { repositories }) })
const facts = async (type: string) => (await shop.store.shopEvents()).filter((fact) => fact.type === type)
async function sweeps(minutes: number) {
  for (let minute = 0; minute < minutes; minute += 1) {
    shop.clock.aheadSeconds += 60
    await quiet(shop)
  }
}
async function buy(price = 'guide/pdf') {
  const { session } = await checkOut(shop, [{ price, quantity: 1 }])
  const back = await pay(shop, session)
  await quiet(shop)
  return { back, order: await readOrder(shop, back) }
}

test('a closed shop says so, sells nothing, and keeps what was bought, after a restart too', async () => {
  await using site = await smallStorefront()
  shop = await openFollowingShop(undefined, { storefront: site.folder })
  expect((await page('/')).status).toBe(200)
  const { order } = await buy()
  const { session } = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }]) // under way when the shop closes
  await install('suspend')
  await quiet(shop)
  const back = await pay(shop, session)
  await quiet(shop)
  const expectClosed = async () => {
    const front = await page('/products/guide/')
    expect([front.status, front.headers.get('retry-after')]).toEqual([503, '300'])
    expect(await front.text()).toMatch(/^<!doctype html><main><h1>The shop is closed/)
    expect((await page('/assets/page.abc123.css')).status).toBe(200)
    const refused = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
    expect([refused.status, refused.detail]).toEqual([503, expect.stringContaining('The shop is closed just now')])
    expect(await (await page(back)).text()).toContain('The Heron Guide')
    expect(await readOrder(shop, back)).toMatchObject({ payment: 'paid', downloads: [{ asset: 'guide-pdf' }] })
    expect(await (await page('/readyz')).text()).toBe('ready; the shop is closed')
    expect((await page(order.downloads[0]?.url ?? '')).status).toBe(503)
  }
  await expectClosed()
  await shop.restart()
  await expectClosed()
  await install('unsuspend')
  await quiet(shop)
  expect((await page('/products/guide/')).status).not.toBe(503)
  expect((await fetch(order.downloads[0]?.url ?? '')).status).toBe(200)
  expect(await readOrder(shop, back)).toMatchObject({ status: 'PAID', payment: 'paid' })
})

test('a file that was replaced is not given from that moment on, and buyers are told within two minutes; approved anew, it is', async () => {
  shop = await openFollowingShop()
  const { order } = await buy()
  const url = order.downloads[0]?.url ?? ''
  expect((await fetch(url)).status).toBe(200)
  const replace = (bytes: Uint8Array) => {
    const place = { repository: 'heron/goods', tag: 'guide-v1', file: 'heron-guide.pdf' }
    return shop.github.control('releases', { ...place, base64: Buffer.from(bytes).toString('base64') })
  }
  await replace(Buffer.from('%PDF-1.7 another guide'))
  expect(await (await fetch(url)).text()).not.toContain('another guide')
  shop.clock.aheadSeconds += 120
  expect((await fetch(url)).status).toBe(503)
  await sweeps(40)
  const mine = async () => (await issues()).filter(({ title }) => title.includes('has changed'))
  expect((await mine()).map(({ state }) => state)).toEqual(['open'])
  expect(await facts('asset.changed')).toHaveLength(1)
  await replace(FILES['heron-guide.pdf'])
  await sweeps(16)
  expect((await mine()).map(({ state }) => state)).toEqual(['closed'])
  expect((await fetch(url)).status).toBe(200)

  const third = Buffer.from('%PDF-1.7 a third guide')
  await replace(third)
  await sweeps(16)
  expect((await fetch(url)).status).toBe(503)
  await push({ [GUIDE]: withBytes(third) })
  await quiet(shop)
  expect(await (await fetch(url)).text()).toBe('%PDF-1.7 a third guide')
  expect((await mine()).map(({ state }) => state)).toEqual(['closed', 'closed'])
})

test('bytes that were swapped after they were approved do not go live; put back, they do', async () => {
  shop = await openFollowingShop()
  const next = Buffer.from('%PDF-1.7 the next guide')
  const publish = (bytes: Uint8Array) => {
    const place = { repository: 'heron/goods', tag: 'guide-v2', file: 'heron-guide.pdf' }
    return shop.github.control('releases', { ...place, base64: Buffer.from(bytes).toString('base64') })
  }
  await publish(next)
  const edit = { [GUIDE]: withBytes(next).replace('guide-v1', 'guide-v2') }
  const number = await openPull(shop, { branch: 'next', edit })
  await quiet(shop)
  expect((await checksOf(shop, number)).at(-1)?.conclusion).toBe('action_required')
  await publish(Buffer.from('%PDF-1.7 the bytes of a thief'))
  await merge(shop, number)
  await quiet(shop)
  const live = async () => (await shop.store.shop()).live?.commit
  const before = await live()
  expect((await shop.store.shop()).refused).toMatchObject({ problems: 1, again: true })
  expect(await facts('asset.approved')).toHaveLength(Object.keys(FILES).length)
  const [issue] = await issues()
  expect([issue?.state, issue?.body]).toEqual(['open', expect.stringContaining('approved was')])
  const { order } = await buy()
  const url = order.downloads[0]?.url ?? ''
  expect(await (await fetch(url)).text()).toBe(FILES['heron-guide.pdf'].toString())
  await sweeps(31)
  expect(await facts('shop.refused')).toHaveLength(1)
  await publish(next)
  await sweeps(16)
  expect(await live()).not.toBe(before)
  expect((await issues()).filter(({ pull_request }) => !pull_request).map(({ state }) => state)).toEqual(['closed'])
  expect(await (await fetch(url)).text()).toBe(next.toString())
})

test.each(['pull-request', 'at-once'])('a release that is published comes into the shop: %s', async (releases) => {
  const asset = withBytes('first').replace('guide-v1', 'guide-v1.0.0').replace(' }', ', version: ^1 }')
  const files = { [GUIDE]: asset, 'catalog/shop.yaml': `${text('catalog/shop.yaml')}releases: ${releases}\n` }
  const published = (tag: string, content: string) => {
    const file = { tag, file: 'heron-guide.pdf', base64: btoa(content) }
    return shop.github.control('releases', { repository: 'heron/goods', ...file })
  }
  shop = await openTestShop({ follow: { files: SAMPLE } })
  await published('guide-v1.0.0', 'first')
  await push(files)
  await quiet(shop)
  const { order } = await buy()
  await shop.github.control('faults', { duplicate: 1, reorder: true })
  await published('guide-v1.1.0', 'second')
  await quiet(shop)
  const [proposed, ...others] = await pulls()
  expect(others).toEqual([])
  expect(Boolean(proposed)).toBe(releases === 'pull-request')
  if (proposed) await merge(shop, proposed.number)
  await quiet(shop)
  expect(await facts('asset.released')).toMatchObject([
    { asset: 'guide-pdf', from: { tag: 'guide-v1.0.0' }, to: { tag: 'guide-v1.1.0' } },
  ])
  await sweeps(16)
  expect(await facts('asset.released')).toHaveLength(1)
  expect(await (await fetch(order.downloads[0]?.url ?? '')).text()).toBe('second')
})

test('the repository of the files taken from the App: one issue, orders stay; given back, all is well', async () => {
  shop = await openFollowingShop()
  const { back, order } = await buy()
  await install('remove', ['heron/goods'])
  await sweeps(35)
  expect((await issues()).map(({ title, state }) => [title, state])).toEqual([
    ['Buyers can not download 3 files', 'open'],
  ])
  expect(shop.parts.shop.isOpen()).toBe(true)
  expect(await readOrder(shop, back)).toMatchObject({ payment: 'paid', downloads: [{ asset: 'guide-pdf' }] })
  await install('add', ['heron/goods'])
  await sweeps(16)
  expect((await issues()).map(({ state }) => state)).toEqual(['closed'])
  expect((await fetch(order.downloads[0]?.url ?? '')).status).toBe(200)
})

test('of several repositories somebody chooses one, which gets one pull request; closed is off, renamed asks again', async () => {
  shop = await openTestShop({ follow: { files: README, others: { site: README, void: {} } } })
  await quiet(shop)
  expect(await shop.store.shop()).not.toHaveProperty('repository')
  const front = await page('/')
  expect([front.status, await front.text()]).toEqual([503, expect.stringContaining('Not open yet')])
  expect(await (await page('/readyz')).text()).toBe('ready; the shop is not open yet')
  const browser = await browserByLink(shop, (address, init) => fetch(new URL(address, shop.url), init))
  const chosen = await browser.post('/desk/repository', { repository: 'heron/site' })
  expect(chosen.status).toBe(303)
  await quiet(shop)
  const [pull] = await pulls('site')
  expect([pull?.state, await pulls('shop')]).toEqual(['open', []])
  const edit = (change: object, number = pull?.number ?? 0) =>
    shop.github.as('ada').rest.pulls.update({ owner: 'heron', repo: 'site', pull_number: number, ...change })
  await edit({ state: 'closed' })
  await sweeps(20)
  expect(await pulls('site')).toHaveLength(1)
  await edit({ title: 'Please, again' })
  await quiet(shop)
  expect((await pulls('site')).map(({ state }) => state).toSorted()).toEqual(['closed', 'open'])
})

test('a repository that was empty gets its pull request after its first commit', async () => {
  shop = await openTestShop({ follow: { files: {} } })
  await quiet(shop)
  expect((await shop.store.shop()).closed).toMatchObject({ reason: 'no-catalog' })
  expect(await pulls()).toEqual([])
  const content = Buffer.from('# Heron\n').toString('base64')
  const readme = { path: 'README.md', message: 'Begin', content }
  await shop.github.as('ada').rest.repos.createOrUpdateFileContents({ ...SHOP_REPOSITORY, ...readme })
  await quiet(shop)
  expect((await pulls()).map(({ state }) => state)).toEqual(['open'])
})

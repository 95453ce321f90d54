import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ShopView } from '../../app/http/buyers/shop-status.ts'
import type { ShopEvent } from '../../app/shop/event.ts'
import { evolveShop, NO_SHOP } from '../../app/shop/shop.ts'
import { type Browser, browserByLink } from '../support/desk.ts'
import { openTestShop, type TestShop } from '../support/shop.ts'
import { form, type Requests, requestsTo } from './open-api.ts'

const at = '2026-03-01T09:00:00.000Z'
const repository = 'heron/shop'
const commit = 'a'.repeat(40)
const FACTS: ShopEvent[] = [
  { type: 'shop.chosen', repository, at },
  { type: 'shop.updated', repository, at, commit, tree: 'b'.repeat(40), by: 'ada' },
  { type: 'shop.refused', repository, at, commit: 'c'.repeat(40), problems: 2 },
]

let shop: TestShop
let ask: Requests
let browser: Browser
beforeAll(async () => {
  shop = await openTestShop()
  ask = requestsTo(shop)
  browser = await browserByLink(shop, ask)
})
afterAll(() => shop.close())

/** Asks a shop with these facts, and no others. */
const askAfter = (events: ShopEvent[], isOpen = true) => {
  const { store, shop: live } = shop.parts
  const shopNow = events.reduce(evolveShop, NO_SHOP)
  return requestsTo(shop, {
    store: { ...store, shop: async () => shopNow, shopEvents: async () => events },
    shop: { ...live, isOpen: () => isOpen },
  })
}
const view = async (ask: Requests) => ShopView.parse(await (await ask('/api/v1/shop')).json())
/** What the browser that is signed in has for its cookie. */
const cookie = () => [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
const page = async (ask: Requests) => (await ask('/desk', { headers: { cookie: cookie() } })).text()

describe('/api/v1/shop', () => {
  it('says which commit is live, and which was refused', async () => {
    expect(await view(askAfter(FACTS))).toEqual({
      name: shop.parts.shop.catalog().shop.name,
      repository,
      open: true,
      live: { commit, tree: 'b'.repeat(40), by: 'ada', at },
      refused: { commit: 'c'.repeat(40), problems: 2, at },
      products: [...shop.parts.shop.catalog().products.values()].filter(({ status }) => status === 'live').length,
    })
  })

  it('says nothing of who and where for what may be private', async () => {
    const hidden = { type: 'shop.updated' as const, repository, at, commit, tree: 't', by: null }
    const answer = await view(askAfter([hidden]))
    expect(answer.live?.by).toBeNull()
    expect(answer).not.toHaveProperty('repository')
  })

  it('says why nothing is sold', async () => {
    const closed = { type: 'shop.closed' as const, repository, at, reason: 'suspended' as const }
    expect(await view(askAfter([...FACTS, closed], false))).toMatchObject({
      open: false,
      closedBecause: 'suspended',
      products: 0,
    })
  })
})

describe('the page for maintainers', () => {
  it('tells nothing to who is not signed in, whatever GitHub says with it', async () => {
    for (const query of ['', '?installation_id=1&setup_action=install']) {
      const answer = await askAfter(FACTS)(`/desk${query}`)
      expect(answer.status).toBe(200)
      const text = await answer.text()
      expect(text).toContain('Open the shop')
      for (const secret of [repository, 'aaaaaaa', 'installation_id']) expect(text).not.toContain(secret)
    }
  })

  it('is kept by nobody and found by nobody', async () => {
    for (const cookies of ['', cookie()]) {
      const { headers } = await ask('/desk', { headers: { cookie: cookies } })
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-robots-tag')).toBe('noindex')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    }
  })

  it('shows what is live, what was refused, and what happened', async () => {
    const text = await page(askAfter(FACTS))
    expect(text).toContain(`${shop.parts.config.GITHUB_URL}/${repository}/commit/${commit}`)
    expect(text).toContain('has 2 mistakes')
    expect(text).toMatch(/went live,\s+by ada/)
    expect(text).toContain('1 March 2026 at 09:00')
    expect(text).toContain('never')
    expect(text).toMatch(/Work waiting<\/dt><dd>\d+ due, \d+ for later<\/dd>\s*<dt>Stuck<\/dt><dd>none<\/dd>/)
  })

  it.each([
    ['suspended', 'unsuspend'],
    ['not-installed', 'Install it again'],
    ['no-catalog', 'Open the shop'],
  ] as const)('says what to do when it is closed because %s', async (reason, words) => {
    expect(await page(askAfter([...FACTS, { type: 'shop.closed', repository, at, reason }], false))).toContain(words)
  })

  it('shows the last twenty facts, and no more', async () => {
    const many = Array.from({ length: 30 }, () => FACTS).flat()
    expect((await page(askAfter(many))).match(/<li>/g)).toHaveLength(20)
  })
})

describe('choosing a repository', () => {
  let shop: TestShop
  beforeAll(async () => {
    shop = await openTestShop({
      follow: { files: { 'README.md': '# Heron' }, others: { tools: { 'README.md': '# Tools' } } },
    })
    browser = await browserByLink(shop, requestsTo(shop))
  })
  afterAll(() => shop.close())
  const githubApp = (repositories: () => Promise<string[]>) => ({ ...shop.parts.githubApp, repositories })
  const two = async () => ['heron/<shop>', 'heron/goods']
  const ours = { 'sec-fetch-site': 'same-origin' }
  const post = (ask: Requests, fields: Record<string, string>, headers: Record<string, string> = ours) =>
    ask('/desk/repository', form(fields, { cookie: cookie(), ...headers }))

  it('is offered where none is, from those that the App may enter', async () => {
    const text = await page(requestsTo(shop, { githubApp: githubApp(two) }))
    expect(text).toContain('value="heron/goods"')
    expect(text).toContain('heron/&lt;shop&gt;')
    const none = await page(requestsTo(shop, { githubApp: githubApp(async () => []) }))
    expect(none).toContain('installed nowhere')
  })

  it('is not offered while GitHub is away, and the page is there all the same', async () => {
    const away = githubApp(() => Promise.reject(new Error('away')))
    expect(await page(requestsTo(shop, { githubApp: away }))).toContain('GitHub does not answer')
  })

  it('is not offered once something is live', async () => {
    expect(await page(askAfter(FACTS))).not.toContain('/desk/repository')
  })

  it('needs a maintainer, the page itself, and one of the repositories', async () => {
    const ask = requestsTo(shop, { githubApp: githubApp(two) })
    const repository = 'heron/goods'
    expect((await post(ask, { repository }, { ...ours, cookie: '' })).status).toBe(401)
    expect((await post(ask, { repository }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await post(ask, { repository }, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await post(ask, { repository }, {})).status).toBe(403)
    expect((await post(ask, { repository: 'eve/shop' })).status).toBe(422)
    expect((await post(ask, { repository: 'x'.repeat(5000) })).status).toBe(413)
    expect((await shop.store.shop()).repository).toBeUndefined()
  })

  it('is recorded, and causes the job to find the shop', async () => {
    const ask = requestsTo(shop, { githubApp: githubApp(two) })
    const answer = await post(ask, { repository: 'heron/goods' }, { origin: shop.url })
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe('/desk')
    expect(await shop.store.shop()).toMatchObject({ repository: 'heron/goods' })
    expect(await shop.store.job('find-shop')).toBeDefined()
    expect(await shop.store.job('refresh-shop')).toBeDefined()
  })
})

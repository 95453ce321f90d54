import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ShopView } from '../../app/http/buyers/shop-status.ts'
import { deskUrl } from '../../app/link.ts'
import type { ShopEvent } from '../../app/shop/event.ts'
import { evolveShop, NO_SHOP } from '../../app/shop/shop.ts'
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
let key: string
beforeAll(async () => {
  shop = await openTestShop()
  ask = requestsTo(shop)
  key = new URL(deskUrl(shop.parts.config)).searchParams.get('key') ?? ''
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
const page = async (ask: Requests) => (await ask(`/desk?key=${key}`)).text()

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
  it('tells nothing without a key, whatever GitHub says with it', async () => {
    for (const query of ['', '?installation_id=1&setup_action=install']) {
      const answer = await askAfter(FACTS)(`/desk${query}`)
      expect(answer.status).toBe(200)
      const text = await answer.text()
      expect(text).toContain('Open the shop')
      for (const secret of [repository, 'aaaaaaa', key, 'installation_id']) expect(text).not.toContain(secret)
    }
  })

  it('is kept by nobody and found by nobody', async () => {
    for (const address of ['/desk', `/desk?key=${key}`]) {
      const { headers } = await ask(address)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-robots-tag')).toBe('noindex')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    }
  })

  it('opens to its key alone, and makes who guesses wait', async () => {
    const fresh = requestsTo(shop)
    expect((await fresh(`/desk?key=${key}`)).status).toBe(200)
    const guesses: number[] = []
    for (let guess = 0; guess < 25; guess += 1) guesses.push((await fresh(`/desk?key=${guess}`)).status)
    expect(guesses.slice(0, 20)).toEqual(Array(20).fill(404))
    expect(guesses.at(-1)).toBe(429)
    expect((await fresh('/desk?key=')).status).toBe(429)
  })

  it('shows what is live, what was refused, and what happened', async () => {
    const text = await page(askAfter(FACTS))
    expect(text).toContain(`${shop.parts.config.GITHUB_URL}/${repository}/commit/${commit}`)
    expect(text).toContain('has 2 mistakes')
    expect(text).toMatch(/went live,\s+by ada/)
    expect(text).toContain('1 March 2026 at 09:00')
    expect(text).toContain('never')
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
    key = new URL(deskUrl(shop.parts.config)).searchParams.get('key') ?? ''
  })
  afterAll(() => shop.close())
  const githubApp = (repositories: () => Promise<string[]>) => ({ ...shop.parts.githubApp, repositories })
  const two = async () => ['heron/<shop>', 'heron/goods']
  const ours = { 'sec-fetch-site': 'same-origin' }
  const post = (ask: Requests, fields: Record<string, string>, headers: Record<string, string> = ours) =>
    ask('/desk/repository', form(fields, headers))

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
    expect(await page(askAfter(FACTS))).not.toContain('<form')
  })

  it('needs the key, the page itself, and one of the repositories', async () => {
    const ask = requestsTo(shop, { githubApp: githubApp(two) })
    const repository = 'heron/goods'
    expect((await post(ask, { key: 'x', repository })).status).toBe(404)
    expect((await post(ask, { key, repository }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await post(ask, { key, repository }, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await post(ask, { key, repository }, {})).status).toBe(403)
    expect((await post(ask, { key, repository: 'eve/shop' })).status).toBe(422)
    expect((await post(ask, { key, repository: 'x'.repeat(5000) })).status).toBe(413)
    expect((await shop.store.shop()).repository).toBeUndefined()
  })

  it('is recorded, and causes the job to find the shop', async () => {
    const ask = requestsTo(shop, { githubApp: githubApp(two) })
    const answer = await post(ask, { key, repository: 'heron/goods' }, { origin: shop.url })
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe(deskUrl(shop.parts.config))
    expect(await shop.store.shop()).toMatchObject({ repository: 'heron/goods' })
    expect(await shop.store.job('find-shop')).toBeDefined()
    expect(await shop.store.job('refresh-shop')).toBeDefined()
  })
})

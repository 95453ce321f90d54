import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttp } from '../../app/http/api.ts'
import { UNTRUSTED_PROXY } from '../../app/http/limit.ts'
import { closeServer, listen } from '../../app/http/server.ts'
import { orderKey } from '../../app/link.ts'
import { createNotices } from '../../app/log.ts'
import { memoryLimiter } from '../../app/store/limits.ts'
import { browserByLink } from '../support/desk.ts'
import { checkOut, openTestShop, type TestShop } from '../support/shop.ts'
import { configOf, form, json, requestsTo } from './open-api.ts'

let shop: TestShop
beforeAll(async () => {
  shop = await openTestShop()
})
afterAll(() => shop.close())

describe('who is asking', () => {
  const lines = json({ lines: [{ price: 'guide/pdf', quantity: 1 }] })
  /** How many of these, each said to come from another address, are let through when each address has one try. */
  async function letThrough(TRUSTED_PROXIES: number, forwarded: string[]): Promise<number> {
    const limited = requestsTo(shop, { config: { CHECKOUTS_PER_MINUTE_PER_ADDRESS: 1, TRUSTED_PROXIES } })
    const statuses: number[] = []
    for (const value of forwarded) {
      const headers = { ...lines.headers, 'x-forwarded-for': value } as Record<string, string>
      statuses.push((await limited('/api/v1/checkouts', { ...lines, headers })).status)
    }
    return statuses.filter((status) => status !== 429).length
  }
  test('is not what a stranger writes into a header', async () => {
    expect(await letThrough(0, ['1.1.1.1', '2.2.2.2', '3.3.3.3'])).toBe(1)
  })
  test('is what our own proxy says, and not what the stranger wrote before it', async () => {
    expect(await letThrough(1, ['1.1.1.1', '2.2.2.2', '3.3.3.3'])).toBe(3)
    expect(await letThrough(1, ['1.1.1.1, 9.9.9.9', '2.2.2.2, 9.9.9.9', '9.9.9.9'])).toBe(1)
    expect(await letThrough(2, ['1.1.1.1, 9.9.9.9, 8.8.8.8', '2.2.2.2, 9.9.9.9, 7.7.7.7'])).toBe(1)
  })
  test('is the connection, when there are fewer proxies than were promised', async () => {
    expect(await letThrough(2, ['1.1.1.1', '2.2.2.2'])).toBe(1)
  })
  /** How many of these are let through on a real connection, which comes from 127.0.0.1. */
  async function letThroughFrom(TRUSTED_PROXIES: string, forwarded: readonly (string | undefined)[]) {
    const { TRUSTED_PROXIES: proxies } = configOf({ TRUSTED_PROXIES })
    const config = { ...shop.parts.config, CHECKOUTS_PER_MINUTE_PER_ADDRESS: 1, TRUSTED_PROXIES: proxies }
    const store = { ...shop.parts.store, limiter: memoryLimiter }
    const server = await listen({ PORT: 0, HOST: '127.0.0.1' }, createHttp({ ...shop.parts, store, config }).fetch)
    const { port } = server.address() as { port: number }
    const statuses: number[] = []
    for (const value of forwarded) {
      const headers = { ...lines.headers, ...(value && { 'x-forwarded-for': value }) } as Record<string, string>
      statuses.push((await fetch(`http://127.0.0.1:${port}/api/v1/checkouts`, { ...lines, headers })).status)
    }
    await closeServer(server, 0)
    return statuses.filter((status) => status !== 429).length
  }
  test('is the address of the connection', async () => {
    expect(await letThroughFrom('0', [undefined, undefined])).toBe(1)
  })
  test('is what proxies say that are named, and not who comes past them', async () => {
    const strangers = ['1.1.1.1', '2.2.2.2', '3.3.3.3']
    expect(await letThroughFrom('127.0.0.1', strangers)).toBe(3)
    expect(await letThroughFrom('10.0.0.0/8', strangers)).toBe(1)
    expect(
      await letThroughFrom(
        '127.0.0.0/8, 10.0.0.0/8',
        strangers.map((one) => `8.8.8.8, ${one}, 10.1.2.3`),
      ),
    ).toBe(3)
    expect(
      await letThroughFrom(
        '127.0.0.1',
        strangers.map((one) => `${one}, 9.9.9.9:1234`),
      ),
    ).toBe(1)
    expect(await letThroughFrom('127.0.0.1', ['::ffff:9.9.9.9', '9.9.9.9'])).toBe(1)
    expect(await letThroughFrom('::1, 127.0.0.1', ['127.0.0.1', undefined])).toBe(1)
  })
  test('is said to be unknown where a proxy stands in front that nobody named', async () => {
    const notices = createNotices(shop.parts.log)
    const ask = requestsTo(shop, { notices })
    const ready = async () => (await (await ask('/readyz')).text()).split('\n').slice(1)
    expect(await ready()).toEqual([])
    await ask('/', { headers: { 'x-forwarded-for': '1.1.1.1' } })
    expect(await ready()).toEqual([UNTRUSTED_PROXY])
    const browser = await browserByLink(shop, async (address, init) => ask(address, init))
    expect(await (await browser.go('/desk')).text()).toContain(UNTRUSTED_PROXY.slice(0, 40))
    const named = requestsTo(shop, {
      notices: createNotices(shop.parts.log),
      config: configOf({ TRUSTED_PROXIES: '::1' }),
    })
    await named('/', { headers: { 'x-forwarded-for': '1.1.1.1' } })
    expect(await (await named('/readyz')).text()).not.toContain('TRUSTED_PROXIES')
  })
})

describe('pages of orders that wait for their payment', () => {
  const guide = [{ price: 'guide/pdf', quantity: 1 }]
  /** How often Stripe is asked. */
  async function calls(work: () => Promise<unknown>): Promise<number> {
    let count = 0
    const counted = () => {
      count += 1
    }
    shop.parts.stripe.on('request', counted)
    await work()
    shop.parts.stripe.off('request', counted)
    return count
  }
  test('ask Stripe thirty times a minute for one address, and say what is known', async () => {
    const sales: { order: `ord_${string}` }[] = []
    for (let n = 0; n < 32; n += 1) sales.push(await checkOut(shop, guide))
    const ask = requestsTo(shop, { config: { TRUSTED_PROXIES: 1 } })
    const page = (order: `ord_${string}`, address: string) =>
      ask(`/api/v1/orders/${order}?key=${orderKey(shop.parts.config, order)}`, {
        headers: { 'x-forwarded-for': address },
      })
    const statuses = new Set<number>()
    const made = await calls(async () => {
      for (const { order } of sales) statuses.add((await page(order, '9.9.9.9')).status)
    })
    expect([...statuses]).toEqual([200])
    expect(made).toBe(30)
    shop.clock.aheadSeconds += 3
    expect(await calls(() => page(sales[31]?.order ?? 'ord_', '8.8.8.8'))).toBe(1)
    const all = await calls(async () => {
      shop.clock.aheadSeconds += 3
      for (let n = 0; n < 310; n += 1) {
        if (n % 32 === 0) shop.clock.aheadSeconds += 3
        await page(sales[n % 32]?.order ?? 'ord_', `7.7.7.${n % 200}`)
      }
    })
    expect(all).toBeLessThanOrEqual(300)
  })
})

const guide = { price: 'guide/pdf', quantity: 1 }
const CHECKOUTS = '/api/v1/checkouts'
const from = (address: string, headers: Record<string, string> = {}) => ({ 'x-forwarded-for': address, ...headers })
/** A shop behind a proxy, with the limits that a shop has by itself. */
const strict = (config: object = {}) =>
  requestsTo(shop, {
    config: { TRUSTED_PROXIES: 1, CHECKOUTS_PER_MINUTE_PER_ADDRESS: 10, UNPAID_PIECES_PER_ADDRESS: 3, ...config },
  })
type Started = { order: `ord_${string}`; url: string; detail: string }
async function startAt(ask: ReturnType<typeof strict>, address: string, cart: object, headers = {}) {
  const answer = await ask(CHECKOUTS, json(cart, from(address, headers)))
  return { status: answer.status, ...((await answer.json()) as Started) }
}

describe('carts that come to nothing', () => {
  test('use up no checkouts, of an address or of all', async () => {
    const ask = strict({ CHECKOUTS_PER_MINUTE: 30 })
    for (const cart of [{ lines: [] }, { lines: [{ price: 'old-mug', quantity: 1 }] }, 'no JSON']) {
      for (let n = 0; n < 60; n += 1) {
        const { status } = await ask(CHECKOUTS, json(cart, from(`6.6.${n % 30}.1`)))
        expect([400, 422]).toContain(status)
      }
    }
    for (let n = 0; n < 60; n += 1) {
      await ask(`/orders/ord_${'0'.repeat(24)}/retry?key=x`, { method: 'POST', headers: from(`6.6.${n % 30}.1`) })
    }
    for (const address of ['6.6.1.1', '5.5.5.5']) {
      expect((await startAt(ask, address, { lines: [guide] })).status).toBe(201)
    }
  })
  test('and in a rush, who is new goes on: only networks that start many have to wait', async () => {
    const ask = strict({ CHECKOUTS_PER_MINUTE: 20, CHECKOUTS_PER_MINUTE_PER_ADDRESS: 4 })
    const statuses: number[] = []
    for (let n = 0; n < 40; n += 1) statuses.push((await startAt(ask, `6.6.6.${n}`, { lines: [guide] })).status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(20)
    expect((await startAt(ask, '5.5.5.5', { lines: [guide] })).status).toBe(201)
    expect((await startAt(ask, '2001:db8:1:1::1', { lines: [guide] })).status).toBe(201)
    const ofOneSite = []
    for (let n = 0; n < 5; n += 1) ofOneSite.push((await startAt(ask, `2001:db8:2:${n}::1`, { lines: [guide] })).status)
    expect(ofOneSite).toEqual([201, 201, 429, 429, 429])
  })
})

describe('orders that cost nothing', () => {
  const sampler = [{ price: 'sampler', quantity: 1 }]
  test('are mailed to one mailbox five times a day, however it is spelled, and to another', async () => {
    const ask = strict()
    const statuses: number[] = []
    for (let n = 0; n < 40; n += 1) {
      const email = ['victim@example.org', 'Victim@Example.org', `victim+${n}@example.org`, 'v.ictim@example.org'][
        n % 4
      ]
      statuses.push((await startAt(ask, `4.4.${n}.4`, { lines: sampler, email })).status)
    }
    expect(statuses.filter((status) => status === 201)).toHaveLength(5)
    const refused = await startAt(ask, '4.4.4.4', { lines: sampler, email: 'victim@example.org' })
    expect(refused).toMatchObject({ status: 429, detail: expect.stringContaining('Enough was sent') })
    expect((await startAt(ask, '4.4.4.4', { lines: sampler, email: 'other@example.org' })).status).toBe(201)
  })
  test.each([
    ['another origin', { origin: 'https://evil.example' }, 403],
    ['another origin, that says nothing of itself', { origin: 'null', 'sec-fetch-site': 'cross-site' }, 403],
    ['our own page', { origin: 'null', 'sec-fetch-site': 'same-origin' }, 303],
    ['a program', {}, 303],
  ])('and are taken from %s or not', async (_, headers, status) => {
    const fields = { price: 'sampler', quantity: '1', email: `${randomUUID()}@example.org` }
    expect((await strict()(CHECKOUTS, form(fields, headers as Record<string, string>))).status).toBe(status)
    const paid = await strict()(CHECKOUTS, json({ lines: [guide] }, headers as Record<string, string>))
    expect(paid.status).toBe(status === 303 ? 201 : 403)
  })
  test('are shown to the browser that asked, for the same cart and mailbox, and to no other with its key', async () => {
    const ask = strict()
    const cart = { lines: sampler, email: 'mira@example.org' }
    const mine = { 'idempotency-key': randomUUID(), 'browser-key': randomUUID() }
    const first = await startAt(ask, '3.3.3.3', cart, mine)
    expect((await startAt(ask, '2.2.2.2', cart, mine)).url).toBe(first.url)
    const key = { 'idempotency-key': mine['idempotency-key'] }
    const others = [
      await startAt(ask, '3.3.3.3', cart, { ...key, 'browser-key': randomUUID() }),
      await startAt(ask, '3.3.3.3', cart, key),
      await startAt(ask, '1.1.1.1', cart, key),
    ]
    for (const other of others) expect([other.status, other.order === first.order]).toEqual([201, false])
    const elsewhere = await startAt(ask, '3.3.3.3', { ...cart, email: 'eve@example.org' }, mine)
    expect([elsewhere.status, elsewhere.url]).toEqual([409, undefined])
  })
})

test('an unpaid order is given up for another one by the browser that began it, and by no other', async () => {
  const ask = strict()
  const mine = { 'idempotency-key': randomUUID(), 'browser-key': randomUUID() }
  const { order } = await startAt(ask, '3.3.3.3', { lines: [guide] }, mine)
  const replacing = { lines: [{ price: 'guide/epub', quantity: 1 }], replaces: mine['idempotency-key'] }
  const canceled = async () => (await shop.store.order(order))?.canceled?.reason
  for (const headers of [{}, { 'browser-key': randomUUID() }]) await startAt(ask, '1.1.1.1', replacing, headers)
  expect(await canceled()).toBeUndefined()
  await startAt(ask, '3.3.3.3', replacing, { 'browser-key': mine['browser-key'] })
  expect(await canceled()).toBe('replaced')
})

describe('limited stock', () => {
  const stickers = (quantity: number) => ({ lines: [{ price: 'sticker', quantity }], shipTo: 'DE' })
  const expire = async () => {
    await shop.stripe.control('advance', { seconds: 40 * 60 })
    await shop.work()
  }
  test('is not taken by one order, nor by one address, that does not pay; each time it leaves more to others', async () => {
    const ask = strict()
    expect(await startAt(ask, '3.3.3.3', stickers(5))).toMatchObject({
      status: 422,
      detail: 'At most 3 of Sticker can be bought at once just now.',
    })
    const tries = await Promise.all([3, 1, 2, 1].map((quantity) => startAt(ask, '3.3.3.3', stickers(quantity))))
    expect(tries.map(({ status }) => status)).toEqual([201, 422, 422, 422])
    expect(tries[1]?.detail).toContain('3 of Sticker wait to be paid by you')
    expect((await startAt(ask, '1.1.1.1', stickers(1))).status).toBe(201)
    await expire()
    expect((await startAt(ask, '3.3.3.3', stickers(3))).detail).toBe(
      'At most 2 of Sticker can be bought at once just now.',
    )
    expect((await startAt(ask, '3.3.3.3', stickers(2))).status).toBe(201)
    await expire()
    expect((await startAt(ask, '3.3.3.3', stickers(2))).detail).toContain('At most 1 of Sticker')
    expect((await startAt(ask, '1.1.1.2', stickers(3))).status).toBe(201)
    await expire()
  })
  test('that was paid for is no longer counted as held', async () => {
    const ask = strict()
    const { url } = await startAt(ask, '9.9.9.8', stickers(2))
    await shop.stripe.control(`sessions/${url.split('/').at(-1)}/pay`, {
      outcome: 'pay',
      email: 'a@b.org',
      country: 'DE',
    })
    await shop.work()
    expect((await startAt(ask, '9.9.9.8', stickers(2))).status).toBe(201)
  })
})

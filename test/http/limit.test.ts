import { serve } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttp } from '../../app/http/api.ts'
import { orderKey } from '../../app/link.ts'
import { checkOut, openTestShop, type TestShop } from '../support/shop.ts'
import { json, requestsTo } from './open-api.ts'

let shop: TestShop
beforeAll(async () => {
  shop = await openTestShop()
})
afterAll(() => shop.close())

describe('who is asking', () => {
  const lines = json({ lines: [] })
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
  test('is the address of the connection', async () => {
    const config = { ...shop.parts.config, CHECKOUTS_PER_MINUTE_PER_ADDRESS: 1 }
    const server = serve({ fetch: createHttp({ ...shop.parts, config }).fetch, port: 0, hostname: '127.0.0.1' })
    await new Promise((done) => server.once('listening', done))
    const { port } = server.address() as { port: number }
    const ask = async () => (await fetch(`http://127.0.0.1:${port}/api/v1/checkouts`, lines)).status
    expect([await ask(), await ask()]).toEqual([422, 429])
    await new Promise((done) => server.close(done))
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
    for (let n = 0; n < 40; n += 1) sales.push(await checkOut(shop, guide))
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
    expect(await calls(() => page(sales[39]?.order ?? 'ord_', '8.8.8.8'))).toBe(1)
    const all = await calls(async () => {
      shop.clock.aheadSeconds += 3
      for (let n = 0; n < 400; n += 1) {
        if (n % 40 === 0) shop.clock.aheadSeconds += 3
        await page(sales[n % 40]?.order ?? 'ord_', `7.7.7.${n % 200}`)
      }
    })
    expect(all).toBeLessThanOrEqual(300)
  })
})

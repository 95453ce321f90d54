import { serve } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttp } from '../../app/http/api.ts'
import { openTestShop, type TestShop } from '../support/shop.ts'
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

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttp } from '../../app/http/api.ts'
import { UNTRUSTED_PROXY } from '../../app/http/limit.ts'
import { closeServer, listen } from '../../app/http/server.ts'
import { createNotices } from '../../app/log.ts'
import { memoryLimiter } from '../../app/store/limits.ts'
import { openTestShop, type TestShop } from '../support/shop.ts'
import { configOf, json, requestsTo } from './open-api.ts'

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
    const named = requestsTo(shop, {
      notices: createNotices(shop.parts.log),
      config: configOf({ TRUSTED_PROXIES: '::1' }),
    })
    await named('/', { headers: { 'x-forwarded-for': '1.1.1.1' } })
    expect(await (await named('/readyz')).text()).not.toContain('TRUSTED_PROXIES')
  })
})

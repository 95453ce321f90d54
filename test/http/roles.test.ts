import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Config } from '../../app/config.ts'
import { openTestShop, type TestShop } from '../support/shop.ts'
import { asBrowser, json, requestsTo, smallStorefront } from './open-api.ts'

let shop: TestShop
let site: Awaited<ReturnType<typeof smallStorefront>>
beforeAll(async () => {
  site = await smallStorefront()
  shop = await openTestShop({ storefront: site.folder })
})
afterAll(async () => {
  await shop.close()
  await site[Symbol.asyncDispose]()
})

/** An address of each role, and what it answers where it is served. */
const ADDRESSES = {
  web: { '/': 200, '/api/v1/shop': 200, '/desk': 200, '/docs': 200, '/openapi.json': 200 },
  webhooks: { '/webhooks/stripe': 400, '/webhooks/github': 401 },
  downloads: { '/downloads/ord_0/guide': 404 },
  worker: {},
}
type Role = keyof typeof ADDRESSES
const ROLES = Object.keys(ADDRESSES) as Role[]

test.each(ROLES)(
  'a process that does %s serves the routes of that and no others, and always says how it is',
  async (role) => {
    const request = requestsTo(shop, { config: { TAGSALE_ROLES: [role] as Config['TAGSALE_ROLES'] } })
    for (const one of ROLES) {
      for (const [path, status] of Object.entries(ADDRESSES[one])) {
        const answer = await request(path, one === 'webhooks' ? json({}) : {})
        const title = answer.headers.get('content-type')?.includes('json') ? (await answer.json()).title : undefined
        if (one === role) expect([answer.status, title], path).not.toEqual([404, 'Nothing here'])
        else expect([answer.status, title], path).toEqual([404, 'Nothing here'])
        if (one === role) expect(answer.status, path).toBe(status)
      }
    }
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await request(path)).status, path).toBe(200)
  },
)

test('what another process serves is a page in a browser', async () => {
  const request = requestsTo(shop, { config: { TAGSALE_ROLES: ['webhooks'] } })
  const answer = await request('/products/guide/', { headers: asBrowser })
  expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('Not here')])
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttp } from '../../app/http/api.ts'
import { OrderView } from '../../app/http/buyers/order-view.ts'
import { downloadUrl, orderKey } from '../../app/link.ts'
import { checkOut, openTestShop, pay, type TestShop } from '../support/shop.ts'
import { asBrowser, configOf, form, type Requests, requestsTo, smallStorefront } from './open-api.ts'

let shop: TestShop
let storefront: Awaited<ReturnType<typeof smallStorefront>>
let ask: Requests
let order: `ord_${string}`
let query: string
beforeAll(async () => {
  storefront = await smallStorefront()
  shop = await openTestShop({ storefront: storefront.folder })
  const lines = [
    { price: 'guide/both', quantity: 1 },
    { price: 'sticker', quantity: 2 },
  ]
  const sale = await checkOut(shop, lines, { shipTo: 'DE' })
  await pay(shop, sale.session)
  await shop.work()
  order = sale.order
  query = `key=${orderKey(shop.parts.config, order)}`
  ask = requestsTo(shop)
})
afterAll(async () => {
  await shop.close()
  await storefront[Symbol.asyncDispose]()
})

const policyOf = (answer: Response) =>
  Object.fromEntries(
    (answer.headers.get('content-security-policy') ?? '').split('; ').map((one) => {
      const [name = '', ...sources] = one.split(' ')
      return [name, sources.join(' ')]
    }),
  )

describe('what every answer carries', () => {
  const addresses = () => ['/', '/nothing', `/orders/${order}?${query}`, `/api/v1/orders/${order}?${query}`, '/docs']
  test('is a policy that runs nothing but our own scripts, in nobody else’s frame', async () => {
    for (const address of addresses()) {
      const answer = await ask(address, { headers: asBrowser })
      expect(policyOf(answer), address).toEqual({
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': "'self'",
        'img-src': "'self'",
        'connect-src': "'self'",
        'manifest-src': "'self'",
        'form-action': `'self' ${shop.stripe.url}`,
        'frame-ancestors': "'none'",
        'base-uri': "'none'",
      })
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      expect(answer.headers.get('x-frame-options')).toBe('DENY')
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
      expect(answer.headers.get('permissions-policy')).toContain('payment=()')
      expect(answer.headers.get('strict-transport-security')).toBeNull()
    }
  })
  test('lets forms lead to Stripe, and asks for https, where money is real', async () => {
    const answer = await requestsTo(shop, { config: configOf() })('/')
    expect(policyOf(answer)['form-action']).toBe("'self' https://checkout.stripe.com")
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000')
    const ownPage = { ...configOf(), STRIPE_CHECKOUT_URL: 'https://pay.example.org' }
    const own = await requestsTo(shop, { config: ownPage })('/')
    expect(policyOf(own)['form-action']).toBe("'self' https://checkout.stripe.com https://pay.example.org")
  })
  test('is the id of the request: the one that was given, if it is one', async () => {
    expect((await ask('/healthz', { headers: { 'x-request-id': 'abc-123' } })).headers.get('x-request-id')).toBe(
      'abc-123',
    )
    const odd = await ask('/healthz', { headers: { 'x-request-id': 'a"}\\n,{"b' } })
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })
  test('is nothing that an error page could run', async () => {
    const page = await (await ask('/orders/%3Cscript%3Ealert(1)%3C/script%3E?key=x', { headers: asBrowser })).text()
    expect(page).not.toContain('<script')
    const bad = await (
      await ask('/api/v1/checkouts', form({ price: '<img src=x onerror=alert(1)>' }, asBrowser))
    ).text()
    expect(bad).not.toContain('<img')
  })
})

describe('other origins', () => {
  const asking = (origin: string, method = 'GET') => ({
    method,
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
  })
  const allowed = (answer: Response) => answer.headers.get('access-control-allow-origin')
  const pages = { STOREFRONT_URL: 'https://heron.github.io/shop' }

  test('may use the API only from where the storefront is', async () => {
    const elsewhere = requestsTo(shop, { config: pages })
    const read = await elsewhere(`/api/v1/orders/${order}?${query}`, asking('https://heron.github.io'))
    expect(allowed(read)).toBe('https://heron.github.io')
    const before = await elsewhere('/api/v1/checkouts', asking('https://heron.github.io', 'OPTIONS'))
    expect([before.status, allowed(before)]).toEqual([204, 'https://heron.github.io'])
    expect(before.headers.get('access-control-allow-headers')).toBe('content-type,idempotency-key,browser-key')
    for (const origin of ['https://evil.example', 'null', 'https://heron.github.io.evil.example']) {
      expect(allowed(await elsewhere('/api/v1/checkouts', asking(origin, 'OPTIONS')))).not.toBe(origin)
    }
    expect(before.headers.get('access-control-allow-credentials')).toBeNull()
  })
  test('may not read pages, webhooks or numbers at all', async () => {
    const elsewhere = requestsTo(shop, { config: pages })
    for (const address of ['/', `/orders/${order}?${query}`, '/webhooks/stripe', '/metrics', '/healthz'])
      expect(allowed(await elsewhere(address, asking('https://heron.github.io'))), address).toBeNull()
  })
})

describe('the order, as its buyer sees it', () => {
  test('has the documented shape, and nothing else', async () => {
    const answer = await ask(`/api/v1/orders/${order}?${query}`)
    const body = await answer.json()
    expect(OrderView.strict().parse(body)).toEqual(body)
    expect(body).toMatchObject({
      order,
      lines: [
        { price: 'guide/both', quantity: 1, unitAmount: '24.00', amount: '24.00' },
        { price: 'sticker', quantity: 2, unitAmount: '3.00', amount: '6.00' },
      ],
      subtotal: '30.00',
      shipping: '3.50',
      total: '33.50',
      refunded: '0.00',
      parcel: { status: 'to be packed', lines: ['2 × Sticker'] },
      receipt: 'sent',
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
  test('says nothing of who bought it', async () => {
    for (const address of [
      `/api/v1/orders/${order}?${query}`,
      `/orders/${order}?${query}`,
      `/thanks?order=${order}&${query}`,
    ]) {
      const answer = await ask(address)
      expect(answer.status).toBe(200)
      expect(await answer.text()).not.toMatch(/mira|example\.org\b.*@/i)
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
  })
  test('is the same page for thanks and for later, in the shop’s own frame', async () => {
    const pages = [`/orders/${order}?${query}`, `/thanks?order=${order}&${query}&checkout=cs_other`].map(
      async (address) => (await ask(address)).text(),
    )
    const [later = '', thanks = ''] = await Promise.all(pages)
    const signature = /signature=[\w-]+|expires=\d+/g
    const bare = (page: string) => page.replace('<title>Thanks</title>', '').replace(signature, '')
    expect(bare(thanks)).toBe(bare(later))
    expect(thanks).toMatch(
      /^<!doctype html><title>Thanks<\/title><main><article class="order" [^>]*data-state="paid" >/,
    )
  })
  test('answers HEAD as it answers GET, without a body', async () => {
    for (const address of [`/api/v1/orders/${order}?${query}`, `/orders/${order}?${query}`, '/', '/healthz']) {
      const [get, head] = await Promise.all([ask(address), ask(address, { method: 'HEAD' })])
      expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([
        get.status,
        get.headers.get('content-type'),
        '',
      ])
    }
  })
})

test('a form is answered with a redirect to the payment page, and one that costs nothing with the order itself', async () => {
  const fields = { price: 'guide/pdf', quantity: '', amount: '', currency: 'usd', shipTo: '', email: '' }
  const answer = await ask('/api/v1/checkouts', form(fields))
  expect(answer.status).toBe(303)
  const session = answer.headers.get('location')?.split('/').at(-1) ?? ''
  expect(await shop.stripe.api.checkout.sessions.retrieve(session)).toMatchObject({
    amount_total: 2100,
    currency: 'usd',
  })
  const free = await ask('/api/v1/checkouts', form({ price: 'sampler', email: 'mira@example.org' }))
  expect([free.status, free.headers.get('location')]).toEqual([
    303,
    expect.stringMatching(/\/thanks\?order=ord_\w{24}&key=/),
  ])
})

test('trying again keeps the price that the buyer chose', async () => {
  const sale = await checkOut(shop, [{ price: 'support', quantity: 1, amount: '4.00' }])
  await pay(shop, sale.session, { outcome: 'async' })
  await shop.stripe.control(`sessions/${sale.session}/settle`, { ok: false })
  await shop.work()
  const key = orderKey(shop.parts.config, sale.order)
  const again = await ask(`/orders/${sale.order}/retry?key=${key}`, { method: 'POST' })
  expect(again.status).toBe(303)
  const session = again.headers.get('location')?.split('/').at(-1) ?? ''
  expect((await shop.stripe.api.checkout.sessions.retrieve(session)).amount_total).toBe(400)
})

describe('the storefront', () => {
  test('is asked for anew each time, but for what has a hash in its name', async () => {
    expect((await ask('/')).headers.get('cache-control')).toBe('no-cache')
    const css = await ask('/assets/page.abc123.css')
    expect(css.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  })
  test('is packed for who can unpack it, and has its length', async () => {
    const packed = await ask('/long/', { headers: { 'accept-encoding': 'br, gzip;q=0.5' } })
    const { length } = Buffer.from(await packed.arrayBuffer())
    expect(Object.fromEntries(packed.headers)).toMatchObject({
      ...{ 'content-encoding': 'gzip', 'content-length': `${length}`, vary: 'Accept-Encoding' },
    })
    const plain = await ask('/long/', { headers: { 'accept-encoding': 'gzip;q=0' } })
    expect([(await plain.text()).length > length, plain.headers.get('content-encoding')]).toEqual([true, null])
    expect(packed.headers.get('etag')).toBe(`W/${plain.headers.get('etag')}`)
  })
  test('is not sent again when nothing changed', async () => {
    const etag = (await ask('/')).headers.get('etag') ?? expect.unreachable('no etag')
    expect((await ask('/', { headers: { 'if-none-match': etag } })).status).toBe(304)
  })
})

describe('the documentation of the API', () => {
  const routes = [
    'GET /api/v1/availability',
    'GET /api/v1/desk/orders',
    'GET /api/v1/desk/orders/{order}',
    'GET /api/v1/orders/{order}',
    'GET /api/v1/shop',
    'GET /desk',
    'GET /desk/access',
    'GET /desk/orders',
    'GET /desk/orders/{order}',
    'GET /desk/people',
    'GET /desk/sign-in',
    'GET /desk/sign-in/callback',
    'GET /downloads/{order}/{asset}',
    'GET /healthz',
    'GET /metrics',
    'GET /orders/{order}',
    'GET /previews/{tree}/{picture}',
    'GET /readyz',
    'GET /thanks',
    'POST /api/v1/checkouts',
    'POST /api/v1/desk/orders/{order}/address',
    'POST /api/v1/desk/orders/{order}/cancel',
    'POST /api/v1/desk/orders/{order}/notes',
    'POST /api/v1/desk/orders/{order}/refunds',
    'POST /api/v1/desk/orders/{order}/resend',
    'POST /api/v1/desk/orders/{order}/settle',
    'POST /api/v1/desk/orders/{order}/shipments',
    'POST /api/v1/desk/orders/{order}/shipments/{shipment}/delivered',
    'POST /desk/orders/{order}/{command}',
    'POST /desk/people',
    'POST /desk/repository',
    'POST /desk/sign-out',
    'POST /orders/{order}/retry',
    'POST /webhooks/github',
    'POST /webhooks/stripe',
  ]
  type Document = {
    openapi: string
    paths: Record<string, Record<string, { summary: string; responses: Record<string, object> }>>
    components: { schemas: Record<string, object> }
  }
  test('names every route, and what it may answer', async () => {
    const { openapi, paths, components } = (await (await ask('/openapi.json')).json()) as Document
    expect(openapi).toBe('3.1.0')
    const named = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(named.toSorted()).toEqual(routes)
    expect(Object.keys(components.schemas)).toEqual(
      expect.arrayContaining(['CheckoutRequest', 'Checkout', 'Order', 'Problem']),
    )
    for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
      expect(operation.summary).toMatch(/^\p{Lu}.+[^.]$/u)
      expect(Object.keys(operation.responses).length).toBeGreaterThan(0)
    }
  })
  test('leaves no route out that the app answers', () => {
    const { routes: all } = createHttp(shop.parts)
    const answered = all
      .filter(({ method, path }) => method !== 'ALL' && !path.includes('*'))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    const again = 'GET /desk/orders/{order}/{command}' // leads back to the order
    const own = ['GET /docs', 'GET /docs.css', 'GET /desk.css', 'GET /openapi.json', 'GET /setup', again]
    expect([...new Set(answered)].toSorted()).toEqual([...routes, ...own].toSorted())
  })
  test('is a page to read, without scripts or styles of its own', async () => {
    const answer = await ask('/docs')
    const page = await answer.text()
    for (const route of routes) expect(page).toContain(`<code>${route.split(' ')[1]}</code>`)
    expect(page).not.toMatch(/<script|style=|<style/)
    expect((await ask('/docs.css')).headers.get('content-type')).toBe('text/css; charset=utf-8')
  })
})

describe('how the process is', () => {
  test('alive, and ready when it can sell', async () => {
    expect(await (await ask('/healthz')).text()).toBe('ok')
    expect(await (await ask('/readyz')).text()).toBe('ready')
  })
  test('not ready before the storefront is built, or when the store does not answer', async () => {
    const gone = () => Promise.reject(new Error('gone'))
    const unbuilt = { ...shop.parts.shop, storefront: async () => undefined }
    for (const changes of [{ shop: unbuilt }, { store: { ...shop.store, shop: gone } }]) {
      const answer = await requestsTo(shop, changes)('/readyz')
      expect([answer.status, await answer.text()]).toEqual([503, 'not ready'])
    }
  })
})

describe('numbers', () => {
  const METRICS_TOKEN = 'sixteen-characters'
  const asked = (token?: string) => ({ headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
  test('are for whoever has the token, live', async () => {
    const live = requestsTo(shop, { config: configOf({ METRICS_TOKEN }) })
    for (const token of [undefined, '', 'undefined', METRICS_TOKEN.slice(1), `${METRICS_TOKEN}x`])
      expect((await live('/metrics', asked(token))).status).toBe(404)
    expect((await live('/metrics', asked(METRICS_TOKEN))).status).toBe(200)
  })
  test('are for nobody, live, without a token in the settings', async () => {
    const live = requestsTo(shop, { config: configOf() })
    for (const token of [undefined, '', 'undefined']) expect((await live('/metrics', asked(token))).status).toBe(404)
  })
  test('count by route, and hold no key, no address, nobody and no made-up word', async () => {
    const fresh = requestsTo(shop)
    await fresh(`/api/v1/orders/${order}?${query}`)
    await fresh(downloadUrl(shop.parts.config, order, 'guide-pdf', new Date()).replace(shop.url, ''))
    await fresh('/made-up/by-mira@example.org')
    const numbers = await (await fresh('/metrics')).text()
    expect(numbers).toMatch(
      /tagsale_http_request_seconds_count\{method="GET",route="\/api\/v1\/orders\/:order",status="200"\} 1/,
    )
    expect(numbers).toMatch(/tagsale_store\{what="orders"\} \d+/)
    for (const secret of [order, query.slice(4), 'mira', 'made-up', 'signature']) expect(numbers).not.toContain(secret)
  })
})

test('the log of requests names routes, never addresses', async () => {
  const before = shop.logged.length
  await ask(`/orders/${order}?${query}`)
  await ask(`/nothing/mira@example.org?${query}`)
  const lines = shop.logged.slice(before).map((line) => JSON.parse(line))
  expect(lines.filter(({ msg }) => msg === 'request')).toMatchObject([
    { method: 'GET', route: '/orders/:order', status: 200 },
    { method: 'GET', status: 404 },
  ])
  expect(JSON.stringify(lines)).not.toMatch(/key=|mira/)
})

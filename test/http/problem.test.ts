import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { API_BODY_BYTES_MAX } from '../../app/http/api.ts'
import { WEBHOOK_BODY_BYTES_MAX } from '../../app/http/outside/webhooks.ts'
import { Problem } from '../../app/http/problem.ts'
import { DOWNLOAD_LINK_LIFETIME_HOURS, downloadUrl, orderKey } from '../../app/link.ts'
import { orderIdFrom } from '../../app/order/id.ts'
import { StoreFullError, StoreUnavailableError } from '../../app/store/refusal.ts'
import { checkOut, openTestShop, pay, type TestShop } from '../support/shop.ts'
import { asBrowser, form, json, type Requests, requestsTo, smallStorefront } from './open-api.ts'

const CHECKOUTS = '/api/v1/checkouts'
const UNKNOWN = orderIdFrom(Buffer.alloc(15, 7))
const guide = { price: 'guide/pdf', quantity: 1 }

let shop: TestShop
let storefront: Awaited<ReturnType<typeof smallStorefront>>
let ask: Requests
let order: `ord_${string}`
let key: string
beforeAll(async () => {
  storefront = await smallStorefront()
  shop = await openTestShop({ storefront: storefront.folder })
  const sale = await checkOut(shop, [guide])
  await pay(shop, sale.session)
  await shop.work()
  order = sale.order
  key = orderKey(shop.parts.config, order)
  ask = requestsTo(shop)
})
afterAll(async () => {
  await shop.close()
  await storefront[Symbol.asyncDispose]()
})

/** The whole answer of a way to fail: status, headers that matter and body, which must be a Problem to the letter. */
async function failure(answering: Promise<Response>) {
  const answer = await answering
  const body = await answer.json()
  expect(Problem.strict().parse(body)).toEqual(body)
  const { type, instance, ...problem } = body as Problem
  expect(type).toBe('about:blank')
  expect(instance).toBe(answer.headers.get('x-request-id'))
  expect(instance).toMatch(/^[\w-]{8,}$/)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(problem.status).toBe(answer.status)
  const wait = answer.headers.get('retry-after')
  return wait ? { ...problem, wait: Number(wait) } : problem
}

describe('an order that is not opened', () => {
  const none = {
    status: 404,
    title: 'No such order',
    detail: 'There is no such order, or the link is not whole. Copy all of it from your mail.',
  }
  const wrong = 'A'.repeat(43)
  const addresses = () => [
    `${order}?key=${wrong}`,
    `${order}?key=`,
    order,
    `${order}?key=${key.slice(0, -1)}`,
    `${order}?key=${key}=`,
    `${order}?key=${key.toLowerCase()}`,
    `${UNKNOWN}?key=${key}`,
    `${UNKNOWN}?key=${orderKey(shop.parts.config, UNKNOWN)}`,
    `ord_1?key=${key}`,
    `${order.toUpperCase()}?key=${key}`,
    `..%2F${order}?key=${key}`,
  ]
  test('is the same 404 for every way to be wrong, to the last byte but for the id of the request', async () => {
    const texts = new Set<string>()
    for (const address of addresses()) {
      const answer = await ask(`/api/v1/orders/${address}`, { headers: { 'x-request-id': 'the-same-request' } })
      texts.add(`${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`)
    }
    expect([...texts]).toHaveLength(1)
    expect(await failure(requestsTo(shop)(`/api/v1/orders/${UNKNOWN}?key=${wrong}`))).toEqual(none)
  })
  test.each(['/orders/', '/thanks?order='])('is the same on the page %s', async (path) => {
    const fresh = requestsTo(shop)
    const key = path.includes('?') ? '&key=' : '?key='
    expect(await failure(fresh(`${path}${UNKNOWN}${key}${wrong}`))).toEqual(none)
    expect(await failure(fresh(path === '/orders/' ? `/orders/${order}` : '/thanks'))).toEqual(none)
  })
  test('is a page with the same words, and the same status, to a browser', async () => {
    const answer = await requestsTo(shop)(`/orders/${UNKNOWN}?key=x`, { headers: asBrowser })
    const page = await answer.text()
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8'])
    expect(page).toMatch(/^<!doctype html><main>.*<h1>No such order<\/h1>/s)
    expect(page).toContain(none.detail)
    expect(page).toContain(answer.headers.get('x-request-id'))
  })
  test('has to wait from the 21st wrong key of a minute on, while a right one still opens', async () => {
    const fresh = requestsTo(shop)
    for (let tries = 0; tries < 20; tries += 1) {
      expect((await fresh(`/api/v1/orders/${order}?key=wrong${tries}`)).status).toBe(404)
    }
    expect(await failure(fresh(`/api/v1/orders/${order}?key=wrong`))).toEqual({
      status: 429,
      title: 'Too many tries',
      detail: expect.stringMatching(/^Please wait \d+ seconds, then try again\.$/),
      wait: expect.closeTo(60, -1),
    })
    expect((await fresh(`/downloads/${order}/guide-pdf?expires=1&signature=x`)).status).toBe(429)
    expect((await fresh(`/api/v1/orders/${order}?key=${key}`)).status).toBe(200)
  })
})

describe('a download', () => {
  const link = (asset = 'guide-pdf', hoursAgo = 0) => {
    const at = new Date(Date.now() - hoursAgo * 3_600_000)
    return downloadUrl(shop.parts.config, order, asset, at).replace(shop.url, '')
  }
  const notWhole = {
    status: 404,
    title: 'No such download',
    detail: 'This link is not whole. Copy all of it from your mail, or go to your order page.',
  }
  test('by a whole link is sent on to GitHub, and kept nowhere', async () => {
    const answer = await ask(link())
    expect(answer.status).toBe(302)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
  test('asked for 2,000 times in a minute, by HEAD, in parts and whole, costs GitHub fewer than 30 calls', async () => {
    const before = (await shop.github.requests()).length
    const ways = [{ method: 'HEAD' }, { headers: { range: 'bytes=0-0' } }, {}, { headers: { 'if-range': '"x"' } }]
    const statuses = new Set<number>()
    for (let round = 0; round < 100; round += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => ask(link(), ways[n % ways.length])))
      for (const { status } of answers) statuses.add(status)
    }
    expect([...statuses]).toEqual([302])
    expect((await shop.github.requests()).length - before).toBeLessThan(30)
  })
  test('that GitHub gives straight, each time one of its calls, is counted by link, and other links go on', async () => {
    await shop.github.control('faults', { stream: true })
    shop.clock.aheadSeconds += 150 // no address is passed on any more
    const fresh = requestsTo(shop)
    const statuses: number[] = []
    for (let tries = 0; tries < 12; tries += 1) statuses.push((await fresh(link())).status)
    expect(statuses).toEqual([...Array(10).fill(200), 429, 429])
    await shop.github.control('faults', { stream: false })
    shop.clock.aheadSeconds -= 150
  })
  test('by a link that has expired says where a fresh one is', async () => {
    expect(await failure(ask(link('guide-pdf', DOWNLOAD_LINK_LIFETIME_HOURS + 1)))).toEqual({
      status: 410,
      title: 'No longer here',
      detail: 'This link has expired. Your order page has a fresh one.',
    })
  })
  test.each([
    ['another file', (text: string) => text.replace('guide-pdf', 'guide-epub')],
    ['another order', (text: string) => text.replace(order, UNKNOWN)],
    ['a later end', (text: string) => text.replace(/expires=(\d+)/, (_, at) => `expires=${Number(at) + 1}`)],
    [
      'another signature',
      (text: string) => text.replace(/signature=./, (first) => (first.endsWith('-') ? 'signature=_' : 'signature=-')),
    ],
    ['no signature', (text: string) => text.replace(/&signature=.*/, '')],
    ['half a signature', (text: string) => text.slice(0, -20)],
    ['nothing after the path', (text: string) => text.replace(/\?.*/, '')],
    ['an order that is none', (text: string) => text.replace(order, 'ord_1')],
  ])('by a link with %s is refused', async (_, change) => {
    expect(change(link())).not.toBe(link())
    expect(await failure(requestsTo(shop)(change(link())))).toEqual(notWhole)
  })
  test('of a file that the order does not entitle to is refused, though the link is genuine', async () => {
    expect(await failure(ask(link('guide-epub')))).toEqual({
      status: 410,
      title: 'No longer here',
      detail: 'This order does not, or no longer, entitle to this file.',
    })
  })
  test('waits, while GitHub is away', async () => {
    await shop.github.control('faults', { down: true })
    expect(await failure(ask(link()))).toEqual({
      status: 503,
      title: 'Not just now',
      detail: 'GitHub, where the file lies, does not answer just now. Your download is safe; try again in a while.',
      wait: expect.any(Number),
    })
    await shop.github.control('faults', { down: false })
  })
})

describe('a checkout', () => {
  const unexpected = (status: number, detail: unknown) => {
    return { status, title: 'This is not what was expected', detail }
  }
  test('that is too large', async () => {
    const tooLarge = { status: 413, title: 'Too large', detail: `At most ${API_BODY_BYTES_MAX} bytes are taken here.` }
    const body = JSON.stringify({ lines: [guide], more: 'x'.repeat(API_BODY_BYTES_MAX) })
    expect(await failure(ask(CHECKOUTS, json(body)))).toEqual(tooLarge)
    expect(await failure(ask(CHECKOUTS, form({ price: 'x'.repeat(API_BODY_BYTES_MAX) })))).toEqual(tooLarge)
    const endless = new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(10_000)) })
    const streamed = { ...json(''), body: endless, duplex: 'half' } as RequestInit
    expect(await failure(ask(CHECKOUTS, streamed))).toEqual(tooLarge)
  })
  test('that is not JSON', async () => {
    expect(await failure(ask(CHECKOUTS, json('{"lines": [')))).toEqual(
      unexpected(400, 'Malformed JSON in request body.'),
    )
  })
  test.each(['text/plain', 'application/xml', 'application/jsonp'])('of the type %s', async (type) => {
    const text = JSON.stringify({ lines: [guide] })
    expect(await failure(ask(CHECKOUTS, json(text, { 'content-type': type })))).toEqual(
      unexpected(415, 'Unsupported Media Type.'),
    )
  })
  test.each([
    ['no lines', {}],
    ['an empty cart', { lines: [] }],
    ['fifty-one lines', { lines: Array.from({ length: 51 }, () => guide) }],
    ['a quantity of 0', { lines: [{ ...guide, quantity: 0 }] }],
    ['a quantity below 0', { lines: [{ ...guide, quantity: -1 }] }],
    ['half a thing', { lines: [{ ...guide, quantity: 0.5 }] }],
    ['a hundred of a thing', { lines: [{ ...guide, quantity: 100 }] }],
    ['a billion of a thing', { lines: [{ ...guide, quantity: 1e9 }] }],
    ['a quantity as text', { lines: [{ ...guide, quantity: '1' }] }],
    ['a price of its own', { lines: [{ ...guide, unitAmount: 1 }] }],
    ['a total of its own', { lines: [guide], total: 1 }],
    ['an amount as a number', { lines: [{ price: 'support', quantity: 1, amount: 5 }] }],
    ['a price that is a path', { lines: [{ price: '../shop', quantity: 1 }] }],
    ['a currency in capitals', { lines: [guide], currency: 'EUR' }],
    ['a country that is a word', { lines: [guide], shipTo: 'Germany' }],
    ['a mail address that is none', { lines: [guide], email: 'a@x\r\nBcc: b@y' }],
    ['nothing', null],
    ['a list', [guide]],
  ])('with %s', async (_, body) => {
    expect(await failure(ask(CHECKOUTS, json(body)))).toEqual(unexpected(422, expect.stringMatching(/\w: .+\.$/)))
  })
  test.each([
    'short',
    'order-2026-000001',
    '0'.repeat(40),
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '6ba7b810-9dad-11d1-80b4-00c04fd430c8', // of version 1: a time and a place
    '0190163d-8694-739b-aea5-966c26f8ad91', // of version 7: mostly a time
  ])('with the key %s, which somebody might guess', async (key) => {
    const reason = 'a random UUID (version 4), such as crypto.randomUUID() makes: it leads to the order'
    const answer = failure(ask(CHECKOUTS, json({ lines: [guide] }, { 'idempotency-key': key })))
    expect(await answer).toEqual(unexpected(422, `idempotency-key: ${reason}.`))
    expect(await failure(ask(CHECKOUTS, json({ lines: [guide], replaces: key })))).toEqual(
      unexpected(422, `replaces: ${reason}.`),
    )
  })
  test('of what can not be bought says why, line by line', async () => {
    const lines = [{ price: 'old-mug', quantity: 1 }, guide, { price: 'support', quantity: 1, amount: '1.00' }]
    const errors = [
      { line: 0, detail: 'This is not for sale (any more).' },
      { line: 2, detail: 'The least that is asked for it is €2.00.' },
    ]
    expect(await failure(ask(CHECKOUTS, json({ lines })))).toEqual({
      status: 422,
      title: 'This cannot be bought as it is',
      detail: 'This is not for sale (any more). The least that is asked for it is €2.00.',
      errors,
    })
    const page = await (await ask(CHECKOUTS, form({ price: 'old-mug' }, asBrowser))).text()
    expect(page).toMatch(/<h1>This cannot be bought as it is<\/h1>\n.*This is not for sale \(any more\)\./)
  })
  test('with the retry key of another cart', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    expect((await ask(CHECKOUTS, json({ lines: [guide] }, headers))).status).toBe(201)
    const other = json({ lines: [{ ...guide, quantity: 2 }] }, headers)
    expect(await failure(ask(CHECKOUTS, other))).toEqual({
      status: 409,
      title: 'Used before',
      detail:
        'This was asked for before: with another cart, too long ago, or it came to nothing. Ask again, with a new idempotency key.',
    })
  })
  test('after too many others of this address, or of all', async () => {
    const waiting = {
      status: 429,
      title: 'Too many tries',
      detail: expect.stringMatching(/^Please wait \d+ seconds, then try again\.$/),
      wait: expect.closeTo(60, -1),
    }
    const stranger = await checkOut(shop, [guide])
    await pay(shop, stranger.session, { outcome: 'async' })
    await shop.stripe.control(`sessions/${stranger.session}/settle`, { ok: false })
    await shop.work()
    const retry = `/orders/${stranger.order}/retry?key=${orderKey(shop.parts.config, stranger.order)}`
    for (const config of [{ CHECKOUTS_PER_MINUTE_PER_ADDRESS: 2 }, { CHECKOUTS_PER_MINUTE: 2 }]) {
      const limited = requestsTo(shop, { config })
      const cart = json({ lines: [guide] })
      expect([(await limited(CHECKOUTS, cart)).status, (await limited(CHECKOUTS, cart)).status]).toEqual([201, 201])
      expect(await failure(limited(CHECKOUTS, cart))).toEqual(waiting)
      expect(await failure(limited(CHECKOUTS, form({ price: 'guide/pdf' })))).toEqual(waiting)
      expect(await failure(limited(retry, { method: 'POST' }))).toEqual(waiting)
    }
  })
  test('while Stripe is away', async () => {
    await shop.stripe.control('faults', { down: true })
    expect(await failure(ask(CHECKOUTS, json({ lines: [guide] })))).toEqual({
      status: 502,
      title: 'Payment is not available',
      detail: 'Our payment provider does not answer just now. Nothing was charged; please try again in a moment.',
      wait: 2,
    })
    await shop.stripe.control('faults', { down: false })
  })
  test('with the retry key of a try that Stripe never heard of, once it is too late for a page of that order', async () => {
    const again = json({ lines: [guide] }, { 'idempotency-key': randomUUID() })
    await shop.stripe.control('faults', { down: true })
    expect((await ask(CHECKOUTS, again)).status).toBe(502)
    await shop.stripe.control('faults', { down: false })
    const later = requestsTo(shop, { now: () => new Date(Date.now() + 6 * 60_000) })
    expect((await failure(later(CHECKOUTS, again))).status).toBe(409)
    expect((await ask(CHECKOUTS, again)).status).toBe(201)
    expect((await later(CHECKOUTS, again)).status).toBe(201)
  })
  test('while the store has its hands full', async () => {
    const busy = () => Promise.reject(new StoreUnavailableError('busy'))
    const full = requestsTo(shop, { store: { ...shop.store, transact: busy } })
    expect(await failure(full(CHECKOUTS, json({ lines: [guide] })))).toEqual({
      status: 503,
      title: 'In a moment',
      detail: 'The shop has its hands full. Please try again in a moment.',
      wait: 2,
    })
  })
  test('while there is no room to write; pages, orders and downloads go on', async () => {
    const noRoom = () => Promise.reject(new StoreFullError('no room'))
    const full = requestsTo(shop, { store: { ...shop.store, isReadOnly: true, transact: noRoom } })
    expect(await failure(full(CHECKOUTS, json({ lines: [guide] })))).toEqual({
      status: 503,
      title: 'Nothing can be bought just now',
      detail:
        'The shop can not write orders down just now, and takes none. Nothing was charged; please come back later.',
      wait: 300,
    })
    const download = downloadUrl(shop.parts.config, order, 'guide-pdf', shop.parts.now()).replace(shop.url, '')
    const statuses = await Promise.all(
      ['/', `/orders/${order}?key=${key}`, `/api/v1/orders/${order}?key=${key}`, '/readyz', download].map(
        async (path) => (await full(path)).status,
      ),
    )
    expect(statuses).toEqual([200, 200, 200, 200, 302])
  })
  test('when we have a bug, of which nothing gets out', async () => {
    const broken = requestsTo(shop, {
      shop: { ...shop.parts.shop, catalog: () => expect.unreachable('the secret inside') },
    })
    expect(await failure(broken(CHECKOUTS, json({ lines: [guide] })))).toEqual({
      status: 500,
      title: 'Our mistake',
      detail: 'Something went wrong here. Nothing of yours is lost; please try again.',
    })
    expect(shop.logged.join('')).toContain('the secret inside')
  })
})

describe('a webhook', () => {
  test.each([
    ['no signature', {}],
    ['a wrong signature', { 'stripe-signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` }],
    ['half a signature', { 'stripe-signature': `t=${Math.floor(Date.now() / 1000)},v1=` }],
  ])('with %s', async (_, headers) => {
    const { deliveries } = await shop.store.counts()
    expect(await failure(ask('/webhooks/stripe', json({ object: 'event' }, headers)))).toEqual({
      status: 400,
      title: 'Not genuine',
      detail:
        'The signature does not match the body, or is older or newer than five minutes. See STRIPE_WEBHOOK_SECRET.',
    })
    expect((await shop.store.counts()).deliveries).toBe(deliveries)
  })
  test('that is too large', async () => {
    const body = 'x'.repeat(WEBHOOK_BODY_BYTES_MAX + 1)
    expect(await failure(ask('/webhooks/stripe', json(body, { 'stripe-signature': 't=1,v1=00' })))).toEqual({
      status: 413,
      title: 'Too large',
      detail: `At most ${WEBHOOK_BODY_BYTES_MAX} bytes are taken here.`,
    })
  })
})

describe('an address with nothing at it', () => {
  test('is a problem to software, and a page of the shop to a browser', async () => {
    expect(await failure(ask('/nothing/here'))).toEqual({
      status: 404,
      title: 'Nothing here',
      detail: 'There is nothing at GET /nothing/here.',
    })
    const page = await ask('/nothing/here', { headers: asBrowser })
    expect([page.status, await page.text()]).toEqual([404, '<!doctype html><title>Not here</title>'])
  })
  test.each(['DELETE', 'PUT', 'PATCH'])('is what every address is to %s', async (method) => {
    expect((await failure(ask(`/api/v1/orders/${order}?key=${key}`, { method }))).status).toBe(404)
  })
  test.each([
    '/../package.json',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%5c..%5cetc',
    '/_astro/..%2f..%2f..%2fetc/passwd',
    '/%00',
  ])('is %s', async (path) => expect((await ask(path)).status).toBe(404))
  test('is the whole shop before its storefront is built', async () => {
    expect(
      await failure(requestsTo(shop, { shop: { ...shop.parts.shop, storefront: async () => undefined } })('/')),
    ).toEqual({
      status: 503,
      title: 'In a moment',
      detail: 'The shop is being prepared. Please try again in a moment.',
      wait: 5,
    })
  })
})

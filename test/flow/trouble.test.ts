import { afterEach, beforeEach, expect, test } from 'vitest'
import { startSweeping } from '../../app/catch-up.ts'
import { downloadsOf, openDownload } from '../../app/fulfillment/download.ts'
import { LEASE_MILLISECONDS_MAX, takeUpWork } from '../../app/main.ts'
import { checkOut, openTestShop, pay, readOrder, type TestShop } from '../support/shop.ts'

// What goes wrong around a sale, and must not cost anybody anything.

let shop: TestShop
beforeEach(async () => {
  shop = await openTestShop()
})
afterEach(() => shop.close())

const kinds = async (order: `ord_${string}`) => (await shop.store.events(order)).map((event) => event.type)
const KEY = '2f1b0c1e-6f0a-4b7e-9f7a-3d1c5a8e9b02'

test('a payment is found however long Stripe refuses us, and mailed when it does no more', async () => {
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  await pay(shop, sale.session)
  const [job] = await shop.store.claimJobs(new Date(), 1, 0, 'stripe')
  await shop.store.transact({}, () => ({ jobs: job ? [{ ...job, attempts: 500 }] : [] }))
  await shop.stripe.control('faults', { down: true })
  await shop.work()
  await shop.stripe.control('faults', { down: false })
  shop.clock.aheadSeconds += 3700
  await shop.work()
  expect(await kinds(sale.order)).toContain('order.paid')
  expect(await shop.mail.all()).toHaveLength(1)
})

test('a payment that a gateway said nothing of is found, and mailed, when Stripe answers again', async () => {
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  await pay(shop, sale.session)
  await shop.stripe.control('faults', { gateway: { status: 404, body: { message: 'Not Found' } } })
  await shop.work()
  await shop.stripe.control('faults', { gateway: null })
  shop.clock.aheadSeconds += 120 // its page has not closed yet: nothing else looks
  await shop.work()
  expect(await kinds(sale.order)).toContain('order.paid')
  expect(await shop.mail.all()).toHaveLength(1)
})

test('a page that a gateway said nothing of is not taken for closed: its order is not given up', async () => {
  const first = await checkOut(shop, [{ price: 'sticker', quantity: 3 }], { shipTo: 'DE' }, { 'idempotency-key': KEY })
  await shop.stripe.control('faults', { gateway: { status: 200, body: {} } })
  const second = await checkOut(shop, [{ price: 'sticker', quantity: 5 }], { shipTo: 'DE', replaces: KEY })
  await shop.stripe.control('faults', { gateway: null })
  expect(second.status).toBe(502)
  expect(await kinds(first.order)).toEqual(['order.placed', 'order.checkout_opened'])
})

async function reservedOf(price: string): Promise<number | undefined> {
  const seen = await shop.store.transact({ prices: [price] }, ({ reserved }) => ({
    events: [],
    count: reserved.get(price),
  }))
  return seen.count
}

test('who comes back from the payment page with the same cart finds the same page, and holds nothing twice', async () => {
  const cart = [{ price: 'sticker', quantity: 3 }]
  const first = await checkOut(shop, cart, { shipTo: 'DE' }, { 'idempotency-key': KEY })
  const again = await checkOut(shop, cart, { shipTo: 'DE' }, { 'idempotency-key': KEY })
  expect([again.status, again.url]).toEqual([201, first.url])
  expect(await reservedOf('sticker')).toBe(3)
  expect(await kinds(first.order)).toEqual(['order.placed', 'order.checkout_opened'])
  await checkOut(shop, [{ price: 'sticker', quantity: 1 }], { shipTo: 'DE' }) // the count is seen to count
  expect(await reservedOf('sticker')).toBe(4)
})

test('who comes back and changes the cart gets a new page; the old one is closed, and its stock is free', async () => {
  const first = await checkOut(shop, [{ price: 'sticker', quantity: 3 }], { shipTo: 'DE' }, { 'idempotency-key': KEY })
  const second = await checkOut(shop, [{ price: 'sticker', quantity: 5 }], { shipTo: 'DE', replaces: KEY })
  expect(second.status).toBe(201)
  expect((await shop.stripe.api.checkout.sessions.retrieve(first.session)).status).toBe('expired')
  await shop.work()
  expect(await kinds(first.order)).toEqual(['order.placed', 'order.checkout_opened', 'order.canceled'])
})

test('an order that is paid is not replaced', async () => {
  const first = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }], {}, { 'idempotency-key': KEY })
  const back = await pay(shop, first.session)
  await checkOut(shop, [{ price: 'guide/epub', quantity: 1 }], { replaces: KEY })
  await shop.work()
  expect((await readOrder(shop, back)).payment).toBe('paid')
})

test('what Stripe refuses for good frees its stock at once', async () => {
  const sale = await checkOut(shop, [{ price: 'button', quantity: 1, amount: '0.30' }])
  expect(sale.detail).toBe('This is too little to pay by card: the least is about 0.50 in most currencies.')
  expect((await checkOut(shop, [{ price: 'button', quantity: 1, amount: '0.30' }])).detail).toBe(sale.detail)
})

test('a mail server that names the buyer in its refusal puts nothing personal into facts or log', async () => {
  await shop.mail.control('faults', { unknown: ['Mira.Secret@example.org'] })
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const back = await pay(shop, sale.session, { outcome: 'pay', email: 'Mira.Secret@example.org' })
  await shop.work()
  expect(JSON.stringify(await shop.store.events(sale.order))).not.toMatch(/secret/i)
  expect(shop.logged.join('')).not.toMatch(/secret@/i)
  expect((await readOrder(shop, back)).receipt).toBe('not sent')
  expect(await (await fetch(back, { headers: { accept: 'text/html' } })).text()).toContain('did not take our receipt')
})

test('a file that is put there later is given then, and the order is no longer stuck', async () => {
  const { bytes: _, ...file } = { repository: 'heron/goods', tag: 'guide-v1', file: 'heron-plan.pdf', bytes: '' }
  const sale = await checkOut(shop, [{ price: 'plan', quantity: 1 }])
  const back = await pay(shop, sale.session)
  await shop.work()
  expect((await readOrder(shop, back)).fulfillment).toBe('stalled')
  await shop.github.control('releases', { ...file, base64: Buffer.from('a plan').toString('base64') })
  shop.clock.aheadSeconds += 3700
  await shop.work()
  expect((await readOrder(shop, back)).fulfillment).toBe('fulfilled')
})

test('a file that the maintainers took back is shown and given to nobody any more', async () => {
  const sale = await checkOut(shop, [{ price: 'guide/both', quantity: 1 }])
  await pay(shop, sale.session)
  await shop.work()
  const order = (await shop.store.order(sale.order)) ?? expect.unreachable()
  const catalog = shop.parts.shop.catalog()
  const pdf = catalog.assets.get('guide-pdf') ?? expect.unreachable()
  const assets = new Map([...catalog.assets, ['guide-pdf', { ...pdf, review: 'withdrawn' as const }]])
  const parts = { ...shop.parts, shop: { ...shop.parts.shop, catalog: () => ({ ...catalog, assets }) } }
  expect((await downloadsOf(parts, order)).map(({ asset }) => asset.id)).toEqual(['guide-epub'])
  expect(await openDownload(parts, order, 'guide-pdf')).toEqual({ refused: 'not-entitled' })
  expect(await openDownload(parts, order, 'guide-epub')).toHaveProperty('redirect')
})

test('asked twice to try again, there is one new order; and none when it is paid', async () => {
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const back = await pay(shop, sale.session, { outcome: 'async' })
  const key = new URL(back).searchParams.get('key')
  const tryAgain = () =>
    fetch(`${shop.url}/orders/${sale.order}/retry?key=${key}`, { method: 'POST', redirect: 'manual' })
  await shop.work()
  expect((await tryAgain()).headers.get('location')).toContain(`/orders/${sale.order}`)
  await shop.stripe.control(`sessions/${sale.session}/settle`, { ok: false })
  await shop.work()
  const [one, two] = [await tryAgain(), await tryAgain()].map((answer) => answer.headers.get('location'))
  expect(one).toContain('/c/pay/cs_')
  expect(two).toBe(one)
})

test('when trying again comes to nothing too, there is a next time; and no stranger can guess his way in', async () => {
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const back = await pay(shop, sale.session, { outcome: 'async' })
  await shop.stripe.control(`sessions/${sale.session}/settle`, { ok: false })
  await shop.work()
  const key = new URL(back).searchParams.get('key')
  const tryAgain = () =>
    fetch(`${shop.url}/orders/${sale.order}/retry?key=${key}`, { method: 'POST', redirect: 'manual' })
  const first = (await tryAgain()).headers.get('location') ?? ''
  await shop.stripe.api.checkout.sessions.expire(first.split('/').at(-1) ?? '')
  await shop.stripe.control('advance', { seconds: 0 })
  await shop.work()
  const second = (await tryAgain()).headers.get('location') ?? ''
  expect(second).toContain('/c/pay/cs_')
  expect(second).not.toBe(first)
  const cart = [{ price: 'guide/pdf', quantity: 1 }]
  for (const guess of [`again 1 ${sale.order}`, `again ${sale.order} 3`]) {
    const stranger = await checkOut(shop, cart, {}, { 'idempotency-key': guess })
    expect([first, second]).not.toContain(stranger.url)
  }
})

test('what a stranger writes badly does not fill the log of errors', async () => {
  const headers = { 'content-type': 'application/json' }
  await fetch(`${shop.url}/api/v1/checkouts`, { method: 'POST', headers, body: '{' })
  expect(shop.logged.filter((line) => JSON.parse(line).level >= 40)).toEqual([])
})

test('an idle shop writes nothing down, however often it looks for lost events', async () => {
  await startSweeping(shop.parts)
  const before = await shop.store.job('sweep:stripe')
  for (let minute = 0; minute < 30; minute += 3) {
    shop.clock.aheadSeconds += 180
    await shop.work()
  }
  expect(await shop.store.job('sweep:stripe')).toEqual(before)
})

test('orders that nobody paid are forgotten after a week, one whose bank said no after sixty days, and no other', async () => {
  const cart = [{ price: 'guide/pdf', quantity: 1 }]
  const many = Array.from({ length: 60 }, () => checkOut(shop, cart))
  const unpaid = (await Promise.all(many)).map(({ order }) => order)
  const failed = await checkOut(shop, cart)
  await pay(shop, failed.session, { outcome: 'async' })
  await shop.stripe.control(`sessions/${failed.session}/settle`, { ok: false })
  const sold = await checkOut(shop, cart)
  await pay(shop, sold.session)
  await shop.work()
  const orders = async () => (await shop.store.counts()).orders
  const later = async (days: number) => {
    shop.clock.aheadSeconds += days * 86_400
    await shop.work()
  }
  await shop.stripe.control('advance', { seconds: 40 * 60 })
  await later(6.9)
  expect(await orders()).toBe(62)
  await later(0.2)
  expect(await orders()).toBe(2)
  expect(await shop.store.events(unpaid[0] ?? 'ord_')).toEqual([])
  await later(53)
  expect((await shop.store.orders({})).orders.map(({ id }) => id)).toEqual([sold.order])
  expect(await shop.store.customer(failed.order)).toBeUndefined()
})

test('what a clock that was a day ahead has put off is looked at when it is set back', async () => {
  await startSweeping(shop.parts)
  shop.clock.aheadSeconds = 86_400
  await shop.work()
  const soon = () => shop.parts.now().getTime() + 61_000
  shop.clock.aheadSeconds = 0
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  await shop.stripe.control('chaos', { drop: 1 })
  await pay(shop, sale.session)
  await shop.work()
  expect(Date.parse((await shop.store.nextDueAt('stripe')) ?? '')).toBeGreaterThan(soon())
  await takeUpWork(shop.parts, LEASE_MILLISECONDS_MAX)
  await shop.work()
  expect(await kinds(sale.order)).toContain('order.paid')
  expect(Date.parse((await shop.store.nextDueAt('stripe')) ?? '')).toBeLessThan(soon())
  const { work } = (await shop.store.job('sweep:stripe')) ?? expect.unreachable()
  expect(Date.parse('since' in work ? (work.since ?? '') : '')).toBeLessThan(shop.parts.now().getTime())
})

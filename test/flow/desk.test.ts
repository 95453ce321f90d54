import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Role } from '../../app/account/person.ts'
import { makeToken } from '../../app/account/token.ts'
import { runCommand } from '../../app/desk/commands.ts'
import type { OrderId } from '../../app/order/id.ts'
import type { Order } from '../../app/order/order.ts'
import { browserByLink } from '../support/desk.ts'
import { checkOut, openTestShop, pay, readOrder, type TestShop } from '../support/shop.ts'

let shop: TestShop
beforeEach(async () => {
  shop = await openTestShop()
})
afterEach(() => shop.close())

const tokenFor = async (role: Role) =>
  (await makeToken(shop.parts, { name: `${role} script`, role, days: 1, by: 'ada' })).text

/** One call of the desk's API, and its answer. */
async function desk(token: string, path: string, body?: object, key: string = randomUUID()) {
  const response = await fetch(`${shop.url}/api/v1/desk/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: await response.json() }
}

/** A book and two stickers, paid: 25.00 and 3.50 for shipping. */
async function sell() {
  const lines = [
    { price: 'guide/pdf', quantity: 1 },
    { price: 'sticker', quantity: 2 },
  ]
  const { order, session } = await checkOut(shop, lines, { shipTo: 'DE' })
  const back = await pay(shop, session)
  await shop.work()
  return { order, session, back }
}

const refundsAtStripe = async (session: string) => {
  const { payment_intent } = await shop.stripe.api.checkout.sessions.retrieve(session)
  const { data } = await shop.stripe.api.refunds.list({ payment_intent: payment_intent as string })
  return data.map(({ amount, status }) => ({ amount, status }))
}
const subjects = async () => (await shop.mail.all()).map(({ subject }) => subject.replace('Heron Shop: ', ''))

test('an order is packed, shipped and delivered, and its buyer is told each time', async () => {
  const token = await tokenFor('write')
  const { order, back } = await sell()
  const toPack = await desk(token, 'orders?state=to-pack')
  expect(toPack.body).toMatchObject({
    next: null,
    orders: [{ order, labels: ['to-pack'], total: '28.50', lines: [{ toPack: false }, { toPack: true, weight: 20 }] }],
  })
  const { number } = toPack.body.orders[0]
  expect(number).toBe(`HERON-${order.slice(4, 10).toUpperCase()}`)
  const whole = await desk(token, `orders/${order}`)
  expect(whole.body.customer).toMatchObject({ email: 'mira@example.org', address: { country: 'DE' } })

  const shipment = { carrier: 'ups', tracking: '1Z999AA10123456784' }
  const shipped = await desk(token, `orders/${order}/shipments`, shipment)
  expect(shipped).toMatchObject({ status: 200, body: { repeated: false, order: { status: 'SHIPPED', labels: [] } } })
  expect(shipped.body.done).toEqual(['Shipped with UPS as shp_1: 2 × Sticker. The buyer is told.'])
  await shop.work()
  const mail = (await shop.mail.all()).at(-1)
  expect(mail?.subject).toBe('Heron Shop: your parcel is on its way')
  expect(mail?.text).toContain('https://www.ups.com/track?tracknum=1Z999AA10123456784')
  expect(await readOrder(shop, back)).toMatchObject({ status: 'SHIPPED', parcel: { status: 'shipped' } })

  expect((await desk(token, `orders/${order}/shipments`, shipment)).body.detail).toBe('Everything is shipped already.')
  for (const q of [number, order, 'mira@example.org', '1z999aa10123456784']) {
    const found = await desk(token, `orders?q=${encodeURIComponent(q)}`)
    expect(found.body.orders.map((one: { order: string }) => one.order)).toEqual([order])
  }
  expect((await desk(token, `orders/${order}/shipments/shp_1/delivered`, {})).status).toBe(200)
  expect((await desk(token, `orders/${order}/shipments/shp_1/delivered`, {})).status).toBe(409)
  await shop.work()
  expect(await subjects()).toContain('your parcel was delivered')
  expect((await readOrder(shop, back)).status).toBe('DELIVERED')
  expect(shop.logged.join('')).not.toMatch(/mira@|1Z999/)
  expect(JSON.stringify(await shop.store.events(order))).not.toMatch(/mira|1Z999/i)
})

test('one line is refunded: its money goes back once, its file closes, and what is shipped stays', async () => {
  const token = await tokenFor('maintain')
  const { order, session, back } = await sell()
  const body = { lines: [{ line: 'guide/pdf', quantity: 1 }], reason: 'the file did not open' }
  const first = await desk(token, `orders/${order}/refunds`, body, 'once')
  expect(first.body.done).toEqual(['€19.00 goes back to the buyer. Stripe is asked now.'])
  const again = await desk(token, `orders/${order}/refunds`, body, 'once')
  expect(again).toMatchObject({ status: 200, body: { repeated: true, done: [] } })
  expect((await readOrder(shop, back)).downloads).toEqual([])
  await shop.work()
  expect(await refundsAtStripe(session)).toEqual([{ amount: 1900, status: 'succeeded' }])
  expect(await readOrder(shop, back)).toMatchObject({ payment: 'partially_refunded', refunded: '19.00' })
  const whole = await desk(token, `orders/${order}`)
  expect(whole.body).toMatchObject({ refundable: '9.50', refundsUnderway: [], labels: ['to-pack'] })
  expect(whole.body.customer.notes).toMatchObject([{ by: 'maintain script', text: 'Refund: the file did not open' }])
  expect((await desk(token, `orders/${order}/refunds`, body)).body.detail).toBe(
    'Of line line-1 all is given back already.',
  )
  expect((await desk(token, `orders/${order}/refunds`, { amount: '9.51' })).body.detail).toBe(
    '€9.51 is more than can still be given back: €9.50.',
  )
  expect(await subjects()).toContain('your money is on its way back')
})

test('two people who refund at once give no more back than was paid', async () => {
  const [one, other] = [await tokenFor('maintain'), await tokenFor('maintain')]
  const { order, session } = await sell()
  const answers = await Promise.all(
    [one, other, one, other].map((token) => desk(token, `orders/${order}/refunds`, { amount: '20.00' })),
  )
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409])
  await shop.work()
  expect(await refundsAtStripe(session)).toEqual([{ amount: 2000, status: 'succeeded' }])
})

test('with Stripe away a refund waits, and is made once when it is back', async () => {
  const token = await tokenFor('maintain')
  const { order, session } = await sell()
  await shop.stripe.control('faults', { down: true })
  expect((await desk(token, `orders/${order}/refunds`, {})).status).toBe(200)
  await shop.work()
  await shop.stripe.control('faults', { down: false })
  expect(await refundsAtStripe(session)).toEqual([])
  shop.clock.aheadSeconds += 3600
  await shop.work()
  expect(await refundsAtStripe(session)).toEqual([{ amount: 2850, status: 'succeeded' }])
  expect((await desk(token, `orders/${order}`)).body).toMatchObject({ status: 'REFUNDED', labels: [] })
})

test('a refund that Stripe refuses needs a person, and is settled by one', async () => {
  const token = await tokenFor('maintain')
  const { order, session } = await sell()
  const { payment_intent } = await shop.stripe.api.checkout.sessions.retrieve(session)
  await desk(token, `orders/${order}/refunds`, { amount: '28.00' })
  await shop.stripe.api.refunds.create({ payment_intent: payment_intent as string, amount: 2850 })
  await shop.work()
  const waiting = await desk(token, 'orders?state=needs-person')
  expect(waiting.body.orders).toMatchObject([{ order, stalls: [{ stall: 'refund-failed', settled: null }] }])
  const settle = { stall: 'refund-failed', decision: 'done', reason: 'all of it was given back at Stripe' }
  expect((await desk(token, `orders/${order}/settle`, settle)).status).toBe(200)
  expect((await desk(token, 'orders?state=needs-person')).body.orders).toEqual([])
})

test('a paid order that is canceled sends nothing, and its money and stock come back', async () => {
  const token = await tokenFor('maintain')
  const { order, session, back } = await sell()
  expect((await desk(token, `orders/${order}/cancel`, {})).status).toBe(200)
  await shop.work()
  expect(await refundsAtStripe(session)).toEqual([{ amount: 2850, status: 'succeeded' }])
  expect(await readOrder(shop, back)).toMatchObject({ status: 'REFUNDED', downloads: [] })
  expect((await desk(token, 'orders?state=to-pack')).body.orders).toEqual([])
  expect(await subjects()).toEqual(expect.arrayContaining(['your order was canceled']))
  expect((await checkOut(shop, [{ price: 'sticker', quantity: 5 }], { shipTo: 'DE' })).status).toBe(201)
})

test('what is left is told to everybody, and moves with sales, cancellations and refunds', async () => {
  const token = await tokenFor('maintain')
  const left = async () => {
    const answer = await fetch(`${shop.url}/api/v1/availability`)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=5')
    return ((await answer.json()) as { left: Record<string, number> }).left['sticker']
  }
  expect(await left()).toBe(5)
  const one = await sell()
  const other = await sell()
  expect(await left()).toBe(1)
  await desk(token, `orders/${one.order}/refunds`, { lines: [{ line: 'sticker', quantity: 1 }], restock: true })
  expect(await left()).toBe(2)
  await desk(token, `orders/${other.order}/cancel`, {})
  expect(await left()).toBe(4)
})

test('an order that nobody has paid is canceled: its page closes, and it can not be paid any more', async () => {
  const token = await tokenFor('maintain')
  const { order, session } = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  expect((await desk(token, `orders/${order}/cancel`, {})).body.order.status).toBe('CANCELED')
  expect((await shop.stripe.api.checkout.sessions.retrieve(session)).status).toBe('expired')
  expect((await desk(token, `orders/${order}/cancel`, {})).body.detail).toBe('It came to nothing already.')
})

test('a receipt goes again to a corrected address, and the order is found by that one', async () => {
  const token = await tokenFor('write')
  const { order } = await sell()
  expect((await desk(token, `orders/${order}/resend`, { mail: 'receipt', to: 'mira@new.example' })).status).toBe(200)
  await shop.work()
  expect((await shop.mail.all()).map(({ to }) => to)).toEqual(['mira@example.org', 'mira@new.example'])
  expect((await desk(token, 'orders?q=mira@new.example')).body.orders).toHaveLength(1)
  expect((await desk(token, 'orders?q=mira@example.org')).body.orders).toEqual([])
})

test('notes and a mended address are kept with the buyer, and nowhere else', async () => {
  const token = await tokenFor('write')
  const { order } = await sell()
  await desk(token, `orders/${order}/notes`, { text: 'Mira asked for a blue one' })
  const address = { name: 'Mira', line1: 'Neue Str. 2', city: 'Bonn', postalCode: '53111', country: 'DE' }
  expect((await desk(token, `orders/${order}/address`, address)).status).toBe(200)
  expect((await desk(token, `orders/${order}/address`, { ...address, country: 'FR' })).status).toBe(409)
  const { customer, timeline } = (await desk(token, `orders/${order}`)).body
  expect(customer).toMatchObject({ address: { line1: 'Neue Str. 2' }, notes: [{ text: 'Mira asked for a blue one' }] })
  expect(timeline.slice(-2).map(({ type, by }: { type: string; by: string }) => [type, by])).toEqual([
    ['order.customer_changed', 'write script (token)'],
    ['order.customer_changed', 'write script (token)'],
  ])
  expect(JSON.stringify(timeline)).not.toMatch(/blue|Neue/)
})

test('a role does what it may, and no more', async () => {
  const [triage, write] = [await tokenFor('triage'), await tokenFor('write')]
  const { order } = await sell()
  expect((await desk('tagsale_0000000000000000_none', 'orders')).status).toBe(401)
  expect((await desk(triage, `orders/${order}`)).body).toMatchObject({ order, customer: null })
  expect((await desk(triage, 'orders?q=mira')).status).toBe(403)
  expect((await desk(triage, `orders/${order}/notes`, { text: 'hello' })).status).toBe(403)
  for (const [path, body] of [
    ['refunds', {}],
    ['cancel', {}],
    ['settle', { stall: 'gave-up', decision: 'done', reason: 'seen' }],
  ] as const) {
    expect((await desk(write, `orders/${order}/${path}`, body)).status).toBe(403)
  }
  expect((await shop.store.accesses()).map(({ what, name }) => [what, name])).toEqual([])
  await desk(write, `orders/${order}`)
  expect((await shop.store.accesses()).map(({ what, name }) => [what, name])).toEqual([['order.seen', 'write script']])
})

test('two commands that share a key are both done', async () => {
  const token = await tokenFor('maintain')
  const { order } = await sell()
  await desk(token, `orders/${order}/notes`, { text: 'it broke' }, 'order-7')
  const refund = await desk(token, `orders/${order}/refunds`, {}, 'order-7')
  expect(refund.body).toMatchObject({ repeated: false, order: { refundable: '0.00' } })
})

test('an order whose payment page opens just as it is canceled stays, and is canceled the next time', async () => {
  const { order: id, session } = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const order = async () => ({ ...(await shop.store.order(id as OrderId)), checkout: null }) as Order
  const early = { ...shop.parts, store: { ...shop.parts.store, order } }
  const cancel = (parts: typeof shop.parts) =>
    runCommand(parts, { name: 'ada', via: 'desk' }, id as OrderId, { do: 'cancel' }, 'same')
  expect(await cancel(early)).toMatchObject({ end: 'refused' })
  expect((await shop.stripe.api.checkout.sessions.retrieve(session)).status).toBe('open')
  expect(await cancel(shop.parts)).toMatchObject({ end: 'done' })
  expect((await shop.stripe.api.checkout.sessions.retrieve(session)).status).toBe('expired')
})

test('of a line that is given back in part, what is left is shipped', async () => {
  const token = await tokenFor('maintain')
  const { order } = await sell()
  await desk(token, `orders/${order}/refunds`, { lines: [{ line: 'sticker' }] })
  expect((await desk(token, `orders/${order}`)).body.lines[1]).toMatchObject({ toPack: true, refunded: 1, weight: 10 })
  const browser = await browserByLink(shop, (address, init) => fetch(new URL(address, shop.url), init))
  const page = await (await browser.go(`/desk/orders/${order}`)).text()
  expect(page).toContain('value="line-2" checked><span>1 × Sticker')
  const shipped = await desk(token, `orders/${order}/shipments`, { carrier: 'UPS' })
  expect(shipped.body.done).toEqual(['Shipped with UPS as shp_1: 1 × Sticker. The buyer is told.'])
  await shop.work()
  const mail = (await shop.mail.all()).find(({ subject }) => subject.includes('parcel is on its way'))
  expect(mail?.text).toContain('Sticker: 1 ×')
})

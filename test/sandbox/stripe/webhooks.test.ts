import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { sale, startBench, startReceiver } from './bench.ts'

type Bench = Awaited<ReturnType<typeof startBench>>

const EVERY = { enabled_events: ['*'] as Stripe.WebhookEndpointCreateParams.EnabledEvent[] }
const OF_A_PAYMENT = [
  'payment_intent.created',
  'charge.succeeded',
  'payment_intent.succeeded',
  'checkout.session.completed',
]

async function paidSession(bench: Bench): Promise<string> {
  const { id } = await bench.stripe.checkout.sessions.create(sale())
  await bench.control(`sessions/${id}/pay`)
  return id
}

test('a payment is told by signed snapshot events that the SDK accepts', async () => {
  await using bench = await startBench()
  await using receiver = await startReceiver()
  const { secret = '' } = await bench.stripe.webhookEndpoints.create({ url: receiver.url, ...EVERY })
  const id = await paidSession(bench)

  expect(receiver.types().toSorted()).toEqual(OF_A_PAYMENT.toSorted())
  const events = receiver.received.map(({ body, signature }) =>
    bench.stripe.webhooks.constructEvent(body, signature, secret),
  )
  const completed = events.find(({ type }) => type === 'checkout.session.completed')
  expect(completed).toMatchObject({
    object: 'event',
    api_version: '2026-10-28.endive',
    livemode: false,
    data: { object: { id, object: 'checkout.session', payment_status: 'paid', amount_total: 3000 } },
  })
  const { body, signature } = receiver.received[0] ?? { body: '', signature: '' }
  expect(() => bench.stripe.webhooks.constructEvent(`${body} `, signature, secret)).toThrow('No signatures found')
})

test('an endpoint hears only of the events that it asked for', async () => {
  await using bench = await startBench()
  await using receiver = await startReceiver()
  const enabled_events: Stripe.WebhookEndpointCreateParams.EnabledEvent[] = ['checkout.session.completed']
  await bench.stripe.webhookEndpoints.create({ url: receiver.url, enabled_events })
  await paidSession(bench)
  expect(receiver.types()).toEqual(enabled_events)
})

test('a real request is followed by its webhooks without any test control', async () => {
  await using bench = await startBench()
  await using receiver = await startReceiver()
  await bench.stripe.webhookEndpoints.create({ url: receiver.url, ...EVERY })
  const { id } = await bench.stripe.checkout.sessions.create(sale())
  await bench.stripe.checkout.sessions.expire(id)
  await expect.poll(() => receiver.types()).toEqual(['checkout.session.expired'])
})

test('a thin event names its object and its snapshot twin, and the SDK fetches both', async () => {
  await using bench = await startBench()
  await using receiver = await startReceiver()
  const enabled_events: Stripe.WebhookEndpointCreateParams.EnabledEvent[] = ['checkout.session.completed']
  const endpoint = await bench.stripe.webhookEndpoints.create({ url: receiver.url, enabled_events })
  await bench.control(`endpoints/${endpoint.id}`, { thin: true })
  const id = await paidSession(bench)

  const { body, signature } = receiver.received[0] ?? { body: '', signature: '' }
  const notification = bench.stripe.parseEventNotification(body, signature, endpoint.secret ?? '')
  expect(notification).toMatchObject({
    object: 'v2.core.event',
    type: 'v1.checkout.session.completed',
    related_object: { id, type: 'checkout.session', url: `/v1/checkout/sessions/${id}` },
  })
  if (notification.type !== 'v1.checkout.session.completed') throw new Error(notification.type)
  expect(await notification.fetchRelatedObject()).toMatchObject({ id, payment_status: 'paid' })
  expect(await notification.fetchEvent()).toMatchObject({ id: notification.id, type: notification.type })
  const twin = await bench.stripe.events.retrieve(notification.snapshot_event ?? '')
  expect(twin).toMatchObject({ type: 'checkout.session.completed', data: { object: { id } } })
})

test('a delivery that is not taken is tried again after growing waits, until it is taken', async () => {
  let status = 500
  await using bench = await startBench()
  await using receiver = await startReceiver(() => status)
  const enabled_events: Stripe.WebhookEndpointCreateParams.EnabledEvent[] = ['checkout.session.completed']
  await bench.stripe.webhookEndpoints.create({ url: receiver.url, enabled_events })
  await paidSession(bench)
  expect(receiver.received).toHaveLength(1)
  expect((await bench.stripe.events.list({ delivery_success: false })).data).toHaveLength(1)

  await bench.control('advance', { seconds: 59 })
  expect(receiver.received).toHaveLength(1)
  await bench.control('advance', { seconds: 1 })
  expect(receiver.received).toHaveLength(2)
  await bench.control('advance', { seconds: 299 })
  expect(receiver.received).toHaveLength(2)
  status = 204
  await bench.control('advance', { seconds: 1 })
  expect(receiver.received).toHaveLength(3)

  await bench.control('advance', { seconds: 7 * 86_400 })
  const { attempts, waiting } = await bench.attempts()
  expect(attempts.map((one: { attempt: number; status: number }) => [one.attempt, one.status])).toEqual([
    [1, 500],
    [2, 500],
    [3, 204],
  ])
  expect(waiting).toBe(0)
  expect((await bench.stripe.events.list({ delivery_success: false })).data).toEqual([])
})

test('an endpoint that nobody listens at counts as status 0, and is given up after about three days', async () => {
  await using bench = await startBench()
  const enabled_events: Stripe.WebhookEndpointCreateParams.EnabledEvent[] = ['checkout.session.completed']
  await bench.stripe.webhookEndpoints.create({ url: 'http://127.0.0.1:9/', enabled_events })
  await paidSession(bench)
  for (let day = 0; day < 12; day++) await bench.control('advance', { seconds: 86_400 })
  const { attempts, waiting } = await bench.attempts()
  expect(attempts).toHaveLength(9)
  expect(attempts.every(({ status }: { status: number }) => status === 0)).toBe(true)
  expect(waiting).toBe(0)
})

test('chaos delivers copies, and its shuffle is repeatable by its seed', async () => {
  const orders: string[][] = []
  for (const seed of [7, 7, 8]) {
    await using bench = await startBench()
    await using receiver = await startReceiver()
    await bench.stripe.webhookEndpoints.create({ url: receiver.url, ...EVERY })
    await bench.control('chaos', { duplicate: 3, hold: true, seed })
    await paidSession(bench)
    expect(receiver.received).toEqual([])
    await bench.control('release', { order: 'shuffle' })
    expect(receiver.types().toSorted()).toEqual([...OF_A_PAYMENT, ...OF_A_PAYMENT, ...OF_A_PAYMENT].toSorted())
    orders.push(receiver.types())
  }
  expect(orders[0]).toEqual(orders[1])
  expect(orders[0]).not.toEqual(orders[2])
})

test('held webhooks are released in the reverse order, one after the other, and then flow again', async () => {
  await using bench = await startBench()
  await using receiver = await startReceiver()
  await bench.stripe.webhookEndpoints.create({ url: receiver.url, ...EVERY })
  await bench.control('chaos', { hold: true })
  await paidSession(bench)
  expect((await bench.attempts()).waiting).toBe(4)
  await bench.control('release', { order: 'reverse' })
  expect(receiver.types()).toEqual(OF_A_PAYMENT.toReversed())
  await paidSession(bench)
  expect(receiver.received).toHaveLength(8)
})

test('dropped webhooks never arrive, and stay in the list of events as not delivered', async () => {
  await using bench = await startBench()
  await using receiver = await startReceiver()
  await bench.stripe.webhookEndpoints.create({ url: receiver.url, ...EVERY })
  await bench.control('chaos', { drop: ['checkout.session.completed'] })
  await paidSession(bench)
  await bench.control('advance', { seconds: 7 * 86_400 })
  expect(receiver.types()).not.toContain('checkout.session.completed')
  const lost = await bench.stripe.events.list({ delivery_success: false })
  expect(lost.data.map(({ type }) => type)).toEqual(['checkout.session.completed'])
})

test('a fraction of webhooks vanishes with all their copies, the same ones for the same seed', async () => {
  await using bench = await startBench()
  await using receiver = await startReceiver()
  const enabled_events: Stripe.WebhookEndpointCreateParams.EnabledEvent[] = ['checkout.session.expired']
  await bench.stripe.webhookEndpoints.create({ url: receiver.url, enabled_events })
  await bench.control('chaos', { drop: 0.3, duplicate: 2, seed: 5 })
  for (let index = 0; index < 30; index++) await bench.stripe.checkout.sessions.create(sale())
  await bench.control('advance', { seconds: 86_401 })
  const lost = (await bench.stripe.events.list({ delivery_success: false, limit: 100 })).data.length
  expect(lost).toBeGreaterThan(3)
  expect(lost).toBeLessThan(18)
  expect(receiver.received).toHaveLength(2 * (30 - lost))
})

test('a stale signature is one that the SDK refuses as too old', async () => {
  await using bench = await startBench()
  await using receiver = await startReceiver()
  const { secret = '' } = await bench.stripe.webhookEndpoints.create({ url: receiver.url, ...EVERY })
  await bench.control('chaos', { stale: true })
  await paidSession(bench)
  const { body, signature } = receiver.received[0] ?? { body: '', signature: '' }
  expect(() => bench.stripe.webhooks.constructEvent(body, signature, secret)).toThrow('outside the tolerance')
})

test('signatures are made in real time, however far the clock was moved on', async () => {
  await using bench = await startBench()
  await using receiver = await startReceiver()
  const { secret = '' } = await bench.stripe.webhookEndpoints.create({ url: receiver.url, ...EVERY })
  await bench.control('advance', { seconds: 30 * 86_400 })
  await paidSession(bench)
  const { body, signature } = receiver.received[0] ?? { body: '', signature: '' }
  expect(bench.stripe.webhooks.constructEvent(body, signature, secret).id).toMatch(/^evt_/)
})

test('while a secret is rolled, the old and the new one both verify', async () => {
  await using bench = await startBench()
  await using receiver = await startReceiver()
  const endpoint = await bench.stripe.webhookEndpoints.create({ url: receiver.url, ...EVERY })
  const { secret } = await bench.control(`endpoints/${endpoint.id}`, { roll: 'keep' })
  await paidSession(bench)
  const { body, signature } = receiver.received[0] ?? { body: '', signature: '' }
  for (const one of [endpoint.secret ?? '', secret]) bench.stripe.webhooks.constructEvent(body, signature, one)

  await bench.control(`endpoints/${endpoint.id}`, { roll: 'replace' })
  await paidSession(bench)
  const last = receiver.received.at(-1) ?? { body: '', signature: '' }
  expect(() => bench.stripe.webhooks.constructEvent(last.body, last.signature, secret)).toThrow('No signatures found')
})

test('a removed endpoint hears nothing more, and is no longer listed', async () => {
  await using bench = await startBench()
  await using receiver = await startReceiver()
  const { id } = await bench.stripe.webhookEndpoints.create({ url: receiver.url, ...EVERY })
  expect((await bench.stripe.webhookEndpoints.list()).data[0]).not.toHaveProperty('secret')
  await bench.control('chaos', { hold: true })
  await paidSession(bench)
  await bench.stripe.webhookEndpoints.del(id)
  await bench.control('release')
  expect(receiver.received).toEqual([])
  expect((await bench.stripe.webhookEndpoints.list()).data).toEqual([])
})

test('many sales at once, with copies and shuffled, deliver every webhook as often as told', async () => {
  const sales = 60
  await using bench = await startBench()
  await using receiver = await startReceiver()
  await bench.stripe.webhookEndpoints.create({ url: receiver.url, ...EVERY })
  await bench.control('chaos', { duplicate: 3, shuffle: true })
  await Promise.all(Array.from({ length: sales }, () => paidSession(bench)))
  const ids = receiver.received.map(({ body }) => JSON.parse(body).id)
  expect(ids).toHaveLength(sales * OF_A_PAYMENT.length * 3)
  expect(new Set(ids).size).toBe(sales * OF_A_PAYMENT.length)
})

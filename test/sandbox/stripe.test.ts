import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Stripe from 'stripe'
import { expect, onTestFinished, test, vi } from 'vitest'
import { line, sale, sdkFor, shipped, startBench, startReceiver } from './stripe/bench.ts'

test('a payment makes the session paid, with a charge behind it and the metadata on both', async () => {
  await using bench = await startBench()
  const opened = await bench.stripe.checkout.sessions.create(sale())
  expect(opened).toMatchObject({ status: 'open', payment_status: 'unpaid', payment_intent: null, amount_total: 3000 })

  const { url } = await bench.control(`sessions/${opened.id}/pay`, { outcome: 'pay', email: 'ada@example.com' })

  expect(url).toBe(`https://shop.example/thanks?session_id=${opened.id}`)
  const paid = await bench.stripe.checkout.sessions.retrieve(opened.id, {
    expand: ['payment_intent.latest_charge', 'line_items'],
  })
  expect(paid).toMatchObject({
    status: 'complete',
    payment_status: 'paid',
    url: null,
    client_reference_id: 'ord_1',
    customer_details: { email: 'ada@example.com' },
    payment_intent: { status: 'succeeded', metadata: { order: 'ord_1' }, latest_charge: { amount: 3000, paid: true } },
    line_items: { data: [{ description: 'Mug', quantity: 2, amount_total: 3000 }] },
  })
})

test('after a declined card the session stays open and can be paid with the same PaymentIntent', async () => {
  await using bench = await startBench()
  const { id } = await bench.stripe.checkout.sessions.create(sale())

  await bench.control(`sessions/${id}/pay`, { outcome: 'decline' })
  const declined = await bench.stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] })
  expect(declined).toMatchObject({
    status: 'open',
    payment_intent: { status: 'requires_payment_method', last_payment_error: { code: 'card_declined' } },
  })

  await bench.control(`sessions/${id}/pay`)
  const paid = await bench.stripe.checkout.sessions.retrieve(id)
  expect(paid).toMatchObject({ payment_status: 'paid', payment_intent: (declined.payment_intent as { id: string }).id })
})

test.each([
  { ok: true, paymentStatus: 'paid', intentStatus: 'succeeded', event: 'checkout.session.async_payment_succeeded' },
  {
    ok: false,
    paymentStatus: 'unpaid',
    intentStatus: 'requires_payment_method',
    event: 'checkout.session.async_payment_failed',
  },
])('a bank debit completes the session unpaid, and later ends with $event', async (end) => {
  await using bench = await startBench()
  const { id } = await bench.stripe.checkout.sessions.create(sale())

  await bench.control(`sessions/${id}/pay`, { outcome: 'async' })
  const waiting = await bench.stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] })
  expect(waiting).toMatchObject({
    status: 'complete',
    payment_status: 'unpaid',
    payment_intent: { status: 'processing' },
  })

  await bench.control(`sessions/${id}/settle`, { ok: end.ok })
  const settled = await bench.stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] })
  expect(settled).toMatchObject({ payment_status: end.paymentStatus, payment_intent: { status: end.intentStatus } })
  const { data } = await bench.stripe.events.list({ limit: 1 })
  expect(data[0]?.type).toBe(end.event)
  await expect(bench.control(`sessions/${id}/settle`, { ok: true })).rejects.toThrow('no delayed payment to settle')
})

test('a session expires when its time has passed, and not before', async () => {
  await using bench = await startBench()
  const expires_at = Math.floor(Date.now() / 1000) + 1800
  const { id } = await bench.stripe.checkout.sessions.create(sale({ expires_at }))
  await bench.control('advance', { seconds: 1700 })
  expect(await bench.stripe.checkout.sessions.retrieve(id)).toMatchObject({ status: 'open', expires_at })
  await bench.control('advance', { seconds: 101 })
  expect(await bench.stripe.checkout.sessions.retrieve(id)).toMatchObject({ status: 'expired', url: null })
  await expect(bench.control(`sessions/${id}/pay`)).rejects.toThrow("is expired; it can't be paid")
})

test('a shop whose clock was not moved on can still open sessions, and they live their full time', async () => {
  await using bench = await startBench()
  await bench.control('advance', { seconds: 3 * 86_400 })
  const expires_at = Math.floor(Date.now() / 1000) + 1800
  const { id } = await bench.stripe.checkout.sessions.create(sale({ expires_at }))
  await bench.control('advance', { seconds: 1700 })
  expect((await bench.stripe.checkout.sessions.retrieve(id)).status).toBe('open')
  await bench.control('advance', { seconds: 101 })
  expect((await bench.stripe.checkout.sessions.retrieve(id)).status).toBe('expired')
})

test('a session can be expired by hand once, and only while it is open', async () => {
  await using bench = await startBench()
  const { id } = await bench.stripe.checkout.sessions.create(sale())
  expect((await bench.stripe.checkout.sessions.expire(id)).status).toBe('expired')
  await expect(bench.stripe.checkout.sessions.expire(id)).rejects.toThrow('can be expired')
})

test('a code for everything makes the order free: no payment, nothing to refund', async () => {
  await using bench = await startBench()
  const { id } = await bench.stripe.checkout.sessions.create(sale({ allow_promotion_codes: true }))
  await bench.control(`sessions/${id}/pay`, { promotion: 'free100' })
  expect(await bench.stripe.checkout.sessions.retrieve(id)).toMatchObject({
    payment_status: 'no_payment_required',
    payment_intent: null,
    amount_subtotal: 3000,
    amount_total: 0,
    total_details: { amount_discount: 3000 },
  })
})

test('the buyer chooses quantity, shipping and code, and the amounts follow', async () => {
  await using bench = await startBench()
  const adjustable = { ...line('Mug', 1999), adjustable_quantity: { enabled: true, minimum: 1, maximum: 5 } }
  const params = sale({ ...shipped, allow_promotion_codes: true, line_items: [adjustable, line('Pin', 333)] })
  const { id, amount_total } = await bench.stripe.checkout.sessions.create(params)
  expect(amount_total).toBe(1999 + 333 + 500)

  const choice = { quantities: [3, 1], shipping: 'Express', promotion: 'TEN', country: 'DE', line1: 'Hauptstraße 1' }
  await bench.control(`sessions/${id}/pay`, choice)

  const paid = await bench.stripe.checkout.sessions.retrieve(id, { expand: ['shipping_cost.shipping_rate'] })
  const discount = Math.round(599.7) + Math.round(33.3)
  expect(paid).toMatchObject({
    amount_subtotal: 3 * 1999 + 333,
    amount_total: 3 * 1999 + 333 - discount + 1500,
    total_details: { amount_discount: discount, amount_shipping: 1500, amount_tax: 0 },
    shipping_cost: { amount_total: 1500, shipping_rate: { display_name: 'Express' } },
    collected_information: { shipping_details: { address: { country: 'DE', line1: 'Hauptstraße 1' } } },
  })
  await expect(bench.control(`sessions/${id}/pay`)).rejects.toThrow("can't be paid")
})

test.each([
  [{ quantities: [6] }, 'Choose a quantity from 1 to 5.'],
  [{ shipping: 'Teleport' }, 'Choose one of these.'],
  [{ promotion: 'TOSTRING' }, 'This code is not valid.'],
  [{ country: 'FR' }, 'This shop does not ship to that country.'],
  [{ email: 'nobody' }, 'Enter your e-mail address, such as ada@example.com.'],
])('a choice that the session does not offer is refused: %j', async (choice, message) => {
  await using bench = await startBench()
  const adjustable = { ...line('Mug', 1999), adjustable_quantity: { enabled: true, minimum: 1, maximum: 5 } }
  const params = sale({ ...shipped, allow_promotion_codes: true, line_items: [adjustable] })
  const { id } = await bench.stripe.checkout.sessions.create(params)
  await expect(bench.control(`sessions/${id}/pay`, choice)).rejects.toThrow(message)
  expect(await bench.stripe.checkout.sessions.retrieve(id)).toMatchObject({ status: 'open', amount_total: 2499 })
})

test('refunds add up to the payment and not beyond it', async () => {
  await using bench = await startBench()
  const { stripe } = bench
  const { id } = await stripe.checkout.sessions.create(sale())
  const { session } = await bench.control(`sessions/${id}/pay`)
  const payment_intent: string = session.payment_intent

  const part = await stripe.refunds.create({ payment_intent, amount: 1000, metadata: { order: 'ord_1' } })
  expect(part).toMatchObject({ amount: 1000, status: 'succeeded', payment_intent, metadata: { order: 'ord_1' } })
  await expect(stripe.refunds.create({ payment_intent, amount: 2001 })).rejects.toThrow(
    'greater than unrefunded amount',
  )
  expect(await stripe.refunds.create({ payment_intent })).toMatchObject({ amount: 2000 })
  await expect(stripe.refunds.create({ payment_intent })).rejects.toMatchObject({ code: 'charge_already_refunded' })

  const amounts = (await stripe.refunds.list({ payment_intent })).data.map(({ amount }) => amount)
  expect(amounts).toEqual([2000, 1000])
  await bench.control(`refunds/${part.id}/fail`)
  const charge = await stripe.charges.retrieve(String(part.charge))
  expect(charge).toMatchObject({ amount_refunded: 2000, refunded: false })
})

test('a dispute blocks refunds, and the bank decides it', async () => {
  await using bench = await startBench()
  const { id } = await bench.stripe.checkout.sessions.create(sale())
  const { session } = await bench.control(`sessions/${id}/pay`)
  const dispute = await bench.control('disputes', { payment_intent: session.payment_intent })
  await expect(bench.stripe.refunds.create({ payment_intent: session.payment_intent })).rejects.toMatchObject({
    code: 'charge_disputed',
  })
  await bench.control(`disputes/${dispute.id}/close`, { outcome: 'lost' })
  expect(await bench.stripe.disputes.retrieve(dispute.id)).toMatchObject({ status: 'lost', amount: 3000 })
  const types = (await bench.stripe.events.list({ limit: 3 })).data.map(({ type }) => type)
  expect(types).toEqual(['charge.dispute.closed', 'charge.dispute.funds_withdrawn', 'charge.dispute.created'])
})

test('only the balance tells what became of a prevented dispute', async () => {
  await using bench = await startBench()
  const sum = async (prevented: string) => {
    const { id } = await bench.stripe.checkout.sessions.create(sale())
    const { session } = await bench.control(`sessions/${id}/pay`)
    const opened = await bench.control('disputes', { payment_intent: session.payment_intent, prevented })
    const dispute = await bench.stripe.disputes.retrieve(opened.id, { expand: ['charge'] })
    expect(dispute).toMatchObject({ status: 'prevented', charge: { disputed: false } })
    return dispute.balance_transactions.reduce((total, { amount }) => total + amount, 0)
  }
  expect([await sum('paid-back'), await sum('deflected')]).toEqual([-3000, 0])
})

test('a refund may be on its way for long, and then go out, or be taken back', async () => {
  await using bench = await startBench()
  const { stripe } = bench
  const { id } = await stripe.checkout.sessions.create(sale())
  const { payment_intent } = (await bench.control(`sessions/${id}/pay`)).session
  const [first, second] = [
    await bench.control('refunds', { payment_intent, amount: 1000, status: 'pending' }),
    await bench.control('refunds', { payment_intent, amount: 500, status: 'requires_action' }),
  ]
  await bench.control(`refunds/${first.id}/end`, { status: 'succeeded' })
  await bench.control(`refunds/${second.id}/end`, { status: 'canceled' })
  await expect(bench.control(`refunds/${first.id}/end`, { status: 'canceled' })).rejects.toThrow('is succeeded')
  const { data } = await stripe.refunds.list({ payment_intent })
  expect(data.map(({ status }) => status)).toEqual(['canceled', 'succeeded'])
  expect(await stripe.charges.retrieve(String(first.charge))).toMatchObject({ amount_refunded: 1000 })
})

test('line items and events come in pages, to the end', async () => {
  await using bench = await startBench()
  const names = Array.from({ length: 25 }, (_, index) => `Thing ${index}`)
  const { id } = await bench.stripe.checkout.sessions.create(sale({ line_items: names.map((name) => line(name, 100)) }))
  const found = await bench.stripe.checkout.sessions.listLineItems(id, { limit: 10 }).autoPagingToArray({ limit: 100 })
  expect(found.map(({ description }) => description)).toEqual(names)

  await bench.control(`sessions/${id}/pay`)
  const since = Math.floor(Date.now() / 1000) - 60
  const events = await bench.stripe.events.list({ limit: 2, created: { gte: since } }).autoPagingToArray({ limit: 100 })
  expect(events.map(({ type }) => type)).toEqual([
    'checkout.session.completed',
    'payment_intent.succeeded',
    'charge.succeeded',
    'payment_intent.created',
  ])
  expect((await bench.stripe.events.list({ types: ['charge.succeeded', 'refund.created'] })).data).toHaveLength(1)
  expect((await bench.stripe.events.list({ created: { gt: since + 3600 } })).data).toEqual([])
})

test('a repeated idempotency key gets the first answer; with other parameters it is an error', async () => {
  await using bench = await startBench()
  const { sessions } = bench.stripe.checkout
  const first = await sessions.create(sale(), { idempotencyKey: 'checkout:ord_1:1' })
  const again = await sessions.create(sale(), { idempotencyKey: 'checkout:ord_1:1' })
  expect(again.id).toBe(first.id)
  const other = sessions.create(sale({ client_reference_id: 'ord_2' }), { idempotencyKey: 'checkout:ord_1:1' })
  await expect(other).rejects.toBeInstanceOf(Stripe.errors.StripeIdempotencyError)
  expect((await sessions.list()).data).toHaveLength(1)
})

test('a refused request leaves its idempotency key free', async () => {
  await using bench = await startBench()
  const { sessions } = bench.stripe.checkout
  await expect(sessions.create(sale({ line_items: [] }), { idempotencyKey: 'k' })).rejects.toThrow('line_items')
  expect(await sessions.create(sale(), { idempotencyKey: 'k' })).toMatchObject({ status: 'open' })
})

test('a live key is refused with a warning, and a missing one too', async () => {
  await using bench = await startBench()
  const live = sdkFor(bench.url, 'sk_live_0123456789')
  await expect(live.checkout.sessions.list()).rejects.toThrow('Never give it a live key')
  await expect(sdkFor(bench.url, 'rk_live_1').events.list()).rejects.toThrow('This is a stand-in for Stripe')
  await expect(sdkFor(bench.url, 'nonsense').events.list()).rejects.toBeInstanceOf(
    Stripe.errors.StripeAuthenticationError,
  )
  await expect(sdkFor(bench.url, 'rk_test_1').events.list()).resolves.toMatchObject({ data: [] })
})

test('every refusal has an error of the right shape and a request id', async () => {
  await using bench = await startBench()
  const error = await bench.stripe.checkout.sessions.retrieve('cs_test_gone').catch((caught) => caught)
  expect(error).toMatchObject({ statusCode: 404, code: 'resource_missing', requestId: expect.stringMatching(/^req_/) })
  await expect(bench.stripe.customers.list()).rejects.toThrow('Unrecognized request URL (GET: /v1/customers)')
})

test('told to be down, it answers 503 until it is told to be up', async () => {
  await using bench = await startBench()
  await bench.control('faults', { down: true })
  await expect(bench.stripe.events.list()).rejects.toMatchObject({ statusCode: 503 })
  await bench.control('faults', { down: false, delayMs: 40 })
  const start = performance.now()
  await bench.stripe.events.list()
  expect(performance.now() - start).toBeGreaterThan(35)
})

test('everything survives a restart: sessions, keys, events, endpoints and webhooks not yet delivered', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-stripe-'))
  const stateFile = join(folder, 'state', 'stripe.json')
  await using receiver = await startReceiver()
  let id = ''
  {
    await using bench = await startBench({ stateFile })
    await bench.stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: ['*'] })
    await bench.control('chaos', { hold: true })
    const opened = await bench.stripe.checkout.sessions.create(sale(), { idempotencyKey: 'k' })
    id = opened.id
    await bench.control(`sessions/${id}/pay`)
  }
  expect(receiver.received).toEqual([])
  {
    await using bench = await startBench({ stateFile })
    expect(await bench.stripe.checkout.sessions.retrieve(id)).toMatchObject({ payment_status: 'paid' })
    expect((await bench.stripe.checkout.sessions.create(sale(), { idempotencyKey: 'k' })).id).toBe(id)
    await bench.control('release')
    expect(receiver.types().at(-1)).toBe('checkout.session.completed')
    expect((await bench.attempts()).waiting).toBe(0)
  }
  await rm(folder, { recursive: true })
})

test('a taken port is an error that names it', async () => {
  await using bench = await startBench()
  const { startStripe } = await import('../../sandbox/stripe.ts')
  await expect(startStripe({ port: Number(new URL(bench.url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('what nobody uses writes nothing, however long it runs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stripe-'))
  const stateFile = join(folder, 'stripe.json')
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => {
    vi.useRealTimers()
    return rm(folder, { recursive: true })
  })
  const bench = await startBench({ stateFile })
  vi.advanceTimersByTime(10_000)
  await bench.attempts()
  await bench.close()
  expect(existsSync(stateFile)).toBe(false)
})

test('the sandbox subscribes to what the shop looks at, no more and no less', async () => {
  const { STRIPE_EVENTS } = await import('../../sandbox/stand-ins.ts')
  const { STRIPE_EVENTS: wanted } = await import('../../app/intake.ts')
  expect(STRIPE_EVENTS).toEqual([...wanted])
})

import Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Shipping } from '../../app/order/event.ts'
import { subtotalOf } from '../../app/order/order.ts'
import { checkoutPage, closePage, isFinal, startCheckout } from '../../app/stripe/checkout.ts'
import { connectStripe } from '../../app/stripe/client.ts'
import { completedOrders, fetchLines, fetchPayment } from '../../app/stripe/payment.ts'
import { book, head, orderOf, placed, stickers } from '../order/facts.ts'
import { line, sdkFor, startBench } from '../sandbox/stripe/bench.ts'

let bench: Awaited<ReturnType<typeof startBench>>
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench.close())

const addresses = { success: 'https://shop.example.org/thanks', cancel: 'https://shop.example.org/cart/' }
const shipping: Shipping = { countries: ['DE'], rates: [{ name: 'Letter', amount: 350, days: [3, 6] }] }
const buyer = { email: 'mira@example.org', name: 'Mira', country: 'DE', line1: 'Uferweg 1' }
let next = 0
let order = orderOf(placed([book, stickers]))
let session = ''
beforeEach(async () => {
  next += 1
  const id = `ord_${String(next).padStart(24, '0')}` as const
  const expiresAt = new Date(Date.now() + 35 * 60_000).toISOString()
  order = { ...orderOf(placed([book, stickers])), id, expiresAt, shipping }
  session = (await startCheckout(bench.stripe, order, addresses)).checkout
})
const pay = (how: object = {}) => bench.control(`sessions/${session}/pay`, { ...buyer, ...how })
const stateNow = async () => (await fetchPayment(bench.stripe, session))?.snapshot.state
const intentOf = async () => String((await bench.stripe.checkout.sessions.retrieve(session)).payment_intent)

describe('a payment as Stripe has it now', () => {
  test('is open, with nobody known, until somebody pays', async () => {
    expect(await fetchPayment(bench.stripe, session)).toEqual({
      snapshot: {
        order: order.id,
        shop: 'heron',
        checkout: session,
        payment: null,
        state: 'open',
        currency: 'eur',
        subtotal: subtotalOf(order),
        shipping: expect.any(Number),
        total: expect.any(Number),
        refunds: [],
        disputes: [],
      },
      customer: null,
      openedAt: expect.any(String),
      expiresAt: expect.any(String),
    })
  })
  test('is paid, with what it cost and who paid', async () => {
    await pay()
    expect(await fetchPayment(bench.stripe, session)).toMatchObject({
      snapshot: { state: 'paid', payment: expect.stringMatching(/^pi_/), subtotal: 2500, shipping: 350, total: 2850 },
      customer: {
        order: order.id,
        email: 'mira@example.org',
        name: 'Mira',
        address: { line1: 'Uferweg 1', country: 'DE', city: expect.any(String) },
      },
    })
  })
  test('stays open when a card is declined', async () => {
    await pay({ outcome: 'decline' })
    expect(await stateNow()).toBe('open')
  })
  test('is with the bank, then paid', async () => {
    await pay({ outcome: 'async' })
    expect(await stateNow()).toBe('processing')
    await bench.control(`sessions/${session}/settle`, { ok: true })
    expect(await stateNow()).toBe('paid')
  })
  test('is with the bank, then failed', async () => {
    await pay({ outcome: 'async' })
    await bench.control(`sessions/${session}/settle`, { ok: false })
    expect(await stateNow()).toBe('failed')
  })
  test('is expired when nobody paid in time', async () => {
    await bench.stripe.checkout.sessions.expire(session)
    expect(await stateNow()).toBe('expired')
  })
  test.each([
    ['requires_action', 'processing'],
    ['processing', 'processing'],
    ['succeeded', 'processing'],
    ['requires_payment_method', 'failed'],
    ['canceled', 'failed'],
  ])(
    'of a completed, unpaid page is, with an intent that is %s, %s: a voucher waits at a till',
    async (status, state) => {
      await pay({ outcome: 'async' })
      const changed = sdkThatChanges((answer) => {
        ;(answer.payment_intent as { status: string }).status = status
      })
      expect((await fetchPayment(changed, session))?.snapshot.state).toBe(state)
    },
  )
})

test('the same payment is found from each of its objects', async () => {
  await pay()
  const intent = await intentOf()
  const { latest_charge: charge } = await bench.stripe.paymentIntents.retrieve(intent)
  const refund = await bench.stripe.refunds.create({ payment_intent: intent, amount: 500 })
  const dispute = await bench.control('disputes', { payment_intent: intent })
  const wanted = await fetchPayment(bench.stripe, session)
  expect(wanted?.snapshot).toMatchObject({
    order: order.id,
    refunds: [{ id: refund.id, amount: 500, failed: false, at: expect.stringMatching(/^\d{4}-.*Z$/) }],
    disputes: [{ id: dispute.id, outcome: 'open' }],
  })
  for (const object of [intent, String(charge), refund.id, dispute.id]) {
    expect(await fetchPayment(bench.stripe, object), object).toEqual(wanted)
  }
})

describe('money that goes back', () => {
  test('counts refund by refund', async () => {
    await pay()
    const payment_intent = await intentOf()
    for (const amount of [100, 200, 300]) await bench.stripe.refunds.create({ payment_intent, amount })
    const amounts = (await fetchPayment(bench.stripe, session))?.snapshot.refunds.map((refund) => refund.amount)
    expect(amounts?.toSorted()).toEqual([100, 200, 300])
  })
  test('is said to have failed to whoever asks about the refund that did, though its charge says nothing of it', async () => {
    await pay()
    const refund = await bench.stripe.refunds.create({ payment_intent: await intentOf() })
    await bench.control(`refunds/${refund.id}/fail`)
    expect((await fetchPayment(bench.stripe, refund.id))?.snapshot.refunds).toMatchObject([
      { id: refund.id, failed: true },
    ])
  })
  test.each(['won', 'lost'] as const)('by a dispute is %s in the end', async (outcome) => {
    await pay()
    const dispute = await bench.control('disputes', { payment_intent: await intentOf() })
    await bench.control(`disputes/${dispute.id}/close`, { outcome })
    expect((await fetchPayment(bench.stripe, dispute.id))?.snapshot.disputes).toMatchObject([{ outcome }])
  })
  test.each([
    ['paid-back', 'lost'],
    ['deflected', 'won'],
  ])('by a dispute that was prevented, %s, is %s: the balance tells', async (prevented, outcome) => {
    await pay()
    const dispute = await bench.control('disputes', { payment_intent: await intentOf(), prevented })
    expect((await fetchPayment(bench.stripe, dispute.id))?.snapshot.disputes).toMatchObject([{ outcome }])
  })
  test.each([
    ['won', 'won'],
    ['warning_closed', 'lost'],
    ['under_review', 'open'],
    ['appeal_under_review', 'open'],
    ['never_heard_of', 'open'],
  ])('by a dispute that is %s, with the money still gone, is %s', async (status, outcome) => {
    await pay()
    const dispute = await bench.control('disputes', { payment_intent: await intentOf() })
    const changed = sdkThatChanges(({ data }) => {
      for (const row of (data ?? []) as { object: string; status: string }[])
        if (row.object === 'dispute') row.status = status
    })
    expect((await fetchPayment(changed, dispute.id))?.snapshot.disputes).toMatchObject([{ outcome }])
  })
  test.each(['pending', 'requires_action'])('by a refund that is %s counts as given back', async (status) => {
    await pay()
    const refund = await bench.control('refunds', { payment_intent: await intentOf(), amount: 700, status })
    const refunds = async () => (await fetchPayment(bench.stripe, refund.id))?.snapshot.refunds
    expect(await refunds()).toMatchObject([{ amount: 700, failed: false }])
    await bench.control(`refunds/${refund.id}/end`, { status: 'canceled' })
    expect(await refunds()).toMatchObject([{ amount: 700, failed: true }])
  })
})

describe('what is not ours is left alone', () => {
  const address = { success_url: addresses.success, mode: 'payment' as const, line_items: [line('Mug', 1500)] }
  test.each([
    ['has no order', {}],
    ['names an order of another kind', { client_reference_id: 'order-17', metadata: { shop: 'heron' } }],
    ['names no shop', { client_reference_id: head.order }],
  ])('a payment that %s', async (_, rest) => {
    const other = await bench.stripe.checkout.sessions.create({ ...address, ...rest })
    expect(await fetchPayment(bench.stripe, other.id)).toBeUndefined()
  })
  test.each([
    'cs_test_none',
    'pi_none',
    'ch_none',
    're_none',
    'du_none',
    'cus_1',
    'evt_1',
    '',
    '../events',
    'cs_../../x',
  ])('the object %j', async (object) => expect(await fetchPayment(bench.stripe, object)).toBeUndefined())
})

test('it rejects when Stripe is down, rather than say that there is nothing', async () => {
  const down = sdkFor('http://127.0.0.1:9', bench.key)
  await expect(fetchPayment(down, 'cs_test_1')).rejects.toMatchObject({ type: 'StripeConnectionError' })
})
test('it rejects when the key is refused', async () => {
  const refused = sdkFor(bench.url, 'sk_live_this_is_not_for_a_stand_in')
  await expect(fetchPayment(refused, session)).rejects.toMatchObject({ type: expect.stringMatching(/^Stripe/) })
})

describe('what a gateway answers in JSON of its own is not what Stripe says', () => {
  const shop = () => connectStripe({ STRIPE_SECRET_KEY: bench.key, STRIPE_API_URL: bench.url })
  const gateways = [
    [503, { message: 'no healthy upstream' }],
    [404, { message: 'Not Found' }],
    [404, { error: 'Not Found' }],
    [404, { error: { message: 'no such route', code: 'resource_missing' } }],
    [400, { error: { code: 400, message: 'Bad Request', status: 'INVALID_ARGUMENT' } }],
    [429, { message: 'slow down' }],
    [200, {}],
    [200, { object: 'list', data: [] }],
    [200, { object: 'checkout.session', id: 'cs_test_another', status: 'expired', url: null }],
  ] as const
  const asked = {
    'who paid, and what': () => fetchPayment(shop(), session),
    'who paid, by the payment': () => fetchPayment(shop(), 'pi_1'),
    'who paid, by a refund': () => fetchPayment(shop(), 're_1'),
    'where to pay': () => checkoutPage(shop(), session),
    'whether the page is closed': () => closePage(shop(), session),
    'a new page': () => startCheckout(shop(), { ...order, id: head.order }, addresses),
    'what was bought': () => fetchLines(shop(), session),
    'all that was paid': () => completedOrders(shop(), null).next(),
  }
  test.each(gateways)('%i %j', { timeout: 60_000 }, async (status, body) => {
    await bench.control('faults', { gateway: { status, body } })
    const answers = await Promise.allSettled(Object.entries(asked).map(async ([what, ask]) => [what, await ask()]))
    await bench.control('faults', { gateway: null })
    const believed = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    const isList = 'object' in body && body.object === 'list'
    expect(believed.filter(([what]) => !isList || !IN_A_LIST.includes(String(what)))).toEqual([])
    for (const { reason } of answers.filter((answer) => answer.status === 'rejected'))
      expect(isFinal(reason)).toBe(false)
    expect(await stateNow()).toBe('open')
  })
  /** For which an empty list is an answer. */
  const IN_A_LIST = ['who paid, by the payment', 'what was bought', 'all that was paid']
})

/** The real SDK before the stand-in, with answers changed on the way to states that the stand-in does not know. */
function sdkThatChanges(change: (answer: Record<string, unknown>) => void): Stripe {
  const { hostname, port } = new URL(bench.url)
  const httpClient = Stripe.createFetchHttpClient(async (...request: Parameters<typeof fetch>) => {
    const answer = (await (await fetch(...request)).json()) as Record<string, unknown>
    change(answer)
    return Response.json(answer)
  })
  return new Stripe(bench.key, { host: hostname, port, protocol: 'http', telemetry: false, httpClient })
}

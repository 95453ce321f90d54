import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { missingEvents, type PaymentSnapshot, withJobs } from '../../app/order/decide.ts'
import type { Fact } from '../../app/order/event.ts'
import { chargeOf, type Order } from '../../app/order/order.ts'
import { paymentStatus, refundedAmount, summaryOf } from '../../app/order/status.ts'
import * as given from './facts.ts'
import { book, catchUp, head, opened, orderOf, paid, placed, snapshot, stickers } from './facts.ts'

const { disputeClosed, disputed, expired, failed, processing, refunded } = given
const refund = (id: string, amount: number, failed = false) => ({ id, amount, at: '2026-03-02T09:00:00.000Z', failed })
const types = (facts: readonly Fact[]) => facts.map((fact) => fact.type.replace('order.', ''))

describe('what an order lacks of its payment', () => {
  const orders = {
    'not opened': [],
    opened: [opened],
    processing: [opened, processing],
    failed: [opened, failed],
    'given up': [opened, expired],
    'never started': [{ type: 'order.canceled', reason: 'not-started' }],
    paid: [opened, paid],
  } satisfies Record<string, Fact[]>
  type Before = keyof typeof orders
  const table: Record<PaymentSnapshot['state'], Record<Before, string>> = {
    open: {
      'not opened': 'checkout_opened',
      opened: '',
      processing: '',
      failed: '',
      'given up': '',
      'never started': 'checkout_opened',
      paid: '',
    },
    expired: {
      'not opened': 'checkout_opened canceled',
      opened: 'canceled',
      processing: '',
      failed: '',
      'given up': '',
      'never started': 'checkout_opened',
      paid: '',
    },
    processing: {
      'not opened': 'checkout_opened payment_processing',
      opened: 'payment_processing',
      processing: '',
      failed: '',
      'given up': 'payment_processing',
      'never started': 'checkout_opened payment_processing',
      paid: '',
    },
    failed: {
      'not opened': 'checkout_opened payment_failed',
      opened: 'payment_failed',
      processing: 'payment_failed',
      failed: '',
      'given up': 'payment_failed',
      'never started': 'checkout_opened payment_failed',
      paid: '',
    },
    paid: {
      'not opened': 'checkout_opened paid',
      opened: 'paid',
      processing: 'paid',
      failed: 'paid',
      'given up': 'paid',
      'never started': 'checkout_opened paid',
      paid: '',
    },
  }
  const rows = Object.entries(table).flatMap(([state, row]) =>
    Object.entries(row).map(([before, lacks]) => [before as Before, state as PaymentSnapshot['state'], lacks] as const),
  )

  test.each(rows)('an order that is %s, whose payment is %s, lacks: %s', (before, state, lacks) => {
    const order = orderOf(placed(), ...orders[before])
    expect(types(missingEvents(order, snapshot({ state }))).join(' ')).toBe(lacks)
  })

  test.each(rows)('an order that is %s, whose payment is %s, lacks nothing when asked again', (before, state) => {
    const now = snapshot({
      state,
      refunds: [refund('re_1', 100), refund('re_2', 50, true)],
      disputes: [{ id: 'du_1', amount: 1, outcome: 'won' }],
    })
    expect(missingEvents(catchUp(orderOf(placed(), ...orders[before]), now), now)).toEqual([])
  })

  test('the fact of the payment says what Stripe says', () => {
    const now = snapshot({ shipping: 350, total: 2850, subtotal: 2500 })
    expect(missingEvents(orderOf(placed([book, stickers]), opened), now)).toEqual([
      { type: 'order.paid', payment: 'pi_1', amount: 2850, shipping: 350, currency: 'eur' },
    ])
  })

  test.each(['processing', 'failed'] as const)(
    'of a delayed payment, %s says what the bank was asked for, shipping and all',
    (state) => {
      const now = snapshot({ state, shipping: 890, total: 3090, subtotal: 2200 })
      const order = catchUp(orderOf(placed([book, stickers]), opened), now)
      expect(order.payment).toMatchObject({ state, asked: { amount: 3090, shipping: 890 } })
      expect(chargeOf(order)).toEqual({ amount: 3090, shipping: 890 })
    },
  )
  test('older facts of a delayed payment do not say what the bank was asked for', () => {
    const order = orderOf(placed(), opened, processing)
    expect(order.payment).toEqual({ id: 'pi_1', state: 'processing' })
    expect(chargeOf(order)).toBeNull()
  })
})

describe('refunds', () => {
  test('are recorded with the payment when all of it comes at once', () => {
    const now = snapshot({ refunds: [refund('re_1', 500), refund('re_2', 1400)] })
    expect(types(missingEvents(orderOf(placed(), opened), now))).toEqual(['paid', 'refunded', 'refunded'])
    expect(summaryOf(catchUp(orderOf(placed()), now))).toBe('REFUNDED')
  })
  test('are recorded once each', () => {
    const order = orderOf(placed(), opened, paid, refunded(500))
    expect(missingEvents(order, snapshot({ refunds: [refund('re_2', 300), refund('re_1', 500)] }))).toEqual([
      refunded(300, 're_2'),
    ])
  })
  test('that fail are taken back, and a person is asked', () => {
    const order = orderOf(placed(), opened, paid, refunded(1900))
    const now = snapshot({ refunds: [refund('re_1', 1900, true)] })
    expect(missingEvents(order, now)).toEqual([
      { type: 'order.refund_failed', refund: 're_1' },
      { type: 'order.stalled', reason: 'refund-failed', detail: 're_1 failed: the money is back with the shop' },
    ])
    expect(paymentStatus(catchUp(order, now))).toBe('paid')
  })
  test('that failed before anybody knew of them are made and taken back at once, and a person is asked', () => {
    const now = snapshot({ refunds: [refund('re_1', 1900, true)] })
    expect(types(missingEvents(orderOf(placed(), opened, paid), now))).toEqual(['refunded', 'refund_failed', 'stalled'])
    expect(paymentStatus(catchUp(orderOf(placed(), opened, paid), now))).toBe('paid')
  })
  test('are not forgotten, nor taken for failed, when a snapshot from before them comes late', () => {
    expect(missingEvents(orderOf(placed(), opened, paid, refunded(1900)), snapshot())).toEqual([])
  })
  test('that failed stay failed when a snapshot from before comes late', () => {
    const order = orderOf(placed(), opened, paid, refunded(1900), given.refundFailed)
    expect(missingEvents(order, snapshot({ refunds: [refund('re_1', 1900)] }))).toEqual([])
  })
})

describe('disputes', () => {
  const dispute = (outcome: 'open' | 'won' | 'lost') => snapshot({ disputes: [{ id: 'du_1', amount: 1900, outcome }] })
  const order = orderOf(placed(), opened, paid)
  test('are opened', () => expect(missingEvents(order, dispute('open'))).toEqual([disputed]))
  test('are opened and closed at once when the opening was missed', () =>
    expect(missingEvents(order, dispute('lost'))).toEqual([disputed, disputeClosed('lost')]))
  test('are closed', () =>
    expect(missingEvents(catchUp(order, dispute('open')), dispute('won'))).toEqual([disputeClosed('won')]))
  test('that are closed are not opened again by a late snapshot', () =>
    expect(missingEvents(catchUp(order, dispute('won')), dispute('open'))).toEqual([]))
  test('that were won and then lost at the next instance are lost', () =>
    expect(missingEvents(catchUp(order, dispute('won')), dispute('lost'))).toEqual([disputeClosed('lost')]))
})

describe('what is odd about a payment is recorded with it, and stalls the order', () => {
  const odd = (order: Order, changes: Partial<PaymentSnapshot>) =>
    missingEvents(order, snapshot(changes)).flatMap((fact) =>
      fact.type === 'order.stalled' ? [`${fact.reason}: ${fact.detail}`] : types([fact]),
    )
  test('another amount', () => {
    const detail = 'amount-differs: Stripe took 1800 eur, the order is 1900 eur (minor units)'
    expect(odd(orderOf(placed(), opened), { subtotal: 1800 })).toEqual(['paid', detail])
  })
  test('another currency', () => {
    const detail = 'amount-differs: Stripe took 1900 jpy, the order is 1900 eur (minor units)'
    expect(odd(orderOf(placed(), opened), { currency: 'jpy' })).toEqual(['paid', detail])
  })
  test.each([
    ['given up', expired],
    ['refused by the bank', failed],
  ])('payment of an order that was %s, when its stock may be gone', (_, fact) => {
    const detail = 'paid-late: paid after it was given up: see whether there is stock'
    expect(odd(orderOf(placed([stickers]), opened, fact), { subtotal: 600 })).toEqual(['paid', detail])
    expect(odd(orderOf(placed([book]), opened, fact), {})).toEqual(['paid'])
  })
  test('a second payment', () => {
    const order = orderOf(placed(), opened, paid)
    const detail = 'paid-twice: pi_2 paid it again: refund one of the two'
    expect(odd(order, { payment: 'pi_2', refunds: [refund('re_9', 1900)] })).toEqual([detail])
  })
  test('a second payment is told once, whatever else the order stalls for meanwhile', () => {
    const order = orderOf(placed(), opened, paid, given.stalled('paid-twice'), given.stalled('gave-up'))
    expect(missingEvents(order, snapshot({ payment: 'pi_2' }))).toEqual([])
  })
  test("a second payment's refund and dispute are not the first one's", () => {
    const order = catchUp(orderOf(placed(), opened, paid), snapshot({ payment: 'pi_2' }))
    const second = {
      refunds: [refund('re_9', 1900)],
      disputes: [{ id: 'du_9', amount: 1900, outcome: 'open' as const }],
    }
    expect(missingEvents(order, snapshot({ payment: 'pi_2', ...second }))).toEqual([])
  })
})

test('facts become events with one head, and the jobs they cause', () => {
  const { events, jobs } = withJobs(undefined, [placed(), paid], head)
  expect(events.map(({ type, order, shop, at, cause }) => ({ type, order, shop, at, cause }))).toEqual([
    { type: 'order.placed', ...head },
    { type: 'order.paid', ...head },
  ])
  expect(jobs.map((job) => job.work.kind)).toEqual(['close-checkout', 'mail', 'fulfill'])
})

test('facts that can not be make no events', () => {
  expect(() => withJobs(undefined, [paid], head)).toThrow('without order.placed')
})

test('in whatever order and however often snapshots of one payment come, the order ends as the newest says', () => {
  fc.assert(
    fc.property(snapshotsOfPayments(), ({ newest, snapshots }) => {
      let order = orderOf(placed([book, stickers]), opened)
      const expected = catchUp(order, newest)
      let wasPaid = false
      for (const now of snapshots) {
        order = catchUp(order, now)
        expect(wasPaid && !order.paid, 'un-paid').toBe(false)
        wasPaid = order.paid !== null
        const ids = order.refunds.map(({ id }) => id)
        expect(new Set(ids).size, 'a refund twice').toBe(ids.length)
        expect(refundedAmount(order)).toBeLessThanOrEqual(2850)
      }
      const end = (one: Order) => [summaryOf(one), paymentStatus(one), refundedAmount(one), one.paid, one.disputes]
      expect(end(order)).toEqual(end(expected))
    }),
    { numRuns: 2000 },
  )
})

/** Every snapshot of a payment's life at least once, some twice, in any order. */
function snapshotsOfPayments() {
  const start = fc.constantFrom('expired', 'failed', 'paid', 'paid after processing')
  const step = fc.oneof(
    fc.record({ refundPercent: fc.integer({ min: 1, max: 100 }) }),
    fc.constantFrom('refunds fail', 'dispute', 'won', 'lost'),
  )
  return fc.tuple(start, fc.array(step, { maxLength: 6 })).chain(([start, steps]) => {
    const life = lifeOfPayment(start, steps)
    const newest = life.at(-1) ?? expect.unreachable()
    const all = fc.subarray(life).chain((again) => {
      const snapshots = [...life, ...again]
      return fc.shuffledSubarray(snapshots, { minLength: snapshots.length })
    })
    return fc.record({ newest: fc.constant(newest), snapshots: all })
  })
}

type Step = { refundPercent: number } | string

/** One payment from the page to its end, as snapshots of it in the order of time. A step that can not be is left out. */
function lifeOfPayment(start: string, steps: readonly Step[]): PaymentSnapshot[] {
  const sold = { subtotal: 2500, shipping: 350, total: 2850 }
  const life = [snapshot({ ...sold, state: 'open' })]
  const next = (changes: Partial<PaymentSnapshot>) => life.push(snapshot({ ...life.at(-1), ...changes }))
  if (start === 'expired') return [...life, snapshot({ ...sold, state: 'expired' })]
  if (start !== 'paid') next({ state: 'processing', payment: 'pi_1' })
  if (start === 'failed') return [...life, snapshot({ ...sold, state: 'failed' })]
  next({ state: 'paid', payment: 'pi_1' })
  for (const [index, step] of steps.entries()) {
    const { refunds = [], disputes = [] } = life.at(-1) ?? {}
    const left = refunds.reduce((rest, { failed, amount }) => rest - (failed ? 0 : amount), sold.total)
    if (typeof step === 'object') {
      const amount = Math.ceil((step.refundPercent * left) / 100)
      if (amount > 0) next({ refunds: [...refunds, refund(`re_${index}`, amount)] })
    } else if (step === 'refunds fail') next({ refunds: refunds.map((one) => ({ ...one, failed: true })) })
    else if (step === 'dispute') {
      if (disputes.length === 0) next({ disputes: [{ id: 'du_1', amount: 1, outcome: 'open' }] })
    } else if (disputes[0]?.outcome === 'open')
      next({ disputes: [{ id: 'du_1', amount: 1, outcome: step as 'won' | 'lost' }] })
  }
  return life
}

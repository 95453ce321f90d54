import { describe, expect, test } from 'vitest'
import { withJobs } from '../../app/order/decide.ts'
import type { Fact } from '../../app/order/event.ts'
import { evolve, replay, subtotalOf } from '../../app/order/order.ts'
import {
  fulfillmentStatus,
  type OrderSummary,
  paymentStatus,
  refundedAmount,
  summaryOf,
} from '../../app/order/status.ts'
import { reservedBy } from '../../app/order/stock.ts'
import * as given from './facts.ts'
import { book, head, orderOf, placed, shipped, stickers } from './facts.ts'

const { delivered, disputeClosed, disputed, expired, failed, fulfilled, opened, paid, processing, refunded } = given
const facts: Fact[] = [
  opened,
  processing,
  failed,
  paid,
  expired,
  refunded(500),
  given.refundFailed,
  disputed,
  disputeClosed('won'),
  shipped('line-2'),
  delivered,
  fulfilled('line-1'),
  given.stalled('gave-up'),
]
const eventOf = (fact: Fact) => withJobs(orderOf(placed()), [fact], head).events[0] ?? expect.unreachable()

test('an order that is placed has its lines and nothing else', () => {
  expect(orderOf(placed([book, stickers]))).toEqual({
    id: given.ORDER,
    shop: 'heron',
    version: 1,
    placedAt: head.at,
    expiresAt: '2026-03-01T09:35:00.000Z',
    currency: 'eur',
    lines: [book, stickers],
    shipTo: 'DE',
    shipping: null,
    checkout: null,
    payment: { id: null, state: 'none' },
    paid: null,
    canceled: null,
    refunds: [],
    disputes: [],
    shipments: [],
    fulfilledLines: [],
    stalls: [],
  })
})

test.each(facts.map((fact) => [fact.type, fact] as const))('%s can not be the first fact of an order', (type, fact) => {
  expect(() => evolve(undefined, eventOf(fact))).toThrow(`${given.ORDER}: ${type} without order.placed before it`)
})

test('an order is placed once: a second time is a bug, and never wipes out what happened', () => {
  expect(() => orderOf(placed(), paid, placed())).toThrow('order.placed a second time')
})

test('a fact of another order is a bug', () => {
  const event = { ...eventOf(paid), order: 'ord_000000000000000000000002' as const }
  expect(() => evolve(orderOf(placed()), event)).toThrow('order.paid is of ord_000000000000000000000002')
})

test.each([
  [opened, { checkout: 'cs_1' }],
  [processing, { payment: { id: 'pi_1', state: 'processing' } }],
  [failed, { payment: { id: 'pi_1', state: 'failed' } }],
  [paid, { payment: { id: 'pi_1', state: 'paid' }, paid: { at: head.at, amount: 1900, shipping: 0 } }],
  [expired, { canceled: { at: head.at, reason: 'expired' } }],
  [refunded(500), { refunds: [{ id: 're_1', amount: 500, at: '2026-03-02T09:00:00.000Z', failed: false }] }],
  [disputed, { disputes: [{ id: 'du_1', amount: 1900, outcome: 'open' }] }],
  [shipped('line-1'), { shipments: [{ id: 'shp_1', lines: ['line-1'], shippedAt: head.at, deliveredAt: null }] }],
  [fulfilled('line-1'), { fulfilledLines: ['line-1'] }],
  [given.stalled('gave-up'), { stalls: [{ at: head.at, reason: 'gave-up', detail: 'see for yourself' }] }],
] as [Fact, object][])('a fact changes what it says, and nothing else: %o', (fact, changes) => {
  const before = orderOf(placed())
  expect(orderOf(placed(), fact)).toEqual({ ...before, ...changes, version: 2 })
})

test('facts that follow on others change those alone', () => {
  const order = orderOf(
    placed(),
    refunded(100, 're_1'),
    refunded(200, 're_2'),
    given.refundFailed,
    disputed,
    { ...disputed, dispute: 'du_2' },
    disputeClosed('won'),
    shipped('line-1'),
    { type: 'order.shipped', shipment: 'shp_2', lines: ['line-2'] },
    delivered,
    fulfilled('line-1'),
    fulfilled('line-1', 'line-2'),
  )
  expect(order.refunds.map(({ id, failed }) => [id, failed])).toEqual([
    ['re_1', true],
    ['re_2', false],
  ])
  expect(refundedAmount(order)).toBe(200)
  expect(order.disputes.map(({ id, outcome }) => [id, outcome])).toEqual([
    ['du_1', 'won'],
    ['du_2', 'open'],
  ])
  expect(order.shipments.map(({ id, deliveredAt }) => [id, deliveredAt])).toEqual([
    ['shp_1', head.at],
    ['shp_2', null],
  ])
  expect(order.fulfilledLines).toEqual(['line-1', 'line-2'])
  expect(order.version).toBe(12)
})

test('replaying the facts in two parts is replaying them in one', () => {
  const { events } = withJobs(undefined, [placed(), ...facts], head)
  for (let cut = 1; cut < events.length; cut += 1) {
    expect(replay(events.slice(cut), replay(events.slice(0, cut)))).toEqual(replay(events))
  }
  expect(replay([])).toBeUndefined()
})

describe('the statuses of an order', () => {
  const sold = [book, stickers]
  const table: [
    string,
    Fact[],
    ReturnType<typeof paymentStatus>,
    ReturnType<typeof fulfillmentStatus>,
    OrderSummary,
  ][] = [
    ['placed', [], 'pending', 'unfulfilled', 'PENDING'],
    ['opened', [opened], 'pending', 'unfulfilled', 'PENDING'],
    ['with the bank', [opened, processing], 'pending', 'unfulfilled', 'PENDING'],
    ['refused by the bank', [opened, processing, failed], 'failed', 'unfulfilled', 'CANCELED'],
    ['given up', [opened, expired], 'failed', 'unfulfilled', 'CANCELED'],
    ['paid', [paid], 'paid', 'unfulfilled', 'PAID'],
    ['paid at the second try', [failed, paid], 'paid', 'unfulfilled', 'PAID'],
    ['paid after all', [expired, paid], 'paid', 'unfulfilled', 'PAID'],
    ['partly ready', [paid, fulfilled('line-1')], 'paid', 'partially_fulfilled', 'PAID'],
    ['all ready', [paid, fulfilled('line-1', 'line-2')], 'paid', 'fulfilled', 'PAID'],
    ['on its way', [paid, shipped('line-2')], 'paid', 'shipped', 'SHIPPED'],
    ['arrived', [paid, shipped('line-2'), delivered], 'paid', 'delivered', 'DELIVERED'],
    ['refunded in part', [paid, refunded(1899)], 'partially_refunded', 'unfulfilled', 'PAID'],
    ['refunded in parts', [paid, refunded(900), refunded(1000, 're_2')], 'refunded', 'unfulfilled', 'REFUNDED'],
    ['refunded', [paid, refunded(1900)], 'refunded', 'unfulfilled', 'REFUNDED'],
    ['refunded on its way', [paid, shipped('line-2'), refunded(1900)], 'refunded', 'shipped', 'REFUNDED'],
    ['refund failed', [paid, refunded(1900), given.refundFailed], 'paid', 'unfulfilled', 'PAID'],
    ['disputed', [paid, disputed], 'disputed', 'unfulfilled', 'PAID'],
    ['dispute lost', [paid, disputed, disputeClosed('lost')], 'disputed', 'unfulfilled', 'PAID'],
    ['dispute won', [paid, disputed, disputeClosed('won')], 'paid', 'unfulfilled', 'PAID'],
    ['stalled', [paid, given.stalled('file-missing')], 'paid', 'stalled', 'PAID'],
  ]
  test.each(table)('%s', (_, after, payment, fulfillment, summary) => {
    const order = orderOf(placed(sold), ...after)
    expect([paymentStatus(order), fulfillmentStatus(order), summaryOf(order)]).toEqual([payment, fulfillment, summary])
  })

  test('every status has its row', () => {
    expect(new Set(table.map((row) => row[2])).size).toBe(6)
    expect(new Set(table.map((row) => row[3])).size).toBe(6)
    expect(new Set(table.map((row) => row[4])).size).toBe(6)
  })

  test('a parcel is delivered when all of its shipments are', () => {
    const two = [
      placed([{ ...stickers, id: 'line-1' }, stickers]),
      paid,
      shipped('line-1'),
      { type: 'order.shipped', shipment: 'shp_2', lines: ['line-2'] },
    ] satisfies Fact[]
    expect(fulfillmentStatus(orderOf(...two, delivered))).toBe('shipped')
    expect(fulfillmentStatus(orderOf(...two, delivered, { ...delivered, shipment: 'shp_2' }))).toBe('delivered')
  })

  test('what cost nothing and is paid is not refunded', () => {
    const free = { ...paid, payment: null, amount: 0 } as Fact
    expect(paymentStatus(orderOf(placed([{ ...book, unitAmount: 0 }]), free))).toBe('paid')
  })
})

test('the lines cost what their quantities say', () => {
  expect(subtotalOf(orderOf(placed([book, stickers])))).toBe(2500)
})

describe('the stock', () => {
  const pair = [stickers, { ...stickers, id: 'line-3', takes: [...stickers.takes, { price: 'pin', quantity: 1 }] }]
  test.each([
    ['placed', []],
    ['with the bank', [processing]],
    ['paid', [paid]],
    ['paid late', [expired, paid]],
    ['refunded in part', [paid, refunded(900)]],
    ['refunded after it was shipped', [paid, shipped('line-2', 'line-3'), refunded(1900)]],
  ] as [string, Fact[]][])('an order that is %s holds back all that its lines take', (_, after) => {
    expect([...reservedBy(orderOf(placed(pair), ...after))]).toEqual([
      ['sticker', 4],
      ['pin', 1],
    ])
  })
  test.each([
    ['given up', [expired]],
    ['refused by the bank', [failed]],
    ['refunded before it was shipped', [paid, refunded(1900)]],
  ] as [string, Fact[]][])('an order that is %s holds back nothing', (_, after) => {
    expect(reservedBy(orderOf(placed(pair), ...after)).size).toBe(0)
  })
  test('no order holds back nothing', () => expect(reservedBy(undefined).size).toBe(0))
})

import type { OrderEvent, OrderLine, OrderPlaced, Shipping, StallReason } from './event.ts'
import type { OrderId, ShopId } from './id.ts'

/** Money given back, as Stripe has it; `failed` when the bank sent it back to the shop. Amounts are minor units. */
export type Refund = { id: string; amount: number; at: string; failed: boolean }
export type Dispute = { id: string; amount: number; outcome: 'open' | 'won' | 'lost' }
export type Stall = { at: string; reason: StallReason; detail: string }
export type Shipment = { id: string; lines: readonly string[]; deliveredAt: string | null }

/** Minor units, and how much of them is shipping. */
type Money = { amount: number; shipping: number }

/** An order: the fold of its events. */
export type Order = {
  id: OrderId
  shop: ShopId
  /** How many events it is the fold of. */
  version: number
  placedAt: string
  expiresAt: string
  currency: string
  lines: readonly OrderLine[]
  shipTo: string | null
  shipping: Shipping | null
  checkout: string | null
  /** `asked` is what a bank was asked for that took its time. */
  payment: { id: string | null; state: 'none' | 'processing' | 'failed' | 'paid'; asked?: Money }
  paid: ({ at: string } & Money) | null
  canceled: { at: string; reason: string } | null
  refunds: readonly Refund[]
  disputes: readonly Dispute[]
  shipments: readonly Shipment[]
  fulfilledLines: readonly string[]
  /** Why it needs a person, oldest first. */
  stalls: readonly Stall[]
}

export type PaymentStatus = 'pending' | 'paid' | 'failed' | 'partially_refunded' | 'refunded' | 'disputed'
export type FulfillmentStatus =
  | 'unfulfilled'
  | 'partially_fulfilled'
  | 'fulfilled'
  | 'shipped'
  | 'delivered'
  | 'stalled'
export type OrderSummary = 'PENDING' | 'PAID' | 'SHIPPED' | 'DELIVERED' | 'CANCELED' | 'REFUNDED'

/** The order after one more event. An order starts with `order.placed`, and once; anything else is a bug, and throws. */
export function evolve(order: Order | undefined, event: OrderEvent): Order {
  if (order && order.id !== event.order) throw new Error(`${order.id}: ${event.type} is of ${event.order}`)
  if (event.type === 'order.placed') {
    if (order) throw new Error(`${event.order}: order.placed a second time`)
    return placed(event)
  }
  if (!order) throw new Error(`${event.order}: ${event.type} without order.placed before it`)
  return { ...order, ...changes(order, event), version: order.version + 1 }
}

/** The order that these events, oldest first, make. */
export const replay = (events: readonly OrderEvent[], order?: Order): Order | undefined => events.reduce(evolve, order)

function placed(event: OrderPlaced): Order {
  return {
    id: event.order,
    shop: event.shop,
    version: 1,
    placedAt: event.at,
    expiresAt: event.expiresAt,
    currency: event.currency,
    lines: event.lines,
    shipTo: event.shipTo,
    shipping: event.shipping ?? null,
    checkout: null,
    payment: { id: null, state: 'none' },
    paid: null,
    canceled: null,
    refunds: [],
    disputes: [],
    shipments: [],
    fulfilledLines: [],
    stalls: [],
  }
}

function changes(order: Order, event: Exclude<OrderEvent, OrderPlaced>): Partial<Order> {
  switch (event.type) {
    case 'order.checkout_opened':
      return { checkout: event.checkout }
    case 'order.payment_processing':
      return { payment: { id: event.payment, state: 'processing', ...askedBy(event) } }
    case 'order.payment_failed':
      return { payment: { id: event.payment, state: 'failed', ...askedBy(event) } }
    case 'order.paid':
      return {
        payment: { id: event.payment, state: 'paid' },
        paid: { at: event.at, amount: event.amount, shipping: event.shipping },
      }
    case 'order.canceled':
      return { canceled: { at: event.at, reason: event.reason } }
    case 'order.refunded':
      return {
        refunds: [...order.refunds, { id: event.refund, amount: event.amount, at: event.refundedAt, failed: false }],
      }
    case 'order.refund_failed':
      return { refunds: order.refunds.map((r) => (r.id === event.refund ? { ...r, failed: true } : r)) }
    case 'order.disputed':
      return { disputes: [...order.disputes, { id: event.dispute, amount: event.amount, outcome: 'open' }] }
    case 'order.dispute_closed':
      return { disputes: order.disputes.map((d) => (d.id === event.dispute ? { ...d, outcome: event.outcome } : d)) }
    case 'order.shipped':
      return { shipments: [...order.shipments, { id: event.shipment, lines: event.lines, deliveredAt: null }] }
    case 'order.delivered':
      return { shipments: order.shipments.map((s) => (s.id === event.shipment ? { ...s, deliveredAt: event.at } : s)) }
    case 'order.fulfilled':
      return { fulfilledLines: [...new Set([...order.fulfilledLines, ...event.lines])] }
    case 'order.stalled':
      return { stalls: [...order.stalls, { at: event.at, reason: event.reason, detail: event.detail }] }
  }
}

type Delayed = Extract<OrderEvent, { type: 'order.payment_processing' | 'order.payment_failed' }>
const askedBy = ({ amount, shipping }: Delayed): Pick<Order['payment'], 'asked'> =>
  amount === undefined || shipping === undefined ? {} : { asked: { amount, shipping } }

/** What was paid, or what a bank was asked for; nothing before the buyer has chosen how to ship and pay. */
export const chargeOf = ({ paid, payment }: Pick<Order, 'paid' | 'payment'>): Money | null =>
  paid ?? payment.asked ?? null

/** What the lines cost together, without shipping, in minor units. */
export const subtotalOf = (order: Pick<Order, 'lines'>): number =>
  order.lines.reduce((sum, line) => sum + line.unitAmount * line.quantity, 0)

/** What has gone back to the buyer, in minor units. */
export const refundedAmount = (order: Order): number =>
  order.refunds.reduce((sum, refund) => sum + (refund.failed ? 0 : refund.amount), 0)

/** Whether the money for the goods is back, with that for shipping or without: at least what they cost, and more than shipping did. */
export function isGoodsMoneyBack(order: Order): boolean {
  if (!order.paid) return false
  const { amount, shipping } = order.paid
  const refunded = refundedAmount(order)
  return refunded > 0 && (refunded >= amount || (refunded >= amount - shipping && refunded > shipping))
}

/** Whether a person was asked for because of this. */
export const isStalledBy = (order: Order, reason: StallReason): boolean =>
  order.stalls.some((stall) => stall.reason === reason)

/** Where the money is. */
export function paymentStatus(order: Order): PaymentStatus {
  const { state } = order.payment
  // A bank may be at work on an order that was given up meanwhile: then it is not over.
  if (!order.paid) return state === 'failed' || (order.canceled && state !== 'processing') ? 'failed' : 'pending'
  if (order.disputes.some((dispute) => dispute.outcome !== 'won')) return 'disputed'
  const refunded = refundedAmount(order)
  if (refunded === 0) return 'paid'
  return refunded >= order.paid.amount ? 'refunded' : 'partially_refunded'
}

/**
 * Where the goods are. Downloads count as fulfilled once they are ready, parcels once they are on their way; what is
 * still owed is stalled when it needs a person.
 */
export function fulfillmentStatus(order: Order): FulfillmentStatus {
  const shipped = shippedLines(order)
  const parcels = order.lines.filter((line) => line.parcel)
  if (parcels.length > 0 && parcels.every((line) => shipped.has(line.id))) {
    return order.shipments.every((shipment) => shipment.deliveredAt) ? 'delivered' : 'shipped'
  }
  const done = order.lines.filter((line) => shipped.has(line.id) || order.fulfilledLines.includes(line.id))
  if (done.length === order.lines.length) return 'fulfilled'
  if (order.stalls.length > 0) return 'stalled'
  return done.length > 0 ? 'partially_fulfilled' : 'unfulfilled'
}

const shippedLines = (order: Order): ReadonlySet<string> =>
  new Set(order.shipments.flatMap((shipment) => shipment.lines))

/** One word for people and the API. */
export function summaryOf(order: Order): OrderSummary {
  const payment = paymentStatus(order)
  if (payment === 'refunded') return 'REFUNDED'
  if (payment === 'failed') return 'CANCELED'
  if (payment === 'pending') return 'PENDING'
  const fulfillment = fulfillmentStatus(order)
  if (fulfillment === 'shipped') return 'SHIPPED'
  return fulfillment === 'delivered' ? 'DELIVERED' : 'PAID'
}

/**
 * What the order holds back from other buyers, by price id: from the moment it is placed until it is given up, or its
 * money is back before anything was shipped.
 */
export function reservedBy(order: Order | undefined): Map<string, number> {
  const reserved = new Map<string, number>()
  const status = order && paymentStatus(order)
  if (!order || status === 'failed') return reserved
  const shipped = shippedLines(order)
  const held = status === 'refunded' ? order.lines.filter((line) => shipped.has(line.id)) : order.lines
  for (const { price, quantity } of held.flatMap((line) => line.takes)) {
    reserved.set(price, (reserved.get(price) ?? 0) + quantity)
  }
  return reserved
}

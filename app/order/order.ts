import type {
  LineQuantity,
  OrderEvent,
  OrderLine,
  OrderPlaced,
  RefundReason,
  Settlement,
  Shipping,
  StallReason,
} from './event.ts'
import type { OrderId, ShopId } from './id.ts'

/** Money given back, as Stripe has it; `failed` when the bank sent it back to the shop. Amounts are minor units. */
export type Refund = { id: string; amount: number; at: string; failed: boolean; request?: string }
/** Money that a person wants given back, for so much of these lines; `refused` when Stripe will not. Minor units. */
export type RefundRequest = {
  id: string
  amount: number
  lines: readonly LineQuantity[]
  restock: boolean
  shipping?: true
  reason: RefundReason
  refused?: true
}
export type Dispute = { id: string; amount: number; outcome: 'open' | 'won' | 'lost' }
export type Stall = { at: string; reason: StallReason; detail: string; settled?: Settlement }
export type Shipment = {
  id: string
  lines: readonly string[]
  shippedAt?: string
  carrier?: string
  deliveredAt: string | null
}

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
  /** Only where there are any. */
  refundRequests?: readonly RefundRequest[]
  disputes: readonly Dispute[]
  shipments: readonly Shipment[]
  fulfilledLines: readonly string[]
  /** Why it needs a person, oldest first. */
  stalls: readonly Stall[]
}

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
    case 'order.refund_requested': {
      const { request: id, amount, lines, restock, shipping, reason } = event
      const request = { id, amount, lines, restock, ...(shipping && { shipping }), reason }
      return { refundRequests: [...(order.refundRequests ?? []), request] }
    }
    case 'order.refund_refused':
      return {
        refundRequests: (order.refundRequests ?? []).map((one) =>
          one.id === event.request ? { ...one, refused: true } : one,
        ),
      }
    case 'order.refunded': {
      const { refund: id, amount, refundedAt: at, request } = event
      return { refunds: [...order.refunds, { id, amount, at, failed: false, ...(request && { request }) }] }
    }
    case 'order.refund_failed':
      return { refunds: order.refunds.map((r) => (r.id === event.refund ? { ...r, failed: true } : r)) }
    case 'order.disputed':
      return { disputes: [...order.disputes, { id: event.dispute, amount: event.amount, outcome: 'open' }] }
    case 'order.dispute_closed':
      return { disputes: order.disputes.map((d) => (d.id === event.dispute ? { ...d, outcome: event.outcome } : d)) }
    case 'order.shipped':
      return { shipments: [...order.shipments, shipmentOf(event)] }
    case 'order.delivered':
      return { shipments: order.shipments.map((s) => (s.id === event.shipment ? { ...s, deliveredAt: event.at } : s)) }
    case 'order.fulfilled':
      return { fulfilledLines: [...new Set([...order.fulfilledLines, ...event.lines])] }
    case 'order.stalled':
      return { stalls: [...order.stalls, { at: event.at, reason: event.reason, detail: event.detail }] }
    case 'order.stall_settled':
      return {
        stalls: order.stalls.map((stall) =>
          stall.reason === event.reason && !stall.settled ? { ...stall, settled: event.decision } : stall,
        ),
      }
    case 'order.mail_requested':
    case 'order.customer_changed':
      return {}
  }
}

const shipmentOf = ({
  shipment: id,
  lines,
  carrier,
  at,
}: Extract<OrderEvent, { type: 'order.shipped' }>): Shipment => ({
  id,
  lines,
  shippedAt: at,
  ...(carrier && { carrier }),
  deliveredAt: null,
})

type Delayed = Extract<OrderEvent, { type: 'order.payment_processing' | 'order.payment_failed' }>
const askedBy = ({ amount, shipping }: Delayed): Pick<Order['payment'], 'asked'> =>
  amount === undefined || shipping === undefined ? {} : { asked: { amount, shipping } }

/** What was paid, or what a bank was asked for; nothing before the buyer has chosen how to ship and pay. */
export const chargeOf = ({ paid, payment }: Pick<Order, 'paid' | 'payment'>): Money | null =>
  paid ?? payment.asked ?? null

/** What the lines cost together, without shipping, in minor units. */
export const subtotalOf = (order: Pick<Order, 'lines'>): number =>
  order.lines.reduce((sum, line) => sum + line.unitAmount * line.quantity, 0)

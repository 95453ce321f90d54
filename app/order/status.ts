import type { OrderLine, StallReason } from './event.ts'
import type { Order, RefundRequest, Stall } from './order.ts'

// What an order's fold says: where the money is, where the goods are, what is back, what needs a person. Computed, never stored.

export type PaymentStatus = 'pending' | 'paid' | 'failed' | 'partially_refunded' | 'refunded' | 'disputed'
export type FulfillmentStatus =
  | 'unfulfilled'
  | 'partially_fulfilled'
  | 'fulfilled'
  | 'shipped'
  | 'delivered'
  | 'stalled'
export type OrderSummary = 'PENDING' | 'PAID' | 'SHIPPED' | 'DELIVERED' | 'CANCELED' | 'REFUNDED'

/** What needs a person, and nobody has settled yet. */
export const openStalls = (order: Order): readonly Stall[] => order.stalls.filter((stall) => !stall.settled)

/** Whether a person was asked for because of this, whatever came of it. */
export const isStalledBy = (order: Order, reason: StallReason): boolean =>
  order.stalls.some((stall) => stall.reason === reason)

/**
 * Whether a person is asked because of this, or has said that nothing is to be given: then nobody is asked again. Of money that does not
 * go back they are, each time.
 */
export const isAskedAbout = (order: Order, reason: StallReason): boolean =>
  order.stalls.some(
    (stall) =>
      stall.reason === reason && (!stall.settled || (stall.settled === 'withhold' && reason !== 'refund-failed')),
  )

/** Whether a maintainer called it off, and nobody has decided otherwise since. */
export const isCalledOff = (order: Order): boolean =>
  order.canceled?.reason === 'maintainer' && !isGivenAfter(order, order.canceled.at)

/** What it stalled for before, and was settled, was about something else. */
const isGivenAfter = (order: Order, instant: string): boolean =>
  order.stalls.some(({ at, settled }) => settled === 'give' && at >= instant)

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
  const left = linesLeft(order)
  const lines = left.length > 0 ? left : order.lines
  const parcels = lines.filter((line) => line.parcel)
  if (parcels.length > 0 && parcels.every((line) => shipped.has(line.id))) {
    return order.shipments.every((shipment) => shipment.deliveredAt) ? 'delivered' : 'shipped'
  }
  const done = lines.filter((line) => shipped.has(line.id) || order.fulfilledLines.includes(line.id))
  if (done.length === lines.length) return 'fulfilled'
  if (openStalls(order).length > 0) return 'stalled'
  return done.length > 0 ? 'partially_fulfilled' : 'unfulfilled'
}

/** The lines that are in a parcel on its way, or there. */
export const shippedLines = (order: Order): ReadonlySet<string> =>
  new Set(order.shipments.flatMap((shipment) => shipment.lines))

/** One word for people and the API. */
export function summaryOf(order: Order): OrderSummary {
  const payment = paymentStatus(order)
  if (payment === 'refunded') return 'REFUNDED'
  if (payment === 'failed') return 'CANCELED'
  if (payment === 'pending') return 'PENDING'
  if (isCalledOff(order) && order.paid?.amount === 0) return 'CANCELED'
  const fulfillment = fulfillmentStatus(order)
  if (fulfillment === 'shipped') return 'SHIPPED'
  return fulfillment === 'delivered' ? 'DELIVERED' : 'PAID'
}

/** What has gone back to the buyer, in minor units. */
export const refundedAmount = (order: Order): number =>
  order.refunds.reduce((sum, refund) => sum + (refund.failed ? 0 : refund.amount), 0)

/**
 * Whether the money for the goods is back or on its way, with that for shipping or without: at least what they cost, and more than shipping did. Where a
 * person said which lines it is for, the lines tell (.github/decisions/021-money-back-closes-downloads.md).
 */
export function isGoodsMoneyBack(order: Order): boolean {
  if (!order.paid) return false
  const { amount, shipping } = order.paid
  const said = requestsOf(order).filter(({ lines }) => lines.length > 0)
  const made = order.refunds.filter(({ failed, request }) => !failed && !said.some(({ id }) => id === request))
  const unsaid = [...made, ...refundsUnderway(order).filter(({ lines }) => lines.length === 0)]
  const refunded = unsaid.reduce((sum, refund) => sum + refund.amount, 0)
  return refunded > 0 && (refunded >= amount || (refunded >= amount - shipping && refunded > shipping))
}

/** What people wanted given back, oldest first. */
export const requestsOf = (order: Order): readonly RefundRequest[] => order.refundRequests ?? []

/** What is on its way back: asked for by a person, and not answered yet. */
export const refundsUnderway = (order: Order): readonly RefundRequest[] =>
  requestsOf(order).filter(({ id, refused }) => !refused && !order.refunds.some(({ request }) => request === id))

/** What can still be given back, in minor units: not what is back already, or on its way. */
export const refundableAmount = (order: Order): number =>
  (order.paid?.amount ?? 0) -
  refundedAmount(order) -
  refundsUnderway(order).reduce((sum, { amount }) => sum + amount, 0)

/** Whether nothing came of what a person wanted given back. A refund that was made tells, whatever Stripe had said before. */
function isOff(order: Order, { id, refused }: RefundRequest): boolean {
  const made = order.refunds.filter(({ request }) => request === id)
  return made.length > 0 ? made.every(({ failed }) => failed) : refused === true
}

/** Whether a person has had what shipping cost given back. */
export const isShippingBack = (order: Order): boolean =>
  requestsOf(order).some((request) => request.shipping && !isOff(order, request))

/** How much of each line is given back, or on its way, by its id; a refund that failed counts for nothing. */
export function refundedQuantities(order: Order, counts = (_: RefundRequest): boolean => true): Map<string, number> {
  const quantities = new Map<string, number>()
  for (const request of requestsOf(order)) {
    if (isOff(order, request) || !counts(request)) continue
    for (const { line, quantity } of request.lines) quantities.set(line, (quantities.get(line) ?? 0) + quantity)
  }
  return quantities
}

/** The lines that are still sold: of which not all is given back. */
export const linesLeft = (order: Order): OrderLine[] => order.lines.filter((line) => quantityLeft(order, line) > 0)

/** How much of a line is still sold. */
export const quantityLeft = (order: Order, { id, quantity }: OrderLine): number =>
  quantity - (refundedQuantities(order).get(id) ?? 0)

import { missingEvents, type PaymentSnapshot, withJobs } from '../../app/order/decide.ts'
import type { Fact, OrderLine } from '../../app/order/event.ts'
import { type Order, replay } from '../../app/order/order.ts'

export const ORDER = 'ord_000000000000000000000001'
/** When, why and to which order the facts of these tests belong. */
export const head = { order: ORDER, shop: 'heron', at: '2026-03-01T09:00:00.000Z', cause: { by: 'buyer' } } as const

export const guide = {
  id: 'guide-pdf',
  title: 'The Heron Guide (PDF)',
  release: { repository: 'heron/goods', tag: 'guide-v1', file: 'heron-guide.pdf' },
}
/** A book to download, 19.00. */
export const book: OrderLine = {
  id: 'line-1',
  price: 'guide/pdf',
  name: 'The Heron Guide (PDF)',
  quantity: 1,
  unitAmount: 1900,
  assets: [guide],
  parcel: null,
  takes: [],
}
/** Two stickers by post, 6.00 together. */
export const stickers: OrderLine = {
  id: 'line-2',
  price: 'sticker',
  name: 'Sticker',
  quantity: 2,
  unitAmount: 300,
  assets: [],
  parcel: { weight: 10 },
  takes: [{ price: 'sticker', quantity: 2 }],
}

export const placed = (lines: OrderLine[] = [book]): Fact => ({
  type: 'order.placed',
  currency: 'eur',
  lines,
  shipTo: lines.some((line) => line.parcel) ? 'DE' : null,
  expiresAt: '2026-03-01T09:35:00.000Z',
})
export const opened: Fact = { type: 'order.checkout_opened', checkout: 'cs_1' }
export const processing: Fact = { type: 'order.payment_processing', payment: 'pi_1' }
export const failed: Fact = { type: 'order.payment_failed', payment: 'pi_1' }
/** Both of the above and 3.50 for shipping, paid. */
export const paidBoth: Fact = { type: 'order.paid', payment: 'pi_1', amount: 2850, shipping: 350, currency: 'eur' }
/** A bank that takes its time was asked for as much. */
export const processingBoth: Fact = { ...processing, amount: 2850, shipping: 350 } as Fact
export const paid: Fact = { type: 'order.paid', payment: 'pi_1', amount: 1900, shipping: 0, currency: 'eur' }
export const expired: Fact = { type: 'order.canceled', reason: 'expired' }
export const refunded = (amount: number, refund = 're_1'): Fact => ({
  type: 'order.refunded',
  refund,
  amount,
  refundedAt: '2026-03-02T09:00:00.000Z',
})
export const refundFailed: Fact = { type: 'order.refund_failed', refund: 're_1' }
export const disputed = { type: 'order.disputed', dispute: 'du_1', amount: 1900 } satisfies Fact
export const disputeClosed = (outcome: 'won' | 'lost'): Fact => ({
  type: 'order.dispute_closed',
  dispute: 'du_1',
  outcome,
})
export const shipped = (...lines: string[]): Fact => ({ type: 'order.shipped', shipment: 'shp_1', lines })
export const delivered = { type: 'order.delivered', shipment: 'shp_1' } satisfies Fact
export const fulfilled = (...lines: string[]): Fact => ({ type: 'order.fulfilled', lines })
export const stalled = (reason: Extract<Fact, { type: 'order.stalled' }>['reason']): Fact => ({
  type: 'order.stalled',
  reason,
  detail: 'see for yourself',
})

/** The order that these facts make. */
export const orderOf = (...facts: Fact[]): Order => replay(withJobs(undefined, facts, head).events) as Order

/** A payment of the book, as Stripe has it. */
export const snapshot = (changes: Partial<PaymentSnapshot> = {}): PaymentSnapshot => ({
  order: ORDER,
  shop: 'heron',
  checkout: 'cs_1',
  payment: changes.state === 'open' || changes.state === 'expired' ? null : 'pi_1',
  state: 'paid',
  currency: 'eur',
  subtotal: 1900,
  shipping: 0,
  total: 1900,
  refunds: [],
  disputes: [],
  ...changes,
})

/** The order after one more snapshot of its payment. */
export const catchUp = (order: Order, now: PaymentSnapshot): Order =>
  replay(withJobs(order, missingEvents(order, now), head).events, order) as Order

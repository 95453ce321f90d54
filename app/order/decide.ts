import type { Job } from '../job/job.ts'
import { jobsFor } from './caused-jobs.ts'
import type { Cause, Fact, OrderEvent } from './event.ts'
import type { OrderId, ShopId } from './id.ts'
import { evolve, type Order, subtotalOf } from './order.ts'
import { isCalledOff, isStalledBy, paymentStatus } from './status.ts'

/** One payment as Stripe has it now, in our words. Amounts are minor units of its currency. */
export type PaymentSnapshot = {
  order: OrderId
  shop: ShopId
  checkout: string
  payment: string | null
  state: 'open' | 'expired' | 'processing' | 'failed' | 'paid'
  currency: string
  subtotal: number
  shipping: number
  total: number
  /** Refunds that went out or are about to, and those that failed. What is not named here has not been looked at. */
  refunds: readonly { id: string; amount: number; at: string; failed: boolean; request?: string }[]
  disputes: readonly { id: string; amount: number; outcome: 'open' | 'won' | 'lost' }[]
}

/**
 * What the order does not know yet of its payment. Called again with the same snapshot, or an older one that was slow
 * to come, it finds nothing.
 */
export function missingEvents(order: Order, now: PaymentSnapshot): Fact[] {
  if (order.paid && now.payment !== order.payment.id) return missingOfPayment(order, now)
  return [...missingOfPayment(order, now), ...missingOfRefunds(order, now), ...missingOfDisputes(order, now)]
}

/** When, why and to which order facts belong. */
export type Head = { order: OrderId; shop: ShopId; at: string; cause: Cause }

/** The head of facts about an order that is known. */
export const headOf = ({ id, shop }: Pick<Order, 'id' | 'shop'>, now: Date, cause: Cause): Head => ({
  order: id,
  shop,
  at: now.toISOString(),
  cause,
})

/** Facts become events, together with the jobs they cause: what one transaction writes. */
export function withJobs(
  order: Order | undefined,
  facts: readonly Fact[],
  head: Head,
): { events: OrderEvent[]; jobs: Job[] } {
  const events: OrderEvent[] = []
  const jobs: Job[] = []
  let current = order
  for (const fact of facts) {
    const event = { ...head, ...fact } as OrderEvent
    current = evolve(current, event)
    events.push(event)
    jobs.push(...jobsFor(event))
  }
  return { events, jobs }
}

function missingOfPayment(order: Order, now: PaymentSnapshot): Fact[] {
  const opened: Fact[] = order.checkout ? [] : [{ type: 'order.checkout_opened', checkout: now.checkout }]
  const { payment, total: amount, shipping } = now
  if (order.paid)
    return now.state === 'paid' && payment !== order.payment.id ? [...opened, ...paidTwice(order, now)] : opened
  switch (now.state) {
    case 'open':
      return opened
    case 'expired':
      if (order.canceled || order.payment.state !== 'none') return opened
      return [...opened, { type: 'order.canceled', reason: 'expired' }]
    case 'processing':
      return order.payment.state === 'none'
        ? [...opened, { type: 'order.payment_processing', payment, amount, shipping }]
        : opened
    case 'failed':
      return order.payment.state === 'failed'
        ? opened
        : [...opened, { type: 'order.payment_failed', payment, amount, shipping }]
    case 'paid':
      return [...opened, paid(now), ...doubts(order, now)]
  }
}

const paid = (now: PaymentSnapshot): Fact => ({
  type: 'order.paid',
  payment: now.payment,
  amount: now.total,
  shipping: now.shipping,
  currency: now.currency,
})

/** A payment is a fact and never refused; what is odd about it stalls the order for a person. */
function doubts(order: Order, now: PaymentSnapshot): Fact[] {
  const subtotal = subtotalOf(order)
  if (now.currency !== order.currency || now.subtotal !== subtotal) {
    const detail = `Stripe took ${now.subtotal} ${now.currency}, the order is ${subtotal} ${order.currency} (minor units)`
    return [{ type: 'order.stalled', reason: 'amount-differs', detail }]
  }
  if (isCalledOff(order)) {
    const detail = 'paid after it was called off: give the money back, or what was bought'
    return [{ type: 'order.stalled', reason: 'paid-late', detail }]
  }
  if ((order.canceled || paymentStatus(order) === 'failed') && order.lines.some((line) => line.takes.length > 0)) {
    return [
      { type: 'order.stalled', reason: 'paid-late', detail: 'paid after it was given up: see whether there is stock' },
    ]
  }
  return []
}

function paidTwice(order: Order, now: PaymentSnapshot): Fact[] {
  if (isStalledBy(order, 'paid-twice')) return []
  return [
    { type: 'order.stalled', reason: 'paid-twice', detail: `${now.payment} paid it again: refund one of the two` },
  ]
}

function missingOfRefunds(order: Order, now: PaymentSnapshot): Fact[] {
  return now.refunds.flatMap(({ id, amount, at, failed, request }): Fact[] => {
    const known = order.refunds.find((refund) => refund.id === id)
    const made: Fact[] = known
      ? []
      : [{ type: 'order.refunded', refund: id, amount, refundedAt: at, ...(request && { request }) }]
    if (!failed || known?.failed) return made
    return [
      ...made,
      { type: 'order.refund_failed', refund: id },
      { type: 'order.stalled', reason: 'refund-failed', detail: `${id} failed: the money is back with the shop` },
    ]
  })
}

function missingOfDisputes(order: Order, now: PaymentSnapshot): Fact[] {
  return now.disputes.flatMap(({ id, amount, outcome }): Fact[] => {
    const known = order.disputes.find((dispute) => dispute.id === id)
    const opened: Fact[] = known ? [] : [{ type: 'order.disputed', dispute: id, amount }]
    const closed: Fact[] =
      outcome === 'open' || known?.outcome === outcome ? [] : [{ type: 'order.dispute_closed', dispute: id, outcome }]
    return [...opened, ...closed]
  })
}

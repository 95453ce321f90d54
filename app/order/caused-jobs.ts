import { type Job, jobDueAt, type MailKind, type Work } from '../job/job.ts'
import type { OrderEvent } from './event.ts'
import type { OrderId } from './id.ts'

/** Stripe closes a Session on its own time; we look a little later. */
const CLOSE_CHECKOUT_AFTER_SECONDS = 120

/** The id of the job that mails an order's receipt. */
export const receiptJob = (order: OrderId): string => `receipt:${order}`

/** The jobs that a fact, just recorded, causes. A fact that comes again finds its job done, or takes its place. */
export function jobsFor(event: OrderEvent): Job[] {
  const { order } = event
  const job = (work: Work, name: string, dueAt = event.at) => jobDueAt(dueAt, work, `${name}:${order}`)
  const mail = (kind: MailKind, about: string | undefined = undefined) =>
    job({ kind: 'mail', mail: kind, order, ...(about && { about }) }, about ? `${kind}:${about}` : kind)
  switch (event.type) {
    case 'order.placed': {
      const dueAt = new Date(Date.parse(event.expiresAt) + CLOSE_CHECKOUT_AFTER_SECONDS * 1000).toISOString()
      return [job({ kind: 'close-checkout', order }, 'close-checkout', dueAt)]
    }
    case 'order.paid':
      return [mail('receipt'), job({ kind: 'fulfill', order }, 'fulfill')]
    case 'order.refund_failed':
    case 'order.refund_refused':
    case 'order.dispute_closed':
      // Downloads are open again; what was not ready before gets another look.
      return [job({ kind: 'fulfill', order }, 'fulfill')]
    case 'order.payment_processing':
      return [mail('payment-processing')]
    case 'order.payment_failed':
      return [mail('payment-failed')]
    case 'order.canceled':
      return event.reason === 'maintainer' ? [mail('canceled')] : []
    case 'order.refund_requested':
      return [job({ kind: 'refund', order, request: event.request }, `refund:${event.request}`)]
    case 'order.refunded':
      return [mail('refunded', event.refund)]
    case 'order.shipped':
      return [mail('shipped', event.shipment)]
    case 'order.delivered':
      return [mail('delivered', event.shipment)]
    case 'order.mail_requested':
      return [mail(event.mail, event.request)]
    case 'order.stall_settled':
      return event.decision === 'give' ? [job({ kind: 'fulfill', order }, 'fulfill')] : []
    case 'order.checkout_opened':
    case 'order.disputed':
    case 'order.fulfilled':
    case 'order.stalled':
    case 'order.customer_changed':
      return []
  }
}

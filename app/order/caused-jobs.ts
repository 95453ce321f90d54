import { type Job, jobDueAt, type Work } from '../job/job.ts'
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
  switch (event.type) {
    case 'order.placed': {
      const dueAt = new Date(Date.parse(event.expiresAt) + CLOSE_CHECKOUT_AFTER_SECONDS * 1000).toISOString()
      return [job({ kind: 'close-checkout', order }, 'close-checkout', dueAt)]
    }
    case 'order.paid':
      return [
        jobDueAt(event.at, { kind: 'mail', mail: 'receipt', order }, receiptJob(order)),
        job({ kind: 'fulfill', order }, 'fulfill'),
      ]
    case 'order.refund_failed':
    case 'order.dispute_closed':
      // Downloads are open again; what was not ready before gets another look.
      return [job({ kind: 'fulfill', order }, 'fulfill')]
    case 'order.payment_processing':
      return [job({ kind: 'mail', mail: 'payment-processing', order }, 'payment-processing')]
    case 'order.payment_failed':
      return [job({ kind: 'mail', mail: 'payment-failed', order }, 'payment-failed')]
    case 'order.checkout_opened':
    case 'order.canceled':
    case 'order.refunded':
    case 'order.disputed':
    case 'order.shipped':
    case 'order.delivered':
    case 'order.fulfilled':
    case 'order.stalled':
      return []
  }
}

import { type JobOutcome, jobDueAt } from '../job/job.ts'
import { headOf, withJobs } from '../order/decide.ts'
import type { Cause } from '../order/event.ts'
import type { OrderId } from '../order/id.ts'
import { refundsUnderway } from '../order/status.ts'
import type { Parts } from '../parts.ts'
import { isFinal } from '../stripe/checkout.ts'
import { refundPayment } from '../stripe/refund.ts'

/**
 * Has Stripe give back what a person asked for, unless that is done; then the payment is caught up with, as after every refund. What Stripe
 * will never do needs a person. Rejects when Stripe is down.
 */
export async function giveBack(parts: Parts, id: OrderId, request: string, job: string): Promise<JobOutcome> {
  const order = await parts.store.order(id)
  const asked = order && refundsUnderway(order).find((one) => one.id === request)
  if (!order?.payment.id || !asked) return { end: 'done' }
  try {
    const object = await refundPayment(parts.stripe, order, order.payment.id, { ...asked, request })
    return { end: 'again', job: jobDueAt(parts.now().toISOString(), { kind: 'catch-up', object }, job) }
  } catch (error) {
    if (!isFinal(error)) throw error
    await recordRefusal(parts, id, request, { by: 'job', job })
    return {
      end: 'stalled',
      reason: 'refund-failed',
      detail: `Stripe refuses to give the money back: ${codeOf(error)}`,
    }
  }
}

async function recordRefusal(
  parts: Pick<Parts, 'store' | 'now'>,
  id: OrderId,
  request: string,
  cause: Cause,
): Promise<void> {
  await parts.store.transact({ order: id }, ({ order }) => {
    if (!order || !refundsUnderway(order).some((one) => one.id === request)) return {}
    return withJobs(order, [{ type: 'order.refund_refused', request }], headOf(order, parts.now(), cause))
  })
}

/** Stripe's word for why; its sentences may name what is not ours to write down. */
const codeOf = (error: unknown): string => (error as { code?: string }).code ?? 'it gives no reason'

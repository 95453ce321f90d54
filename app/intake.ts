import { jobDueAt } from './order/job.ts'
import type { Parts } from './parts.ts'
import { type StripeDelivery, verifyStripeDelivery } from './stripe/verify.ts'

// The way in. A delivery from outside only says "look": it is kept, with the job to look, in one durable write.
// Nothing else happens before the answer: no call, no mail.

export type Received = 'kept' | 'known' | 'forged'

/** Takes a webhook of Stripe's: the raw body and its signature. Rejects when it can't be kept: Stripe then tries again. */
export async function receiveDelivery(
  parts: Pick<Parts, 'config' | 'store' | 'now'>,
  raw: string,
  signature: string | undefined,
): Promise<Received> {
  const delivery = verifyStripeDelivery(parts.config.STRIPE_WEBHOOK_SECRET, raw, signature, parts.now())
  return delivery ? keepDelivery(parts, delivery) : 'forged'
}

/** Keeps a knock and its job, once. Also how events that were never delivered come in, when we ask for them. */
export async function keepDelivery(
  parts: Pick<Parts, 'store' | 'now'>,
  { id, type, object }: StripeDelivery,
): Promise<'kept' | 'known'> {
  const delivery = `stripe:${id}`
  const receivedAt = parts.now().toISOString()
  const { kept } = await parts.store.transact({ delivery }, ({ delivered }) => {
    if (delivered) return { kept: false }
    const look = object && concernsOrders(type) ? [jobDueAt(receivedAt, { kind: 'catch-up', object }, delivery)] : []
    return { kept: true, delivery: { id: delivery, type, receivedAt }, jobs: look }
  })
  return kept ? 'kept' : 'known'
}

/** The events a shop subscribes to; others are kept and left alone. https://docs.stripe.com/api/events/types */
export const STRIPE_EVENTS = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
] as const

const concernsOrders = (type: string): boolean => (STRIPE_EVENTS as readonly string[]).includes(type)

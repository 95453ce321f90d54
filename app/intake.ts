import { hash } from 'node:crypto'
import { type GitHubHeaders, verifyGitHubDelivery } from './github/verify.ts'
import { type JobRequest, jobsDue } from './job/job.ts'
import type { Parts } from './parts.ts'
import { jobsForDelivery } from './repository/events.ts'
import { type StripeDelivery, verifyStripeDelivery } from './stripe/verify.ts'

// The way in. A delivery from outside only says "look": it is kept, with the job to look, in one durable write.
// Nothing else happens before the answer: no call, no mail.

/** `nothing`: genuine, and not about anything that we look at. It is not written down: a busy repository has many of those. */
export type Received = 'kept' | 'known' | 'nothing' | 'forged'

/** Takes a webhook of Stripe's: the raw body and its signature. Rejects when it can't be kept: Stripe then tries again. */
export async function receiveStripeDelivery(
  parts: Pick<Parts, 'config' | 'store' | 'now'>,
  raw: string,
  signature: string | undefined,
): Promise<Received> {
  const delivery = verifyStripeDelivery(parts.config.STRIPE_WEBHOOK_SECRET, raw, signature, parts.now())
  return delivery ? keepStripeDelivery(parts, delivery) : 'forged'
}

/**
 * Takes a webhook of GitHub's. When it can't be kept it rejects: GitHub tries nothing again, but our sweep asks it to. What is signed is
 * the body alone, so the body is what is known again, whatever GUID it comes with.
 */
export async function receiveGitHubDelivery(
  parts: Pick<Parts, 'config' | 'store' | 'now'>,
  raw: string,
  headers: GitHubHeaders,
): Promise<Received> {
  const delivery = await verifyGitHubDelivery(parts.config.GITHUB_WEBHOOK_SECRET, raw, headers)
  if (!delivery) return 'forged'
  const type = [delivery.event, delivery.payload.action].filter(Boolean).join('.')
  // A body that was kept before is not kept again under another id; but a branch that was moved back and forth says the same twice,
  // so it is looked at again: that work is the same job.
  const [id, jobs] = [`github:${hash('sha256', raw, 'base64url')}`, jobsForDelivery(delivery)]
  return keepDelivery(parts, { id, type, jobs, again: jobs })
}

/** Keeps a delivery of Stripe's. Also how events that were never delivered come in, when we ask for them. */
export async function keepStripeDelivery(
  parts: Pick<Parts, 'store' | 'now'>,
  { id, type, object }: StripeDelivery,
): Promise<Exclude<Received, 'forged'>> {
  const delivery = `stripe:${id}`
  const jobs: JobRequest[] =
    object && concernsOrders(type) ? [{ id: delivery, work: { kind: 'catch-up', object } }] : []
  return keepDelivery(parts, { id: delivery, type, jobs, again: [] })
}

/** Keeps a delivery and the jobs it causes, once; `again` is what one that is known causes. */
async function keepDelivery(
  parts: Pick<Parts, 'store' | 'now'>,
  { id, type, jobs, again }: Record<'jobs' | 'again', readonly JobRequest[]> & { id: string; type: string },
): Promise<Exclude<Received, 'forged'>> {
  if (jobs.length === 0) return 'nothing'
  const now = parts.now()
  const { kept } = await parts.store.transact({ delivery: id }, ({ delivered }) => {
    if (delivered) return { kept: false, jobs: jobsDue(again, now) }
    return { kept: true, delivery: { id, type, receivedAt: now.toISOString() }, jobs: jobsDue(jobs, now) }
  })
  return kept ? 'kept' : 'known'
}

/** The events a shop subscribes to; others are left alone. https://docs.stripe.com/api/events/types */
export const STRIPE_EVENTS = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'payment_intent.canceled',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'charge.dispute.closed',
] as const

const concernsOrders = (type: string): boolean => (STRIPE_EVENTS as readonly string[]).includes(type)

import { keepStripeDelivery, STRIPE_EVENTS } from './intake.ts'
import type { Job, JobOutcome } from './job/job.ts'
import { ensureSweep, type Sweep, sweptAgain } from './job/sweep.ts'
import { headOf, missingEvents, withJobs } from './order/decide.ts'
import type { Cause } from './order/event.ts'
import type { OrderId } from './order/id.ts'
import { restoredFacts } from './order/restore.ts'
import { paymentStatus } from './order/status.ts'
import type { Parts } from './parts.ts'
import { fetchLines, fetchPayment, type Patience, type Payment } from './stripe/payment.ts'

// The work fetches what is true now. Webhook, return page and sweep all end here, so it does not matter which of them
// comes, how often, or in which order.

type CatchUpParts = Pick<Parts, 'stripe' | 'store' | 'now' | 'log'> & { shop: Pick<Parts['shop'], 'known'> }

/** Mails are tried for as long. */
const MAILED_WITHIN_DAYS = 3

const SWEEP: Sweep = { id: 'sweep:stripe', kind: 'sweep', everySeconds: 60, overlapMinutes: 10, keptMinutes: 60 }
/**
 * Asks Stripe for the payment behind an object and records what its order lacks. Gives the order's id, or nothing
 * when the payment is not ours. Rejects when Stripe is down: try again later.
 */
export async function catchUpWithPayment(
  parts: CatchUpParts,
  object: string,
  cause: Cause,
  patience: Patience = {},
): Promise<OrderId | undefined> {
  const payment = await fetchPayment(parts.stripe, object, patience)
  if (!payment) return undefined
  return (await recordPayment(parts, payment, cause)) ?? (await takeInLost(parts, payment, cause))
}

/** Records what the payment's order lacks; nothing when the store does not have that order. */
async function recordPayment(
  parts: Pick<Parts, 'store' | 'now' | 'log'>,
  { snapshot, customer }: Payment,
  cause: Cause,
  isWorth: (job: Job) => boolean = () => true,
): Promise<OrderId | undefined> {
  const { order: id, shop } = snapshot
  const recorded = await parts.store.transact({ order: id, customer: true }, ({ order, customer: known }) => {
    if (order?.shop !== shop) return { known: false, events: [] }
    const facts = missingEvents(order, snapshot)
    const { events, jobs } = withJobs(order, facts, headOf(order, parts.now(), cause))
    // Paid, it is known where to send it; what a maintainer mended or noted since stays.
    const isTold = customer && (known ? facts.some(({ type }) => type === 'order.paid') : facts.length > 0)
    return { known: true, events, jobs: jobs.filter(isWorth), ...(isTold && { customer: { ...known, ...customer } }) }
  })
  for (const event of recorded.events) {
    parts.log.info({ order: id, event: event.type, by: cause.by }, 'recorded')
    if (event.type === 'order.stalled') {
      parts.log.error({ order: id, reason: event.reason, detail: event.detail }, 'order needs a person')
    }
  }
  return recorded.known ? id : undefined
}

/**
 * Ours writes an order before Stripe hears of it, so one that Stripe was paid for and the store does not have was lost: with a lost
 * disk, or by a copy put back. It begins anew, from what was paid. Another shop may use the same account: theirs is left alone.
 * Rejects while nothing is known of what is sold here: then it is tried again.
 */
async function takeInLost(parts: CatchUpParts, payment: Payment, cause: Cause): Promise<OrderId | undefined> {
  const { order: id, shop, checkout, state, currency } = payment.snapshot
  if (state !== 'paid' && state !== 'processing') return undefined
  const catalog = parts.shop.known()
  if (!catalog) throw new Error(`${id} is not known here, and neither is what this shop sells`)
  if (shop !== catalog.shop.id) return undefined
  const lines = await fetchLines(parts.stripe, checkout)
  const { expiresAt, openedAt, customer } = payment
  const facts = restoredFacts(catalog, { currency, lines, shipTo: customer?.address?.country ?? null, expiresAt })
  const { events, jobs } = withJobs(undefined, facts, headOf({ id, shop }, new Date(openedAt), cause))
  await parts.store.transact({ order: id }, ({ order }) => (order ? {} : { events, jobs }))
  parts.log.error({ order: id, checkout }, 'the store had lost an order that was paid; it was taken in from Stripe')
  return recordPayment(parts, payment, cause, (job) => job.work.kind !== 'mail' || isNews(payment, parts.now()))
}

/** Who bought long ago, or has the money back, was told of it, and is not told again because we lost it. */
function isNews({ snapshot, openedAt }: Payment, now: Date): boolean {
  const back = snapshot.refunds.reduce((sum, { amount, failed }) => sum + (failed ? 0 : amount), 0)
  return now.getTime() - Date.parse(openedAt) < MAILED_WITHIN_DAYS * 86_400_000 && back < snapshot.total
}

/** Records that an order which nobody paid has come to nothing; its stock is free again. */
export async function giveUpOrder(
  parts: Pick<Parts, 'store' | 'now'>,
  id: OrderId,
  reason: 'expired' | 'not-started' | 'replaced',
  cause: Cause,
): Promise<void> {
  await parts.store.transact({ order: id }, ({ order }) => {
    if (!order || paymentStatus(order) !== 'pending' || order.payment.state !== 'none') return {}
    return withJobs(order, [{ type: 'order.canceled', reason }], headOf(order, parts.now(), cause))
  })
}

/** Takes in every event since then that was never delivered, as if it had been. Gives how many were new. */
async function sweepEvents(parts: Pick<Parts, 'stripe' | 'store' | 'now'>, since: Date): Promise<number> {
  const gte = Math.floor(since.getTime() / 1000)
  let kept = 0
  for await (const event of parts.stripe.events.list({ created: { gte }, types: [...STRIPE_EVENTS], limit: 100 })) {
    const { id, type } = event
    const object = (event.data.object as { id?: string }).id ?? null
    if ((await keepStripeDelivery(parts, { id, type, object })) === 'kept') kept += 1
  }
  return kept
}

/** Makes sure that lost events are looked for, from now and again and again; called at start. */
export async function startSweeping(parts: Pick<Parts, 'store' | 'now'>): Promise<void> {
  const jobs = ensureSweep(SWEEP, await parts.store.job(SWEEP.id), parts.now())
  if (jobs.length > 0) await parts.store.transact({}, () => ({ jobs }))
}

/** Looks for events that were never delivered, and says when to look again. */
export async function sweep(
  parts: Pick<Parts, 'stripe' | 'store' | 'now'>,
  since: Date,
  begun: Date,
): Promise<JobOutcome> {
  return sweptAgain(SWEEP, since, begun, await sweepEvents(parts, since))
}

import { keepStripeDelivery, STRIPE_EVENTS } from './intake.ts'
import type { JobOutcome } from './job/job.ts'
import { ensureSweep, type Sweep, sweptAgain } from './job/sweep.ts'
import { headOf, missingEvents, withJobs } from './order/decide.ts'
import type { Cause } from './order/event.ts'
import type { OrderId } from './order/id.ts'
import { paymentStatus } from './order/order.ts'
import type { Parts } from './parts.ts'
import { fetchPayment, type Patience } from './stripe/payment.ts'

// The work fetches what is true now. Webhook, return page and sweep all end here, so it does not matter which of them
// comes, how often, or in which order.

type CatchUpParts = Pick<Parts, 'stripe' | 'store' | 'now' | 'log' | 'shop'>

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
  const { snapshot, customer } = payment
  const { order: id, shop } = snapshot
  const recorded = await parts.store.transact({ order: id }, ({ order }) => {
    if (order?.shop !== shop) return { known: false, events: [] }
    const facts = missingEvents(order, snapshot)
    const change = withJobs(order, facts, headOf(order, parts.now(), cause))
    return { known: true, ...change, ...(customer && facts.length > 0 && { customer }) }
  })
  for (const event of recorded.events) {
    parts.log.info({ order: id, event: event.type, by: cause.by }, 'recorded')
    if (event.type === 'order.stalled') {
      parts.log.error({ order: id, reason: event.reason, detail: event.detail }, 'order needs a person')
    }
  }
  if (recorded.known) return id
  // Another shop may use the same Stripe account. Ours writes an order before Stripe hears of it, so it can't be new.
  if (shop === parts.shop.catalog().shop.id) {
    parts.log.error(
      { order: id, checkout: snapshot.checkout },
      'a payment names an order that this store does not have',
    )
  }
  return undefined
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

import { keepDelivery, STRIPE_EVENTS } from './intake.ts'
import { missingEvents, withJobs } from './order/decide.ts'
import type { Cause } from './order/event.ts'
import type { OrderId } from './order/id.ts'
import type { Parts } from './parts.ts'
import { fetchPayment } from './stripe/payment.ts'

// The work fetches what is true now. Webhook, return page and sweep all end here, so it does not matter which of them
// comes, how often, or in which order.

/**
 * Asks Stripe for the payment behind an object and records what its order lacks. Gives the order's id, or nothing
 * when the payment is not ours. Rejects when Stripe is down: try again later.
 */
export async function catchUpWithPayment(
  parts: Pick<Parts, 'stripe' | 'store' | 'now' | 'log' | 'catalog'>,
  object: string,
  cause: Cause,
): Promise<OrderId | undefined> {
  const payment = await fetchPayment(parts.stripe, object)
  if (!payment || payment.snapshot.shop !== parts.catalog().shop.id) return undefined
  const { snapshot, customer } = payment
  const { order: id, shop } = snapshot
  const recorded = await parts.store.transact({ order: id }, ({ order }) => {
    if (!order) return { known: false, events: [] }
    const facts = missingEvents(order, snapshot)
    const head = { order: id, shop, at: parts.now().toISOString(), cause }
    return { known: true, ...withJobs(order, facts, head), ...(customer && facts.length > 0 && { customer }) }
  })
  if (!recorded.known) {
    // We write an order before Stripe hears of it, so this is another shop's store, or a lost one.
    parts.log.error(
      { order: id, checkout: snapshot.checkout },
      'a payment names an order that this store does not have',
    )
    return undefined
  }
  for (const event of recorded.events) parts.log.info({ order: id, event: event.type, by: cause.by }, 'recorded')
  return id
}

/** Takes in every event since then that was never delivered, as if it had knocked. Gives how many were new. */
export async function sweepEvents(parts: Pick<Parts, 'stripe' | 'store' | 'now'>, since: Date): Promise<number> {
  const gte = Math.floor(since.getTime() / 1000)
  let kept = 0
  for await (const event of parts.stripe.events.list({ created: { gte }, types: [...STRIPE_EVENTS], limit: 100 })) {
    const { id, type } = event
    const object = (event.data.object as { id?: string }).id ?? null
    if ((await keepDelivery(parts, { id, type, object })) === 'kept') kept += 1
  }
  return kept
}

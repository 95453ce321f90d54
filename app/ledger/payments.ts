import pLimit from 'p-limit'
import type Stripe from 'stripe'
import { headOf, missingEvents, withJobs } from '../order/decide.ts'
import { isOrderId, type OrderId } from '../order/id.ts'
import type { Store } from '../store/store.ts'
import { fetchPayment } from '../stripe/payment.ts'

/** Stripe takes a hundred requests a second; the shop may be selling meanwhile. */
const SESSIONS_AT_ONCE = 8

/** One of our Sessions, as a list of them shows it. */
export type ListedSession = { id: string; order: OrderId; shop: string; isPaid: boolean }

/** Does something with each Session that a shop like this opened since then, several at a time. */
export async function eachSession(
  stripe: Stripe,
  since: Date,
  look: (session: ListedSession) => Promise<void>,
): Promise<void> {
  const limit = pLimit(SESSIONS_AT_ONCE)
  let running: Promise<void>[] = []
  const gte = Math.floor(since.getTime() / 1000)
  for await (const session of stripe.checkout.sessions.list({ created: { gte }, limit: 100 })) {
    const { id, client_reference_id: order, metadata, payment_status } = session
    if (!isOrderId(order) || !metadata?.shop) continue
    const one = { id, order, shop: metadata.shop, isPaid: payment_status !== 'unpaid' }
    running.push(limit(() => look(one)))
    if (running.length >= 100) {
      await Promise.all(running)
      running = []
    }
  }
  await Promise.all(running)
}

/** What taking in from Stripe came to: customers kept, facts that the ledger had not yet, and payments of orders that nobody knows. */
export type TakenIn = { customers: number; facts: number; unknown: readonly ListedSession[] }

/** Asks Stripe about every Session there is: who bought, and what happened since the ledger's last fact. */
export async function takeInPayments({
  stripe,
  store,
  now,
}: {
  stripe: Stripe
  store: Store
  now: () => Date
}): Promise<TakenIn> {
  const taken = { customers: 0, facts: 0, unknown: [] as ListedSession[] }
  const shops = new Set<string>()
  await eachSession(stripe, new Date(0), async (session) => {
    const known = await store.order(session.order)
    if (known?.shop !== session.shop) return void taken.unknown.push(session)
    shops.add(session.shop)
    const payment = await fetchPayment(stripe, session.id)
    if (!payment) return
    const { snapshot, customer } = payment
    const { events } = await store.transact({ order: session.order }, ({ order }) => {
      if (!order) return { events: [] }
      const head = headOf(order, now(), { by: 'job', job: 'rebuild' })
      return { ...withJobs(order, missingEvents(order, snapshot), head), ...(customer && { customer }) }
    })
    taken.facts += events.length
    if (customer) taken.customers += 1
  })
  // Another shop may use the same account.
  return { ...taken, unknown: taken.unknown.filter(({ shop }) => shops.has(shop)) }
}

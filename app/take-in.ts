import { catchUpWithPayment } from './catch-up.ts'
import { type JobOutcome, jobsDue } from './job/job.ts'
import type { Order } from './order/order.ts'
import type { Parts } from './parts.ts'
import { StoreUnavailableError } from './store/refusal.ts'
import { completedOrders, type Patience } from './stripe/payment.ts'

// A store may be younger or older than what Stripe knows: its disk was lost, or a copy was put back. Then nothing is sold until every
// order that was paid is there again. What is left to do is a job, so it outlives crashes and outages, and all processes see it.

type TakeInParts = Pick<Parts, 'stripe' | 'store' | 'now' | 'log'> & { shop: Pick<Parts['shop'], 'known'> }

/** There is one; while it is there, nothing is sold. */
const TAKE_IN = 'take-in'
/** Clocks differ, and an order is written a little before Stripe hears of it. */
const OVERLAP_HOURS = 24
/** So many of our newest tell whether any is missing: a copy that was put back lacks the newest. */
const OURS_LOOKED_AT = 100
/** Where other software sells so much more, a job looks, and no start waits for it. */
const LOOKED_AT_START = 1_000
const PATIENCE: Patience = { timeout: 5_000, maxNetworkRetries: 0 }
const NO_CATALOG_SECONDS = 15

/**
 * Looks, at start and before anything is sold, whether Stripe was paid for orders that the store does not have, and asks for them to be
 * taken in. A store without orders, and one that can't be compared because Stripe does not answer, may lack some.
 */
export async function startTakingIn(parts: Omit<TakeInParts, 'shop'>): Promise<void> {
  const { store, log } = parts
  const [newest] = (await store.orders({})).orders
  if (newest && (await hasNewest(parts, newest))) return
  const since = newest ? sinceBefore(newest) : null
  if (await store.job(TAKE_IN)) return // begun before, from further back
  log[newest ? 'warn' : 'info'](
    { since },
    'nothing is sold until the orders that Stripe was paid for are compared with the store',
  )
  await store.transact({}, () => ({ jobs: jobsDue([{ id: TAKE_IN, work: { kind: 'take-in', since } }], parts.now()) }))
}

/** Rejects with `StoreUnavailableError` while orders are being taken in: nobody knows what is left of the stock. */
export async function refuseWhileTakingIn({ store }: Pick<Parts, 'store'>): Promise<void> {
  if (await store.job(TAKE_IN)) throw new StoreUnavailableError('Orders that the store had lost are being taken in.')
}

const sinceBefore = ({ placedAt }: Order): string =>
  new Date(Date.parse(placedAt) - OVERLAP_HOURS * 3_600_000).toISOString()

async function hasNewest({ stripe, store, log }: Omit<TakeInParts, 'shop'>, newest: Order): Promise<boolean> {
  let [looked, ours] = [0, 0]
  try {
    for await (const { order, shop } of completedOrders(stripe, sinceBefore(newest), PATIENCE)) {
      looked += 1
      if (looked > LOOKED_AT_START) return false
      if (shop !== newest.shop) continue
      if (!(await store.order(order))) return false
      ours += 1
      if (ours === OURS_LOOKED_AT) return true
    }
    return true
  } catch (error) {
    log.warn({ err: error }, 'Stripe does not say which orders were paid')
    return false
  }
}

/** Takes in every order since then that was paid and is not there. One that can't be had now is left to a job of its own. */
export async function takeIn(parts: TakeInParts, since: string | null): Promise<JobOutcome> {
  const cause = { by: 'job', job: TAKE_IN } as const
  let lost = 0
  for await (const { order, shop, checkout } of completedOrders(parts.stripe, since)) {
    if (await parts.store.order(order)) continue
    const catalog = parts.shop.known()
    if (!catalog) return { end: 'later', at: new Date(parts.now().getTime() + NO_CATALOG_SECONDS * 1000) }
    if (shop !== catalog.shop.id) continue
    lost += 1
    await catchUpWithPayment(parts, checkout, cause).catch(async (error: unknown) => {
      parts.log.error({ err: error, order, checkout }, 'a lost order could not be taken in; it is tried again')
      const again = { id: `${TAKE_IN}:${checkout}`, work: { kind: 'catch-up', object: checkout } as const }
      await parts.store.transact({}, () => ({ jobs: jobsDue([again], parts.now()) }))
    })
  }
  parts.log[lost > 0 ? 'error' : 'info']({ lost }, 'the store has every order that Stripe was paid for')
  return { end: 'done' }
}

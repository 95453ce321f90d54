import { jobsFor } from '../order/caused-jobs.ts'
import type { OrderEvent } from '../order/event.ts'
import type { OrderId } from '../order/id.ts'
import type { Order } from '../order/order.ts'
import { fulfillmentStatus, paymentStatus } from '../order/status.ts'
import type { ShopEvent } from '../shop/event.ts'
import type { Store } from '../store/store.ts'
import { readLedger, storedFacts, type ToldFact } from './read.ts'
import { count, type Tally } from './tally.ts'

/** So many facts are written at once; those of one order together, and in their order. */
const FACTS_AT_ONCE = 256

/** The store holds what does not go with the ledger: it is not filled from there. */
export class NotEmptyError extends Error {
  override name = 'NotEmptyError'
}

/**
 * Writes every fact of the ledger in a folder into a store that is empty, or that an earlier run began with. Gives how many are new. Rejects
 * with a `LedgerDamagedError` or a `NotEmptyError` before anything is written.
 */
export async function rebuildFacts(store: Store, folder: string, now: Date): Promise<number> {
  const told: Tally = new Map()
  let all = 0
  for await (const { subject, fact, number } of readLedger(folder)) {
    count(told, subject, fact)
    all = number
  }
  const kept = await keptOf(store, told, now)
  const missing = all - kept.facts
  // The ledger goes on after its last fact: in the store, nothing that the ledger lacks may come before that.
  if (kept.isOther || (kept.hasMore && missing > 0))
    throw new NotEmptyError(
      'This store has facts that do not go with the ledger. Name an empty one: another DATA_FOLDER or DATABASE_URL.',
    )
  const waiting: ToldFact[] = []
  for await (const fact of missing > 0 ? readLedger(folder) : []) {
    if (fact.number === all || waiting.length >= FACTS_AT_ONCE) await writeFacts(store, waiting.splice(0))
    if (fact.version > (kept.tally.get(fact.subject)?.facts ?? 0)) waiting.push(fact)
  }
  await writeFacts(store, waiting)
  return missing
}

/** Which of the ledger's facts the store has, and whether it has more, or others in their place. */
async function keptOf(store: Store, told: Tally, now: Date) {
  const tally: Tally = new Map()
  let [facts, hasMore] = [0, false]
  for await (const { subject, version, fact } of storedFacts(store, now)) {
    if (version > (told.get(subject)?.facts ?? 0)) hasMore = true
    else {
      count(tally, subject, fact)
      facts += 1
    }
  }
  const isOther = [...tally].some(([subject, { facts: many, digest }]) => {
    const whole = told.get(subject)
    return whole?.facts === many && whole.digest !== digest
  })
  return { tally, facts, hasMore, isOther }
}

async function writeFacts(store: Store, facts: readonly ToldFact[]): Promise<void> {
  const bySubject = Map.groupBy(facts, ({ subject }) => subject)
  await Promise.all(
    [...bySubject].map(([subject, told]) => {
      const some = told.map(({ fact }) => fact)
      return subject === ''
        ? store.transact({ shop: true }, () => ({ shop: some as ShopEvent[] }))
        : store.transact({ order: subject as OrderId }, () => ({ events: some as OrderEvent[] }))
    }),
  )
}

/** Asks for the work that is open, by what the orders say: it died with the old store. Mails of old are not sent again. Gives how many orders. */
export async function reopenWork(store: Store): Promise<number> {
  let [orders, next] = [0, undefined as string | undefined]
  do {
    const page = await store.orders({}, next)
    const jobs = (await Promise.all(page.orders.map((order) => openWork(store, order)))).flat()
    if (jobs.length > 0) await store.transact({}, () => ({ jobs }))
    orders += page.orders.length
    next = page.next
  } while (next !== undefined)
  return orders
}

async function openWork(store: Store, order: Order) {
  const isPaid = order.paid !== null
  if (isPaid ? fulfillmentStatus(order) === 'fulfilled' : paymentStatus(order) !== 'pending') return []
  const causes = isPaid ? 'order.paid' : 'order.placed'
  const events = (await store.events(order.id)).filter(({ type }) => type === causes)
  return events.flatMap(jobsFor).filter(({ work }) => work.kind !== 'mail')
}

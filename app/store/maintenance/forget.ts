import type { JobOutcome } from '../../job/job.ts'
import { ensureSweep, type Sweep, sweptAgain } from '../../job/sweep.ts'
import type { Order } from '../../order/order.ts'
import type { Parts } from '../../parts.ts'

// Orders that nobody paid weigh what strangers make them weigh. Once nobody can come back to them, they are forgotten.

type ForgetParts = Pick<Parts, 'config' | 'store' | 'now' | 'log'>

const SWEEP: Sweep = {
  id: 'forget-unpaid',
  kind: 'forget-unpaid',
  everySeconds: 3_600,
  overlapMinutes: 0,
  keptMinutes: 1_440,
}
/** Stripe tells of an event for three days; who was not asked for money has nothing to come back for. */
export const FORGOTTEN_AFTER_DAYS = 7
/** A bank said no, and the buyer has our mail with a link to try again. */
export const FAILED_FORGOTTEN_AFTER_DAYS = 60
const DAY_MILLISECONDS = 86_400_000

/**
 * Makes sure that orders are forgotten from now on; called at start. Where there is a ledger, all stay: it holds every fact for ever,
 * and is compared with the store.
 */
export async function startForgetting({ config, store, now }: Omit<ForgetParts, 'log'>): Promise<void> {
  if (config.LEDGER_REPOSITORY) return
  const jobs = ensureSweep(SWEEP, await store.job(SWEEP.id), now())
  if (jobs.length > 0) await store.transact({}, () => ({ jobs }))
}

/** Forgets what came to nothing long enough ago, and says when to look again. */
export async function forgetUnpaid(parts: ForgetParts, since: Date, begun: Date): Promise<JobOutcome> {
  if (parts.config.LEDGER_REPOSITORY) return { end: 'done' }
  const until = new Date(begun.getTime() - FORGOTTEN_AFTER_DAYS * DAY_MILLISECONDS).toISOString()
  let [forgotten, next] = [0, undefined as string | undefined]
  do {
    const page = await parts.store.orders({ status: 'CANCELED', until }, next)
    const ids = page.orders.filter((order) => mayBeForgotten(order, begun)).map(({ id }) => id)
    if (ids.length > 0) forgotten += (await parts.store.forget(ids)).length
    next = page.next
  } while (next !== undefined)
  if (forgotten > 0) parts.log.info({ orders: forgotten }, 'unpaid orders forgotten')
  return sweptAgain(SWEEP, since, begun, forgotten)
}

function mayBeForgotten({ payment, placedAt, stalls }: Order, now: Date): boolean {
  const days = (now.getTime() - Date.parse(placedAt)) / DAY_MILLISECONDS
  const isFailed = payment.state !== 'none' || stalls.length > 0
  return days >= (isFailed ? FAILED_FORGOTTEN_AFTER_DAYS : FORGOTTEN_AFTER_DAYS)
}

import { catchUpWithPayment, giveUpOrder, sweep } from './catch-up.ts'
import { giveBack } from './desk/refund.ts'
import { fulfill } from './fulfillment/fulfill.ts'
import type { Job, JobOutcome } from './job/job.ts'
import type { Queue } from './job/queue.ts'
import { nextTry } from './job/retry.ts'
import { writeLedger } from './ledger/write.ts'
import { mailOrder } from './mail/mail-order.ts'
import { headOf, withJobs } from './order/decide.ts'
import type { Cause, StallReason } from './order/event.ts'
import type { OrderId } from './order/id.ts'
import { isAskedAbout, paymentStatus } from './order/status.ts'
import type { Parts } from './parts.ts'
import { performRepositoryWork } from './repository/work.ts'
import { forgetUnpaid } from './store/maintenance/forget.ts'
import type { ClaimedJob } from './store/store.ts'
import { takeIn } from './take-in.ts'

// The way out: due jobs → performed → outcome recorded. A job may be started twice (a crash in the middle), so each
// piece of work finds out for itself what is left to do.

/** Work that takes longer may be started a second time. */
const JOB_LEASE_SECONDS = 120
/** From so many tries on, an outage is no longer passing. */
const TRIES_BEFORE_ALARM = 7
const LOOK_AGAIN_MINUTES = 60 // what is missing may have been put there meanwhile
const DAY_MS = 86_400_000

/** The jobs of a queue that have been due for longest, so many at most; nobody else gets them meanwhile. */
export const claimDueJobs = ({ store, now }: Pick<Parts, 'store' | 'now'>, queue: Queue, most: number) =>
  store.claimJobs(now(), most, JOB_LEASE_SECONDS, queue)

/** Performs a claimed job, and records how it ended. */
export async function dispatch(parts: Parts, job: ClaimedJob): Promise<void> {
  const outcome = await performJob(parts, job, parts.now()).catch((error: unknown) => failed(parts, job, error))
  await recordOutcome(parts, job, outcome)
}

/** Does one piece of work. Whatever is down outside makes it throw: then it is tried again. */
async function performJob(parts: Parts, { id, work }: Job, begun: Date): Promise<JobOutcome> {
  switch (work.kind) {
    case 'catch-up':
      await catchUpWithPayment(parts, work.object, { by: 'job', job: id })
      return { end: 'done' }
    case 'close-checkout':
      return closeCheckout(parts, work.order, { by: 'job', job: id })
    case 'fulfill':
      return fulfill(parts, work.order, id)
    case 'refund':
      return giveBack(parts, work.order, work.request, id)
    case 'mail':
      return mailOrder(parts, work)
    case 'sweep':
      return sweep(parts, new Date(work.since), begun)
    case 'take-in':
      return takeIn(parts, work.since)
    case 'forget-unpaid':
      return forgetUnpaid(parts, new Date(work.since), begun)
    case 'write-ledger':
      return writeLedger(parts, new Date(work.since), begun)
    default:
      return performRepositoryWork(parts, work, begun)
  }
}

/** The payment page has closed: records what became of it, or gives the order up when Stripe has no page. A slow bank is looked at daily. */
async function closeCheckout(parts: Parts, id: OrderId, cause: Cause): Promise<JobOutcome> {
  const order = await parts.store.order(id)
  if (!order || paymentStatus(order) !== 'pending') return { end: 'done' }
  if (!order.checkout) {
    await giveUpOrder(parts, id, 'not-started', cause)
    return { end: 'done' }
  }
  const known = await catchUpWithPayment(parts, order.checkout, cause)
  const after = await parts.store.order(id)
  if (!after || paymentStatus(after) !== 'pending') return { end: 'done' }
  const now = parts.now().getTime()
  if (after.payment.state === 'processing') return { end: 'later', at: new Date(now + DAY_MS) }
  if (known || now - Date.parse(order.expiresAt) < DAY_MS)
    return { end: 'retry', reason: 'its payment page is still open' }
  await giveUpOrder(parts, id, 'expired', cause)
  return { end: 'done' }
}

async function recordOutcome(parts: Parts, job: ClaimedJob, outcome: JobOutcome): Promise<void> {
  switch (outcome.end) {
    case 'later':
      return parts.store.defer(job, outcome.at)
    case 'done':
      return settle(parts, job)
    case 'again':
      return settle(parts, job, outcome.job)
    case 'retry':
      return outcome.afterSeconds === undefined
        ? retry(parts, job, outcome.reason)
        : postpone(parts, job, outcome.afterSeconds)
    case 'stalled':
      return stall(parts, job, outcome.reason, outcome.detail)
  }
}

async function settle(parts: Parts, { id, revision }: ClaimedJob, next?: Job): Promise<void> {
  await parts.store.transact({}, () => ({ settled: [{ id, revision, ...(next && { next }) }] }))
}

/** Asked to wait: no failure, and so not counted as a try. */
async function postpone(parts: Parts, job: ClaimedJob, seconds: number): Promise<void> {
  const { revision: _, ...same } = job
  return settle(parts, job, { ...same, dueAt: new Date(parts.now().getTime() + seconds * 1000).toISOString() })
}

async function retry(parts: Parts, job: ClaimedJob, reason: string): Promise<void> {
  const later = nextTry(job, parts.now())
  if (!later) return stall(parts, job, givenUpReason(job), `${job.work.kind} was tried for three days`)
  const level = job.attempts < TRIES_BEFORE_ALARM ? 'warn' : 'error'
  parts.log[level]({ job: job.id, reason, dueAt: later.dueAt }, 'job put off')
  await settle(parts, job, later)
}

const givenUpReason = ({ work }: Job): StallReason =>
  work.kind === 'mail' && work.mail === 'receipt' ? 'receipt-not-sent' : 'gave-up'

/** The order, if the job has one, says that it needs a person. A file that is missing is looked for again and again. */
async function stall(parts: Parts, job: ClaimedJob, reason: StallReason, detail: string): Promise<void> {
  const later = new Date(parts.now().getTime() + LOOK_AGAIN_MINUTES * 60_000).toISOString()
  const { id, revision, ...same } = job
  const next = reason === 'file-missing' || reason === 'file-changed' ? { next: { id, ...same, dueAt: later } } : {}
  const end = { settled: [{ id, revision, ...next }] }
  const { isNew } = await parts.store.transact('order' in job.work ? { order: job.work.order } : {}, ({ order }) => {
    if (order && isAskedAbout(order, reason)) return { ...end, isNew: false }
    const head = order && headOf(order, parts.now(), { by: 'job', job: job.id })
    const { events } = head ? withJobs(order, [{ type: 'order.stalled', reason, detail }], head) : { events: [] }
    return { events, ...end, isNew: true }
  })
  parts.log[isNew ? 'error' : 'debug']({ job: job.id, reason, detail }, 'job needs a person')
}

function failed(parts: Parts, job: Job, error: unknown): JobOutcome {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  parts.log.debug({ job: job.id, err: error }, 'job failed')
  const { retryAfterSeconds } = error as { retryAfterSeconds?: number }
  return { end: 'retry', reason: `${name}: ${message}`, ...(retryAfterSeconds && { afterSeconds: retryAfterSeconds }) }
}

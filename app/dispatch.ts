import { catchUpWithPayment, sweepEvents } from './catch-up.ts'
import { fulfill } from './fulfillment/fulfill.ts'
import { mailOrder } from './mail/mail-order.ts'
import { withJobs } from './order/decide.ts'
import type { Fact, StallReason } from './order/event.ts'
import type { OrderId } from './order/id.ts'
import { type Job, type JobOutcome, jobDueAt, nextTry } from './order/job.ts'
import { isStalledBy, paymentStatus } from './order/order.ts'
import type { Parts } from './parts.ts'

// The way out: due jobs → performed → outcome recorded. A job may be started twice (a crash in the middle), so each
// piece of work finds out for itself what is left to do.

const JOBS_AT_ONCE = 4
const JOB_LEASE_SECONDS = 120
const SWEEP_EVERY_MINUTES = 1
/** Each sweep looks back over the one before: Stripe lists an event a little after it happened. */
const SWEEP_OVERLAP_MINUTES = 10
const SWEEP_ID = 'sweep:stripe'

/** Performs the jobs that are due, side by side, and records how each ended. Gives how many there were. */
export async function dispatchDueJobs(parts: Parts): Promise<number> {
  const begun = parts.now()
  const jobs = await parts.store.claimJobs(begun, JOBS_AT_ONCE, JOB_LEASE_SECONDS)
  await Promise.all(
    jobs.map(async (job) => {
      const outcome = await performJob(parts, job).catch((error: unknown): JobOutcome => retryAfter(parts, job, error))
      await recordOutcome(parts, job, outcome, begun)
    }),
  )
  return jobs.length
}

/** Makes sure that lost events are looked for, from now and again and again; called at start. */
export async function startSweeping(parts: Pick<Parts, 'store' | 'now'>, since: Date): Promise<void> {
  if (await parts.store.job(SWEEP_ID)) return
  await parts.store.transact({}, () => ({
    jobs: [jobDueAt(parts.now().toISOString(), { kind: 'sweep', since: since.toISOString() }, SWEEP_ID)],
  }))
}

/** Does one piece of work. Whatever is down outside makes it throw: then it is tried again. */
async function performJob(parts: Parts, { id, work }: Job): Promise<JobOutcome> {
  switch (work.kind) {
    case 'catch-up':
      await catchUpWithPayment(parts, work.object, { by: 'job', job: id })
      return { end: 'done' }
    case 'close-checkout':
      return closeCheckout(parts, work.order, id)
    case 'fulfill':
      return fulfill(parts, work.order, id)
    case 'mail':
      return mailOrder(parts, work.order, work.mail)
    case 'sweep': {
      await sweepEvents(parts, new Date(work.since))
      return { end: 'done' }
    }
  }
}

/** The payment page has closed: records what became of it, or gives the order up when Stripe never had a page for it. */
async function closeCheckout(parts: Parts, id: OrderId, job: string): Promise<JobOutcome> {
  const order = await parts.store.order(id)
  if (!order || paymentStatus(order) !== 'pending') return { end: 'done' }
  if (order.checkout) {
    await catchUpWithPayment(parts, order.checkout, { by: 'job', job })
    const after = await parts.store.order(id)
    const waiting = after && paymentStatus(after) === 'pending' && after.payment.state === 'none'
    return waiting ? { end: 'retry', reason: 'its payment page is still open' } : { end: 'done' }
  }
  await parts.store.transact({ order: id }, ({ order: now }) => {
    if (!now || now.checkout || paymentStatus(now) !== 'pending') return {}
    const head = { order: id, shop: now.shop, at: parts.now().toISOString(), cause: { by: 'job', job } as const }
    return withJobs(now, [{ type: 'order.canceled', reason: 'not-started' }], head)
  })
  return { end: 'done' }
}

async function recordOutcome(parts: Parts, job: Job, outcome: JobOutcome, begun: Date): Promise<void> {
  const { now, store, log } = parts
  if (outcome.end === 'done') {
    await store.transact({}, () => (job.work.kind === 'sweep' ? { jobs: [nextSweep(begun)] } : { jobsDone: [job.id] }))
    return
  }
  const later = outcome.end === 'retry' ? nextTry(job, now()) : undefined
  if (later) {
    log.warn({ job: job.id, reason: outcome.reason, dueAt: later.dueAt }, 'job put off')
    await store.transact({}, () => ({ jobs: [later] }))
    return
  }
  log.error({ job: job.id, reason: outcome.reason }, 'job needs a person')
  await stall(parts, job, outcome)
}

/** The job is over and the order, if it has one, says that it needs a person. */
async function stall(
  parts: Parts,
  job: Job,
  { end, reason: detail }: Exclude<JobOutcome, { end: 'done' }>,
): Promise<void> {
  const id = 'order' in job.work ? job.work.order : undefined
  const reason: StallReason = end === 'stalled' && job.work.kind === 'fulfill' ? 'file-missing' : 'gave-up'
  await parts.store.transact(id ? { order: id } : {}, ({ order }) => {
    if (!order) return { jobsDone: [job.id] }
    const facts: Fact[] = isStalledBy(order, reason) ? [] : [{ type: 'order.stalled', reason, detail }]
    const head = {
      order: order.id,
      shop: order.shop,
      at: parts.now().toISOString(),
      cause: { by: 'job', job: job.id } as const,
    }
    return { ...withJobs(order, facts, head), jobsDone: [job.id] }
  })
}

/** The sweep after the one that began then. */
function nextSweep(begun: Date): Job {
  const minutes = (count: number) => new Date(begun.getTime() + count * 60_000).toISOString()
  return jobDueAt(minutes(SWEEP_EVERY_MINUTES), { kind: 'sweep', since: minutes(-SWEEP_OVERLAP_MINUTES) }, SWEEP_ID)
}

function retryAfter(parts: Parts, job: Job, error: unknown): JobOutcome {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  parts.log.debug({ job: job.id, err: error }, 'job failed')
  return { end: 'retry', reason: `${name}: ${message}` }
}

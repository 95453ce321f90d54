import type { Job, Work } from './job.ts'
import { QUEUES } from './queue.ts'

/** Waits between tries, in seconds; the last one repeats, for three days unless the work is unending. */
const RETRY_SECONDS = [2, 5, 15, 60, 300, 900, 3600]
/** Work in the repository waits no longer: when GitHub is back, the shop follows within minutes. */
const REPOSITORY_RETRY_SECONDS_MAX = 300
/** Nothing is sold as long as lost orders are being taken in: it goes on within a minute of Stripe's coming back. */
const TAKE_IN_RETRY_SECONDS_MAX = 60
const RETRIES_MAX = RETRY_SECONDS.length + 72

/**
 * Looking after payments never ends: who has paid must not be forgotten, however long Stripe refuses us. Nor does looking
 * after the repository: each of these finds out what is true, and GitHub will be back.
 */
const UNENDING: ReadonlySet<Work['kind']> = new Set([...QUEUES.stripe, ...QUEUES.checks, ...QUEUES.shop])

const REPOSITORY_WORK: ReadonlySet<Work['kind']> = new Set([...QUEUES.checks, ...QUEUES.shop])

/** The job's next try, later each time; nothing once it has been tried for three days, unless it never ends. */
export function nextTry(job: Job, now: Date): Job | undefined {
  if (job.attempts >= RETRIES_MAX && !UNENDING.has(job.work.kind)) return undefined
  const longer = RETRY_SECONDS[Math.min(job.attempts, RETRY_SECONDS.length - 1)] as number
  const wait = Math.min(longer, longestWait(job.work.kind))
  return { ...job, attempts: job.attempts + 1, dueAt: new Date(now.getTime() + wait * 1000).toISOString() }
}

function longestWait(kind: Work['kind']): number {
  if (kind === 'take-in') return TAKE_IN_RETRY_SECONDS_MAX
  return REPOSITORY_WORK.has(kind) ? REPOSITORY_RETRY_SECONDS_MAX : Number.POSITIVE_INFINITY
}

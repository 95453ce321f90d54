import type { OrderEvent, StallReason } from './event.ts'
import type { OrderId } from './id.ts'

export type MailKind = 'receipt' | 'payment-processing' | 'payment-failed'

/** Work that a fact or a knock causes. */
export type Work =
  /** Ask Stripe what is true of the payment behind this object (Session, PaymentIntent, refund …) and record it. */
  | { kind: 'catch-up'; object: string }
  /** Look after an order whose payment page has closed: find out what became of it, or give it up. */
  | { kind: 'close-checkout'; order: OrderId }
  | { kind: 'fulfill'; order: OrderId }
  | { kind: 'mail'; mail: MailKind; order: OrderId }
  /** Ask Stripe for the events since then, in case a delivery was lost. */
  | { kind: 'sweep'; since: string }
  /** Find out which of the App's repositories is the shop's. */
  | { kind: 'find-shop' }
  /** Make live what the shop repository's default branch has now. */
  | { kind: 'refresh-shop' }
  /** Offer a repository without a catalog its first pull request. */
  | { kind: 'welcome'; repository: string }
  /** Check what a pull request makes of the catalog as it is now. `force` writes the same result again. */
  | { kind: 'check-pull'; repository: string; number: number; force?: boolean }
  /** The same for a commit that a merge queue has made on top of `base`. */
  | { kind: 'check-commit'; repository: string; sha: string; base: string }
  /** Move the assets that follow a repository's releases to the newest. */
  | { kind: 'follow-releases'; repository: string }
  /** Compare the approved files with what GitHub has. */
  | { kind: 'watch-assets' }
  /** Ask GitHub for deliveries that failed since then, and look at everything that a lost one may have been about. */
  | { kind: 'sweep-github'; since: string }

export type Job = { id: string; work: Work; dueAt: string; attempts: number }

/**
 * How a job ended: `done`; `again`, as the job it becomes; `unchanged`: nothing is written, and it comes again when its
 * lease is over; `retry`, because the outside is down, or asks to be left alone for `afterSeconds`, which is no failure;
 * `stalled`, because it needs a person (nothing personal in `detail`).
 */
export type JobOutcome =
  | { end: 'done' }
  | { end: 'again'; job: Job }
  | { end: 'unchanged' }
  | { end: 'retry'; reason: string; afterSeconds?: number }
  | { end: 'stalled'; reason: StallReason; detail: string }

/** Work by who waits for it and whom it waits for, so that one that is slow holds up no other. */
export const LANES = {
  stripe: ['catch-up', 'close-checkout', 'sweep'],
  github: ['fulfill'],
  mail: ['mail'],
  checks: ['check-pull', 'check-commit'],
  shop: ['find-shop', 'refresh-shop', 'welcome', 'follow-releases', 'watch-assets', 'sweep-github'],
} as const satisfies Record<string, readonly Work['kind'][]>
export type Lane = keyof typeof LANES

/** Stripe closes a Session on its own time; we look a little later. */
const CLOSE_CHECKOUT_AFTER_SECONDS = 120
/** Waits between tries, in seconds; the last one repeats, for three days unless the work is unending. */
const RETRY_SECONDS = [2, 5, 15, 60, 300, 900, 3600]
/** Tending a repository waits no longer: when GitHub is back, the shop follows within minutes. */
const TENDING_RETRY_SECONDS_MAX = 300
const RETRIES_MAX = RETRY_SECONDS.length + 72

/** A job that nobody has tried yet. Its id is its once-only: the same work asked for again is the same job. */
export const jobDueAt = (dueAt: string, work: Work, id: string): Job => ({ id, work, dueAt, attempts: 0 })

/** The id of the job that mails an order's receipt. */
export const receiptJob = (order: OrderId): string => `receipt:${order}`

/** The jobs that a fact, just recorded, causes. A fact that comes again finds its job done, or takes its place. */
export function jobsFor(event: OrderEvent): Job[] {
  const { order } = event
  const job = (work: Work, name: string, dueAt = event.at) => jobDueAt(dueAt, work, `${name}:${order}`)
  switch (event.type) {
    case 'order.placed': {
      const dueAt = new Date(Date.parse(event.expiresAt) + CLOSE_CHECKOUT_AFTER_SECONDS * 1000).toISOString()
      return [job({ kind: 'close-checkout', order }, 'close-checkout', dueAt)]
    }
    case 'order.paid':
      return [
        jobDueAt(event.at, { kind: 'mail', mail: 'receipt', order }, receiptJob(order)),
        job({ kind: 'fulfill', order }, 'fulfill'),
      ]
    case 'order.refund_failed':
    case 'order.dispute_closed':
      // Downloads are open again; what was not ready before gets another look.
      return [job({ kind: 'fulfill', order }, 'fulfill')]
    case 'order.payment_processing':
      return [job({ kind: 'mail', mail: 'payment-processing', order }, 'payment-processing')]
    case 'order.payment_failed':
      return [job({ kind: 'mail', mail: 'payment-failed', order }, 'payment-failed')]
    case 'order.checkout_opened':
    case 'order.canceled':
    case 'order.refunded':
    case 'order.disputed':
    case 'order.shipped':
    case 'order.delivered':
    case 'order.fulfilled':
    case 'order.stalled':
      return []
  }
}

/**
 * Looking after payments never ends: who has paid must not be forgotten, however long Stripe refuses us. Nor does looking
 * after the repository: each of these finds out what is true, and GitHub will be back.
 */
const UNENDING: ReadonlySet<Work['kind']> = new Set([...LANES.stripe, ...LANES.checks, ...LANES.shop])

const TENDING: ReadonlySet<Work['kind']> = new Set([...LANES.checks, ...LANES.shop])

/** The job's next try, later each time; nothing once it has been tried for three days, unless it never ends. */
export function nextTry(job: Job, now: Date): Job | undefined {
  if (job.attempts >= RETRIES_MAX && !UNENDING.has(job.work.kind)) return undefined
  const longer = RETRY_SECONDS[Math.min(job.attempts, RETRY_SECONDS.length - 1)] as number
  const wait = TENDING.has(job.work.kind) ? Math.min(longer, TENDING_RETRY_SECONDS_MAX) : longer
  return { ...job, attempts: job.attempts + 1, dueAt: new Date(now.getTime() + wait * 1000).toISOString() }
}

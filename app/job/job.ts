import type { StallReason } from '../order/event.ts'
import type { OrderId } from '../order/id.ts'

export type MailKind =
  | 'receipt'
  | 'payment-processing'
  | 'payment-failed'
  | 'shipped'
  | 'delivered'
  | 'refunded'
  | 'canceled'

/** Work that a fact, a delivery or a person causes. */
export type Work =
  /** Ask Stripe what is true of the payment behind this object (Session, PaymentIntent, refund …) and record it. */
  | { kind: 'catch-up'; object: string }
  /** Look after an order whose payment page has closed: find out what became of it, or give it up. */
  | { kind: 'close-checkout'; order: OrderId }
  | { kind: 'fulfill'; order: OrderId }
  /** `about` names what in the order it tells of (a shipment, a refund), or which sending of it this is. */
  | { kind: 'mail'; mail: MailKind; order: OrderId; about?: string }
  /** Have Stripe give money back, as a person asked. */
  | { kind: 'refund'; order: OrderId; request: string }
  /** Ask Stripe for the events since then, in case a delivery was lost. */
  | { kind: 'sweep'; since: string }
  /** Take in the orders since then (all where it is null) that Stripe was paid for and the store has lost. */
  | { kind: 'take-in'; since: string | null }
  /** Find out which of the App's repositories is the shop's. */
  | { kind: 'find-shop' }
  /** Make live what the shop repository's default branch has now. */
  | { kind: 'refresh-shop' }
  /** Offer a repository without a catalog its first pull request. */
  | { kind: 'welcome'; repository: string }
  /** Check what a pull request makes of the catalog as it is now. `force` writes the same result again. */
  | { kind: 'check-pull'; repository: string; number: number; force?: boolean }
  /** The same for a commit that a merge queue is said to have made; of the default branch's where none is named. */
  | { kind: 'check-commit'; repository: string; sha: string; branch?: string }
  /** Move the assets that follow a repository's releases to the newest. */
  | { kind: 'follow-releases'; repository: string }
  /** Compare the approved files with what GitHub has. */
  | { kind: 'watch-assets' }
  /**
   * Ask GitHub for deliveries that failed since then, and look at everything that a lost one may have been about. `behind` is from when
   * on, where a look failed the last time.
   */
  | { kind: 'sweep-github'; since: string; behind?: string }
  /** Forget orders that came to nothing long ago. */
  | { kind: 'forget-unpaid'; since: string }
  /** Bring the ledger up to what the store has. */
  | { kind: 'write-ledger'; since: string }

/** Work with the id that makes it once-only: the same work asked for again takes its place. */
export type JobRequest = { id: string; work: Work }

export type Job = JobRequest & { dueAt: string; attempts: number }

/**
 * How a job ended: `done`; `again`, as the job it becomes; `later`: nothing is written, and nobody gets it before
 * then, unless a crash comes between; `retry`, because the outside is down, or asks to be left alone for `afterSeconds`, which is no failure;
 * `stalled`, because it needs a person (nothing personal in `detail`).
 */
export type JobOutcome =
  | { end: 'done' }
  | { end: 'again'; job: Job }
  | { end: 'later'; at: Date }
  | { end: 'retry'; reason: string; afterSeconds?: number }
  | { end: 'stalled'; reason: StallReason; detail: string }

/** The job that is asked for, due at that time (ISO), and tried by nobody yet. */
export const jobDueAt = (dueAt: string, work: Work, id: string): Job => ({ id, work, dueAt, attempts: 0 })

/** These requests as jobs that are due at that time. */
export const jobsDue = (requests: readonly JobRequest[], due: Date): Job[] =>
  requests.map(({ id, work }) => jobDueAt(due.toISOString(), work, id))

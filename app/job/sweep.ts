import { type Job, type JobOutcome, jobDueAt, type Work } from './job.ts'

// Work that comes every so often, and looks at what happened since the last time.

/** A kind of work that comes again and again, under one id. */
export type Sweep = {
  id: string
  kind: Extract<Work, { since: string }>['kind']
  everySeconds: number
  /** Each sweep looks back over the one before: the outside lists things a little after they happened. */
  overlapMinutes: number
  /** One that found nothing is not written down, so that an idle store does not grow; but its place moves on after so long. */
  keptMinutes: number
}

/** No sweep is put off for longer, however often it failed. */
const AHEAD_HOURS_MAX = 2
/** As far back as GitHub keeps its deliveries, and Stripe keeps events for longer. */
const LOST_PLACE_DAYS = 3

/**
 * What makes sure that the sweep comes, given its job as it is in the store: a first one, one in place of another that was written
 * when the clock was ahead of now (nobody knows any more how far it had come), or nothing.
 */
export function ensureSweep(sweep: Sweep, known: Job | undefined, now: Date): Job[] {
  if (known?.work.kind !== sweep.kind) return [sweepJob(sweep, now, before(sweep, now))]
  const isAhead = Date.parse(known.work.since) > now.getTime()
  const isFarAhead = Date.parse(known.dueAt) > now.getTime() + AHEAD_HOURS_MAX * 3_600_000
  if (!isAhead && !isFarAhead) return []
  return [sweepJob(sweep, now, new Date(now.getTime() - LOST_PLACE_DAYS * 86_400_000))]
}

/** How a sweep ends that was begun at that time: it comes again when the next period begins, however long it took. */
export function sweptAgain(sweep: Sweep, since: Date, begun: Date, found: number): JobOutcome {
  const period = sweep.everySeconds * 1000
  const due = new Date((Math.floor(begun.getTime() / period) + 1) * period)
  const minutesOld = (begun.getTime() - since.getTime()) / 60_000
  if (found === 0 && minutesOld < sweep.keptMinutes) return { end: 'later', at: due }
  return { end: 'again', job: sweepJob(sweep, due, before(sweep, begun)) }
}

const before = ({ overlapMinutes }: Sweep, time: Date) => new Date(time.getTime() - overlapMinutes * 60_000)

const sweepJob = ({ id, kind }: Sweep, due: Date, since: Date): Job =>
  jobDueAt(due.toISOString(), { kind, since: since.toISOString() }, id)

import type { Work } from '../../job/job.ts'
import type { Database } from '../database.ts'
import { forgetLimits } from '../limits.ts'
import { releaseJobs, releaseJobsAhead } from '../queries.ts'
import { type Row, sql } from '../sql.ts'
import type { Written } from '../store.ts'

// Each process holds a lock named by its number for as long as the session that listens lives, and jobs say who holds them. So
// the others see who is gone, and need not wait until the lease is over.

const LOOK_EVERY_MILLISECONDS = 2_000
const FORGET_EVERY_MILLISECONDS = 60_000
/** Nobody asks for longer: a lease that ends later was given by a clock that was ahead. */
const LEASE_SECONDS_MAX = 3_600

/** Takes the lock of this process. Several of its sessions may have it, as the one before may be there still. */
export const LIVES = 'select pg_advisory_lock_shared($1)'

type LeaseParts = Pick<Database, 'ask'> & {
  shop: string
  /** The number of this process. */
  by: number
  now: () => Date
  tell: (written: Written) => void
}

/** Gives back the jobs of processes that are gone, again and again, and forgets limits that no longer count. Gives how to stop it. */
export function startFreeingLeases(parts: LeaseParts): () => void {
  let missing: readonly string[] = []
  const look = async () => {
    const gone = await whoIsGone(parts)
    // Seen twice: whoever has lost its session for a moment is not gone.
    await free(
      parts,
      gone.filter((by) => missing.includes(by)),
    )
    missing = gone
  }
  const stops = [
    again(LOOK_EVERY_MILLISECONDS, look),
    again(FORGET_EVERY_MILLISECONDS, () => parts.ask(forgetLimits())),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

async function whoIsGone({ ask, shop, by }: LeaseParts): Promise<string[]> {
  const rows = await ask(sql`
    select leased_by from
      (select distinct leased_by from jobs where shop = ${shop} and leased_by is not null and leased_by <> ${String(by)}) holders
    where pg_try_advisory_xact_lock(cast(leased_by as bigint))`)
  return rows.map((row) => row['leased_by'] as string)
}

async function free({ ask, shop, now, tell }: LeaseParts, gone: readonly string[]): Promise<void> {
  const ahead = new Date(now().getTime() + LEASE_SECONDS_MAX * 1000).toISOString()
  const freed: Row[] = [...(await ask(releaseJobsAhead(shop, ahead)))]
  for (const by of gone) freed.push(...(await ask(releaseJobs(shop, by))))
  const jobs = [...new Set(freed.map((row) => row['kind'] as Work['kind']))]
  if (jobs.length > 0) tell({ jobs, shop: false })
}

/** Acts every so often, and not while it still does. A database that is away is found as it was the next time. */
export function again(milliseconds: number, act: () => Promise<unknown>): () => void {
  let isStopped = false
  let timer: NodeJS.Timeout
  const wait = () => {
    if (!isStopped) timer = setTimeout(() => void act().then(wait, wait), milliseconds).unref()
  }
  wait()
  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}

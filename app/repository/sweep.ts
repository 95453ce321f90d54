import { type Job, type JobOutcome, type JobRequest, jobsDue, type Work } from '../job/job.ts'
import { findShopJob, followReleasesJob, watchAssetsJob } from '../job/repository-jobs.ts'
import { ensureSweep, type Sweep, sweptAgain } from '../job/sweep.ts'
import type { Parts } from '../parts.ts'
import { redeliverFailed } from './missed.ts'

// GitHub's word may not reach us, and GitHub sends nothing twice by itself. So every minute we look at what it may have been about.

const SWEEP: Sweep = { id: 'sweep-github', kind: 'sweep-github', everySeconds: 60, overlapMinutes: 2, keptMinutes: 30 }
/** Releases and their files are looked at now and then, should their webhooks have been lost. */
const RELEASES_EVERY_MINUTES = 15

/** Makes sure that the repository is looked after from now on; called at start. */
export async function startRepositoryWork(parts: Pick<Parts, 'config' | 'store' | 'now'>): Promise<void> {
  const now = parts.now()
  const sweeping = ensureSweep(SWEEP, await parts.store.job(SWEEP.id), now)
  await parts.store.transact({}, () => ({ jobs: [...jobsDue([findShopJob], now), ...sweeping] }))
}

/**
 * Looks for everything that a lost delivery may have been about, each look by itself: what GitHub does not tell just now keeps us from
 * nothing else, and is looked at from the same place the next time. Rejects when GitHub tells nothing.
 */
export async function sweepRepository(parts: Parts, work: SweepWork, begun: Date): Promise<JobOutcome> {
  const since = new Date(work.since)
  const isLongAgo = isTimeForReleases(since, begun)
  const lost = { since: new Date(work.behind ?? work.since), isLongAgo }
  const looks = await Promise.allSettled([redeliver(parts, lost.since), ...parts.source.missed(lost)])
  const failures = looks.flatMap((look) => (look.status === 'rejected' ? [look.reason as Error] : []))
  if (failures.length === looks.length) throw failures[0]
  for (const error of failures)
    parts.log.warn({ reason: error.message }, 'GitHub does not tell what we may have missed')
  const found = looks.flatMap((look) => (look.status === 'fulfilled' ? look.value : []))
  const jobs = await sweptJobs(parts, [...found, ...(isLongAgo ? releases(parts) : [])], begun)
  if (jobs.length > 0) await parts.store.transact({}, () => ({ jobs }))
  const isBehind = failures.length > 0
  const outcome = sweptAgain(SWEEP, since, begun, jobs.length + Number(isBehind || work.behind !== undefined))
  if (!isBehind || outcome.end !== 'again') return outcome
  const behind = lost.since.toISOString()
  return { end: 'again', job: { ...outcome.job, work: { ...(outcome.job.work as SweepWork), behind } } }
}

type SweepWork = Extract<Work, { kind: 'sweep-github' }>

async function redeliver({ githubApp, log }: Parts, since: Date): Promise<JobRequest[]> {
  const asked = await redeliverFailed(githubApp.asApp, since)
  if (asked > 0) log.warn({ deliveries: asked }, 'asked GitHub to send again what had failed')
  return []
}

/** What waits to be tried again goes on waiting, and keeps its count, else what fails for long is tried every minute for ever. */
async function sweptJobs(parts: Pick<Parts, 'store'>, requests: readonly JobRequest[], now: Date): Promise<Job[]> {
  const known = await Promise.all(requests.map(({ id }) => parts.store.job(id)))
  const jobs = jobsDue(requests, now).map((job, place) => ({ ...job, attempts: known[place]?.attempts ?? 0 }))
  return jobs.filter((_, place) => (known[place]?.dueAt ?? '') <= now.toISOString())
}

const releases = (parts: Parts) => {
  const following = [...parts.shop.catalog().assets.values()].filter(({ follows }) => follows)
  const repositories = new Set(following.map(({ release }) => release.repository))
  return [watchAssetsJob, ...[...repositories].map(followReleasesJob)]
}

const slotOf = (date: Date) => Math.floor(date.getTime() / (RELEASES_EVERY_MINUTES * 60_000))
const isTimeForReleases = (since: Date, begun: Date): boolean =>
  slotOf(begun) !== slotOf(new Date(since.getTime() + SWEEP.overlapMinutes * 60_000))

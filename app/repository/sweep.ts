import { type Job, type JobOutcome, type JobRequest, jobsDue } from '../job/job.ts'
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

/** Looks for everything that a lost delivery may have been about. */
export async function sweepRepository(parts: Parts, since: Date, begun: Date): Promise<JobOutcome> {
  const asked = await redeliverFailed(parts.githubApp.asApp, since)
  if (asked > 0) parts.log.warn({ deliveries: asked }, 'asked GitHub to send again what had failed')
  const isLongAgo = isTimeForReleases(since, begun)
  const missed = [...(await parts.source.missed({ since, isLongAgo })), ...(isLongAgo ? releases(parts) : [])]
  const jobs = await sweptJobs(parts, missed, begun)
  if (jobs.length > 0) await parts.store.transact({}, () => ({ jobs }))
  return sweptAgain(SWEEP, since, begun, jobs.length)
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

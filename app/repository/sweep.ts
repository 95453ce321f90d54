import { type Job, type JobOutcome, type JobRequest, jobDueAt, jobsDue } from '../job/job.ts'
import { findShopJob, followReleasesJob, watchAssetsJob } from '../job/repository-jobs.ts'
import type { Parts } from '../parts.ts'
import { redeliverFailed } from './missed.ts'

// GitHub's word may not reach us, and GitHub sends nothing twice by itself. So every minute we look at what it may have been about.

const SWEEP_EVERY_SECONDS = 60
/** Each sweep looks back over the one before: GitHub lists things a little after they happened. */
const SWEEP_OVERLAP_MINUTES = 2
/** A sweep that found nothing is not written down; but its place moves on. */
const SWEEP_KEPT_MINUTES = 30
/** Releases and their files are looked at now and then, should their webhooks have been lost. */
const RELEASES_EVERY_MINUTES = 15
const SWEEP_ID = 'sweep-github'

/** Makes sure that the repository is looked after from now on; called at start. */
export async function startRepositoryWork(parts: Pick<Parts, 'config' | 'store' | 'now'>): Promise<void> {
  const now = parts.now()
  const sweeping = (await parts.store.job(SWEEP_ID)) ? [] : [sweepJob(now, now)]
  await parts.store.transact({}, () => ({ jobs: [...jobsDue([findShopJob], now), ...sweeping] }))
}

/** Looks for everything that a lost delivery may have been about. */
export async function sweepRepository(parts: Parts, since: Date, begun: Date): Promise<JobOutcome> {
  const asked = await redeliverFailed(parts.githubApp.asApp, since)
  if (asked > 0) parts.log.warn({ deliveries: asked }, 'asked GitHub to send again what had failed')
  const isLongAgo = isTimeForReleases(since, begun)
  const missed = [...(await parts.source.missed({ since, isLongAgo })), ...(isLongAgo ? releases(parts) : [])]
  const jobs = await sweptJobs(parts, missed, begun)
  const minutesOld = (begun.getTime() - since.getTime()) / 60_000
  if (jobs.length === 0 && minutesOld < SWEEP_KEPT_MINUTES) return { end: 'unchanged' }
  await parts.store.transact({}, () => ({ jobs }))
  const next = new Date(begun.getTime() - SWEEP_OVERLAP_MINUTES * 60_000)
  return { end: 'again', job: sweepJob(new Date(begun.getTime() + SWEEP_EVERY_SECONDS * 1000), next) }
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
  slotOf(begun) !== slotOf(new Date(since.getTime() + SWEEP_OVERLAP_MINUTES * 60_000))

const sweepJob = (due: Date, since: Date): Job =>
  jobDueAt(due.toISOString(), { kind: 'sweep-github', since: since.toISOString() }, SWEEP_ID)

import type { JobRequest } from './job.ts'

// The work there is in the shop's repository, with the ids that make it once-only.

export const findShopJob: JobRequest = { id: 'find-shop', work: { kind: 'find-shop' } }
export const refreshShopJob: JobRequest = { id: 'refresh-shop', work: { kind: 'refresh-shop' } }
export const watchAssetsJob: JobRequest = { id: 'watch-assets', work: { kind: 'watch-assets' } }

/** A sweep that looks at everything there is. */
export const sweepAllJob: JobRequest = {
  id: 'sweep-github',
  work: { kind: 'sweep-github', since: new Date(0).toISOString() },
}

/** One job for each pull request, however many events there are about it. */
export const checkPullJob = (repository: string, number: number, force = false): JobRequest => ({
  id: `check-pull:${repository.toLowerCase()}#${number}`,
  work: { kind: 'check-pull', repository, number, ...(force && { force }) },
})

/** One job for each commit of a merge queue. */
export const checkCommitJob = (repository: string, sha: string, branch?: string): JobRequest => ({
  id: `check-commit:${repository.toLowerCase()}@${sha}`,
  work: { kind: 'check-commit', repository, sha, ...(branch && { branch }) },
})

/** One job for each repository with releases. */
export const followReleasesJob = (repository: string): JobRequest => ({
  id: `follow-releases:${repository.toLowerCase()}`,
  work: { kind: 'follow-releases', repository },
})

/** One job for each repository that may become a shop. */
export const welcomeJob = (repository: string): JobRequest => ({
  id: `welcome:${repository.toLowerCase()}`,
  work: { kind: 'welcome', repository },
})

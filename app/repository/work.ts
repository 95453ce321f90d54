import { NoAccessError } from '../github/client.ts'
import { type JobOutcome, jobsDue, type Work } from '../job/job.ts'
import type { QUEUES } from '../job/queue.ts'
import { findShopJob } from '../job/repository-jobs.ts'
import type { Parts } from '../parts.ts'
import { checkCommit, checkPull, reportTrouble } from './check/check.ts'
import { followReleases as follow } from './follow/follow.ts'
import { refreshShop } from './refresh.ts'
import { findShop } from './shop-repository.ts'
import { sweepRepository } from './sweep.ts'
import { watchAssets } from './watch.ts'
import { welcome } from './welcome/welcome.ts'

// Work in the shop's repository. Each piece of work finds out what is true and does what is left to do, so it does not
// matter how often it is asked for, in which order, or whether GitHub's word reached us at all.

const OUR_MISTAKE = 'Something went wrong in the shop itself. It is tried again, and the server’s log has the details.'
/** Work of the queues `checks` and `shop`, but for the ledger's, which is in another repository, and the store's own. */
export type RepositoryWork = Exclude<
  Extract<Work, { kind: (typeof QUEUES)['checks' | 'shop'][number] }>,
  { kind: 'write-ledger' | 'forget-unpaid' }
>

/** These find out where we may enter: where they are denied, they come again later. */
const FINDS_ACCESS: ReadonlySet<Work['kind']> = new Set(['find-shop', 'refresh-shop', 'sweep-github'])

/** Does one piece of work in the repository. Whatever is down outside makes it throw: then it is tried again. */
export async function performRepositoryWork(parts: Parts, work: RepositoryWork, begun: Date): Promise<JobOutcome> {
  if ('repository' in work && work.kind !== 'follow-releases' && !(await isShop(parts, work.repository))) {
    return { end: 'done' }
  }
  try {
    if (work.kind === 'sweep-github') return await sweepRepository(parts, work, begun)
    return await perform(parts, work)
  } catch (error) {
    if (!(error instanceof NoAccessError) || FINDS_ACCESS.has(work.kind)) throw error
    parts.log.warn({ work: work.kind, reason: error.message }, 'nothing to do where the App may not enter')
    await parts.store.transact({}, () => ({ jobs: jobsDue([findShopJob], parts.now()) }))
    return { end: 'done' }
  }
}

async function perform(parts: Parts, work: Exclude<RepositoryWork, { kind: 'sweep-github' }>): Promise<JobOutcome> {
  switch (work.kind) {
    case 'find-shop':
      await findShop(parts)
      break
    case 'refresh-shop':
      await refreshShop(parts)
      break
    case 'welcome':
      await welcome(parts, work.repository)
      break
    case 'check-pull':
      return checkPull(parts, work).catch((error: unknown) => sayWhy(parts, work, error))
    case 'check-commit':
      return checkCommit(parts, work).catch((error: unknown) => sayWhy(parts, work, error))
    case 'follow-releases':
      await followInShop(parts, work.repository)
      break
    case 'watch-assets':
      await watchAssets(parts)
  }
  return { end: 'done' }
}

/** A mistake of ours is said in the check, so that nobody waits for what does not come. GitHub's troubles pass. */
async function sayWhy(
  parts: Parts,
  work: Parameters<typeof checkPull>[1] | Parameters<typeof checkCommit>[1],
  error: unknown,
): Promise<never> {
  const isGitHubs = error instanceof Error && ('status' in error || 'retryAfterSeconds' in error)
  if (!isGitHubs && !(error instanceof NoAccessError)) await reportTrouble(parts, { ...work, why: OUR_MISTAKE })
  throw error
}

async function isShop(parts: Parts, repository: string): Promise<boolean> {
  return (await parts.source.name())?.toLowerCase() === repository.toLowerCase()
}

async function followInShop(parts: Parts, repository: string): Promise<void> {
  const shop = await parts.source.name()
  if (shop) await follow(parts, { shop, repository })
}

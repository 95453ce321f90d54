import { fileProblem } from '../../catalog/problem/problem.ts'
import { absentAt } from '../github/absent.ts'
import { exists } from '../github/catalog/blobs.ts'
import { catalogFolder, type FetchedCatalog, fetchCatalogAt } from '../github/catalog/catalog-at.ts'
import { CatalogRefusedError } from '../github/catalog/catalog-tree.ts'
import { NoAccessError } from '../github/client.ts'
import { fetchHead, type Head } from '../github/head.ts'
import { closeIssue, keepIssue } from '../github/issue.ts'
import type { Repository } from '../github/repository-name.ts'
import type { JobRequest } from '../job/job.ts'
import { findShopJob, refreshShopJob } from '../job/repository-jobs.ts'
import type { CatalogSource, Found } from '../live/source.ts'
import type { Parts } from '../parts.ts'
import { isSameRepository, type ShopState } from '../shop/shop.ts'
import { pullsToCheck, queuedCommits } from './missed.ts'
import { hasCatalogFolder } from './welcome/repository.ts'

// A repository at GitHub as the catalog's source: what its default branch has now, and what it had.

type SourceParts = Pick<Parts, 'config' | 'store' | 'githubApp'>

const READS = { contents: 'read', metadata: 'read', pull_requests: 'read' } as const
const ISSUES = { issues: 'write', metadata: 'read' } as const

/** The source that follows the shop's repository: the one that the settings name, or that was found or chosen. */
export function repositorySource(parts: SourceParts): CatalogSource {
  const { config, store, githubApp } = parts
  const name = async () => config.SHOP_REPOSITORY ?? (await store.shop()).repository
  const inShop = async <Result>(permissions: typeof READS | typeof ISSUES, act: InShop<Result>) => {
    const repository = await name()
    return repository === undefined ? undefined : act(await githubApp.forRepository(repository, permissions))
  }
  return {
    name,
    async current() {
      const repository = await name()
      return repository === undefined ? undefined : lookAt(parts, repository)
    },
    async bring({ tree, commit }) {
      const folder = catalogFolder(config.DATA_FOLDER, tree)
      if (await exists(folder)) return folder
      const fetched = await inShop(READS, (repository) =>
        // After a force-push, GitHub may have forgotten a commit.
        fetchCatalogAt(config.DATA_FOLDER, repository, commit).catch(absentAt(404, 422)),
      )
      return fetched && !('none' in fetched) ? fetched.folder : undefined
    },
    async tell(notice) {
      await inShop(ISSUES, (repository) => keepIssue(repository, notice))
    },
    async settle(mark, why) {
      await inShop(ISSUES, (repository) => closeIssue(repository, mark, why))
    },
    missed: (lost) => missedJobs(parts, name, lost),
    checks: async () => (await inShop(READS, pullsToCheck)) ?? [],
  }
}

type InShop<Result> = (repository: Repository) => Promise<Result>

/** Looks at the default branch, and brings its catalog to the disk. */
async function lookAt({ config, githubApp }: SourceParts, repository: string): Promise<Found> {
  try {
    const entered = await githubApp.forRepository(repository, READS)
    const head = await fetchHead(entered)
    if (!head) return { closed: 'no-catalog' }
    const fetched = await fetchCatalogAt(config.DATA_FOLDER, entered, head.commit).catch(refusal)
    return foundAt(head, fetched)
  } catch (error) {
    if (!(error instanceof NoAccessError)) throw error
    const names = await githubApp.repositories()
    if (names.some((one) => isSameRepository(one, repository))) {
      // Now and then GitHub denies for a moment what it lists all the while. No shop is closed for that.
      throw new Error(`GitHub lists ${repository}, and does not let us in: ${error.message}`, { cause: error })
    }
    return { closed: /suspended/i.test(error.message) ? 'suspended' : 'not-installed' }
  }
}

function foundAt(head: Head, fetched: FetchedCatalog | { none: true } | CatalogRefusedError): Found {
  if (fetched instanceof CatalogRefusedError) {
    return { head, refused: fileProblem('.', fetched.found, fetched.expected) }
  }
  return 'none' in fetched ? { closed: 'no-catalog' } : { head, tree: fetched.tree, folder: fetched.folder }
}

/** Beyond all bounds: as wrong as a mistake on a line. */
function refusal(error: unknown): CatalogRefusedError {
  if (error instanceof CatalogRefusedError) return error
  throw error
}

/** Pull requests that changed, what a merge queue waits for, and the default branch where it is not what is live. */
function missedJobs(parts: SourceParts, name: CatalogSource['name'], lost: Lost): Promise<JobRequest[]>[] {
  const look = async (act: InShop<JobRequest[]>) => {
    const repository = await name()
    try {
      return repository ? await act(await parts.githubApp.forRepository(repository, READS)) : []
    } catch (error) {
      if (error instanceof NoAccessError) return [] // the default branch says so
      throw error
    }
  }
  return [
    missedCommits(parts, name, lost),
    look((repository) => pullsToCheck(repository, lost.since)),
    look(queuedCommits),
  ]
}

type Lost = { since: Date; isLongAgo: boolean }

/**
 * A shop that is not there yet, or closed, is looked at now and then (`isLongAgo`) although nothing tells that it has changed.
 */
async function missedCommits(
  { store, githubApp }: SourceParts,
  name: CatalogSource['name'],
  { isLongAgo }: Lost,
): Promise<JobRequest[]> {
  const repository = await name()
  if (!repository) return isLongAgo || (await githubApp.repositories()).length === 1 ? [findShopJob] : []
  const shop = await store.shop()
  try {
    const entered = await githubApp.forRepository(repository, READS)
    const isCurrent = !(shop.closed && isLongAgo) && (await isUpToDate(entered, await fetchHead(entered), shop))
    return isCurrent ? [] : [refreshShopJob]
  } catch (error) {
    if (!(error instanceof NoAccessError)) throw error
    return shop.closed && shop.closed.reason !== 'no-catalog' && !isLongAgo ? [] : [refreshShopJob]
  }
}

async function isUpToDate(
  repository: Repository,
  head: Head | undefined,
  { live, refused, closed }: ShopState,
): Promise<boolean> {
  if (!closed) return head?.commit === (refused ?? live)?.commit
  if (closed.reason !== 'no-catalog') return false
  return !head || (await hasCatalogFolder(repository, head.commit)) !== 'catalog'
}

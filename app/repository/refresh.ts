import { loadCatalog } from '../../catalog/load.ts'
import type { Catalog } from '../../catalog/offer.ts'
import { type CatalogProblem, fileProblem } from '../../catalog/problem/problem.ts'
import { type FetchedCatalog, forgetOldCatalogs } from '../github/catalog-at.ts'
import { CatalogRefusedError } from '../github/catalog-tree.ts'
import type { Head } from '../github/head.ts'
import { closeIssue, keepIssue } from '../github/issue.ts'
import { type JobRequest, jobsDue } from '../job/job.ts'
import { watchAssetsJob, welcomeJob } from '../job/repository-jobs.ts'
import type { Parts } from '../parts.ts'
import { assetNews } from '../shop/asset-news.ts'
import type { ClosedReason, ShopEvent } from '../shop/event.ts'
import { isSameRepository, type ShopState } from '../shop/shop.ts'
import { brokenCatalogIssue } from './issues.ts'
import { pullsToCheck } from './missed.ts'
import { catalogOf, lookAt, shopRepository } from './shop-repository.ts'

// From a merge to the live shop: what the default branch has now is fetched, checked, built, and only then shown. A catalog
// with mistakes leaves the last good one where it is.

type RefreshParts = Pick<Parts, 'config' | 'store' | 'githubApp' | 'liveShop' | 'catalog' | 'now' | 'log'>

const READS = { contents: 'read', metadata: 'read', pull_requests: 'read' } as const
const ISSUES = { issues: 'write', metadata: 'read' } as const
/** The mark of the one issue about a catalog with mistakes. */
const BROKEN = 'broken-catalog'

/** Makes live what the default branch has now. Rejects when GitHub is down, or the storefront can't be built. */
export async function refreshShop(parts: RefreshParts): Promise<void> {
  const repository = await shopRepository(parts)
  if (!repository) return
  const found = await lookAt(parts, repository)
  if ('closed' in found) return closeShop(parts, repository, found.closed)
  const { head, fetched } = found
  const shop = await parts.store.shop()
  if (shop.refused?.commit === head.commit) return reopen(parts, repository, shop)
  if (fetched instanceof CatalogRefusedError) {
    return refuse(parts, head, [fileProblem('.', fetched.found, fetched.expected)], shop)
  }
  const isShown = shop.live?.tree === fetched.tree && !shop.closed && parts.liveShop.isOpen()
  if (isShown && isRecorded(shop, head) && isSameRepository(shop.repository, head.repository)) return
  // All that GitHub is asked for comes before the showing, so that nothing is shown and then not recorded.
  const octokit = await parts.githubApp.forRepository(repository, READS)
  // What open pull requests change may be another thing now; not after a push that left the catalog alone.
  const checks = [watchAssetsJob, ...(isShown ? [] : await pullsToCheck(octokit, repository))]
  const before = shop.live && (await catalogOf(parts, repository, shop.live))
  if (shop.refused) await closeBrokenIssue(parts, head, fetched)
  const { problems } = isShown ? { problems: [] } : await parts.liveShop.show(fetched.folder)
  if (problems.length > 0) return refuse(parts, head, problems, shop)
  await recordUpdate(parts, head, fetched, { before, looks: checks })
  await forgetOldCatalogs(parts.config.DATA_FOLDER, new Set([fetched.tree]), parts.now())
}

const isRecorded = ({ live, closed, refused }: ShopState, head: Pick<Head, 'commit'>): boolean =>
  live?.commit === head.commit && !closed && !refused

/** The newest commit has mistakes: what was live before stays so, also after the shop was closed or lost its disk. */
async function reopen(parts: RefreshParts, repository: string, { live, refused, closed }: ShopState): Promise<void> {
  if (!live || !refused || (!closed && parts.liveShop.isOpen())) return
  const catalog = await catalogOf(parts, repository, live)
  if (!catalog) return
  const { problems } = await parts.liveShop.show(catalog.folder)
  if (problems.length > 0 || !closed) return
  const at = parts.now().toISOString()
  const facts: ShopEvent[] = [
    { type: 'shop.updated', repository, at, commit: live.commit, tree: live.tree, by: live.by },
    { type: 'shop.refused', repository, at, commit: refused.commit, problems: refused.problems },
  ]
  await parts.store.transact({}, () => ({ shop: facts, jobs: jobsDue([watchAssetsJob], parts.now()) }))
  parts.log.info({ commit: live.commit }, 'live again')
}

/** Before the update is recorded: were the fact there first, nobody would come back to close it. */
async function closeBrokenIssue(parts: RefreshParts, head: Head, { folder }: FetchedCatalog): Promise<void> {
  if ('problems' in (await loadCatalog(folder))) return
  await closeIssue(await issues(parts, head.repository), head.repository, BROKEN, `Mended by ${head.commit}.`)
}

type Update = { before: Catalog | undefined; looks: readonly JobRequest[] }

/** Once for each commit, also when a build took so long that the job was begun a second time. */
async function recordUpdate(
  parts: RefreshParts,
  head: Head,
  { tree }: FetchedCatalog,
  { before, looks }: Update,
): Promise<void> {
  const { repository, commit, by } = head
  const now = parts.now()
  const about = { repository, at: now.toISOString() }
  const changes = before ? assetNews(before, parts.catalog(), await parts.store.shopEvents()) : []
  const facts: ShopEvent[] = [
    { ...about, type: 'shop.updated', commit, tree, by },
    ...changes.map((fact) => ({ ...about, ...fact })),
  ]
  await parts.store.transact({}, ({ shop }) => {
    const isAgain = isRecorded(shop, head) && isSameRepository(shop.repository, repository)
    return isAgain ? {} : { shop: facts, jobs: jobsDue(looks, now) }
  })
  parts.log.info({ commit, by, products: parts.catalog().products.size }, 'live')
}

/** The issue first: were the fact there without it, nobody would come back to write it. */
async function refuse(
  parts: RefreshParts,
  head: Head,
  problems: readonly CatalogProblem[],
  shop: ShopState,
): Promise<void> {
  const { repository, commit } = head
  const { title, body } = brokenCatalogIssue({
    head,
    problems,
    live: shop.live,
    githubUrl: parts.config.GITHUB_URL,
  })
  await keepIssue(await issues(parts, repository), repository, { mark: BROKEN, title, body })
  const fact = { type: 'shop.refused' as const, repository, at: parts.now().toISOString(), commit }
  await parts.store.transact({}, () => ({ shop: [{ ...fact, problems: problems.length }] }))
  parts.log.error({ commit, problems: problems.length }, 'the catalog has mistakes; the last good one stays live')
}

/** Sells nothing more. What was bought is still given, as long as GitHub lets us. */
async function closeShop(parts: RefreshParts, repository: string, reason: ClosedReason): Promise<void> {
  parts.liveShop.close()
  const now = parts.now()
  const looks = reason === 'no-catalog' ? [welcomeJob(repository)] : []
  const { isNew, wasOpen } = await parts.store.transact({}, ({ shop }) => {
    const wasOpen = shop.live !== undefined
    const jobs = jobsDue(looks, now) // each time: a repository that was empty may have its first commit by now
    if (shop.closed?.reason === reason) return { isNew: false, wasOpen, jobs }
    const fact = { type: 'shop.closed' as const, repository, at: now.toISOString(), reason }
    return { isNew: true, wasOpen, shop: [fact], jobs }
  })
  if (!isNew) return
  if (wasOpen) parts.log.error({ repository, reason }, 'the shop is closed: nothing is sold until this is mended')
  else parts.log.info({ repository, reason }, 'the shop is not open yet')
}

const issues = (parts: RefreshParts, repository: string) => parts.githubApp.forRepository(repository, ISSUES)

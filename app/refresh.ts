import { loadCatalog } from '../catalog/load.ts'
import type { Catalog } from '../catalog/offer.ts'
import { type CatalogProblem, fileProblem } from '../catalog/problem.ts'
import { type Look, refreshShop as refreshLook, watchAssets, welcome } from './github/bot.ts'
import { catalogFolder, type FetchedCatalog, fetchCatalogAt, forgetOldCatalogs } from './github/catalog/catalog-at.ts'
import { CatalogRefusedError } from './github/catalog/catalog-tree.ts'
import { NoAccessError } from './github/client.ts'
import { fetchHead, type Head } from './github/head.ts'
import { brokenCatalogIssue, closeIssue, keepIssue } from './github/issue.ts'
import { pullsToCheck } from './github/sweep.ts'
import { jobDueAt } from './order/job.ts'
import type { Parts } from './parts.ts'
import type { ClosedReason, ShopEvent, WithoutHead } from './shop/event.ts'
import { isSameFile, isSameRepository, type Shop } from './shop/shop.ts'

// From a merge to the live shop: what the default branch has now is fetched, checked, built, and only then shown. A catalog
// with mistakes leaves the last good one where it is.

type RefreshParts = Pick<Parts, 'config' | 'store' | 'githubApp' | 'liveShop' | 'catalog' | 'now' | 'log'>

const READS = { contents: 'read', metadata: 'read', pull_requests: 'read' } as const
const ISSUES = { issues: 'write', metadata: 'read' } as const
/** The mark of the one issue about a catalog with mistakes. */
const BROKEN = 'broken-catalog'

/** The repository that the shop's catalog is in (`owner/name`), once it is known. */
export async function shopRepository(parts: Pick<Parts, 'config' | 'store'>): Promise<string | undefined> {
  return parts.config.SHOP_REPOSITORY ?? (await parts.store.shop()).repository
}

/** Chooses the shop's repository where there is only one to choose: the App's only one, or the only one with a catalog. */
export async function findShop(parts: RefreshParts): Promise<void> {
  if (!(await shopRepository(parts))) {
    const names = await parts.githubApp.repositories()
    const [only, ...others] = names.length > 1 ? await withCatalog(parts, names) : names
    if (!only || others.length > 0) {
      parts.log.info({ repositories: names.length }, 'which repository is the shop? Choose on the page /maintainers')
      return
    }
    const at = parts.now().toISOString()
    await parts.store.transact({}, ({ shop }) =>
      shop.repository ? {} : { shop: [{ type: 'shop.chosen', repository: only, at }] },
    )
  }
  await parts.store.transact({}, () => ({ jobs: jobsFor([refreshLook], parts.now()) }))
}

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
  const looks = [watchAssets, ...(isShown ? [] : await pullsToCheck(octokit, repository))]
  const before = shop.live && (await catalogOf(parts, repository, shop.live))
  if (shop.refused) await closeBrokenIssue(parts, head, fetched)
  const { problems } = isShown ? { problems: [] } : await parts.liveShop.show(fetched.folder)
  if (problems.length > 0) return refuse(parts, head, problems, shop)
  await recordUpdate(parts, head, fetched, { before, looks })
  await forgetOldCatalogs(parts.config.DATA_FOLDER, new Set([fetched.tree]), parts.now())
}

type Found = { head: Head; fetched: FetchedCatalog | CatalogRefusedError } | { closed: ClosedReason }

async function lookAt(parts: RefreshParts, repository: string): Promise<Found> {
  try {
    const octokit = await parts.githubApp.forRepository(repository, READS)
    const head = await fetchHead(octokit, repository)
    const folder = parts.config.DATA_FOLDER
    if (!head) return { closed: 'no-catalog' }
    const fetched = await fetchCatalogAt({ folder }, octokit, repository, head.commit).catch(refusal)
    return 'none' in fetched ? { closed: 'no-catalog' } : { head, fetched }
  } catch (error) {
    if (!(error instanceof NoAccessError)) throw error
    const names = await parts.githubApp.repositories()
    if (names.some((name) => isSameRepository(name, repository))) {
      // Now and then GitHub denies for a moment what it lists all the while. No shop is closed for that.
      throw new Error(`GitHub lists ${repository}, and does not let us in: ${error.message}`, { cause: error })
    }
    return { closed: /suspended/i.test(error.message) ? 'suspended' : 'not-installed' }
  }
}

const isRecorded = ({ live, closed, refused }: Shop, head: Pick<Head, 'commit'>): boolean =>
  live?.commit === head.commit && !closed && !refused

/** The catalog of a commit that is or was live; nothing where neither the disk nor GitHub has it any more. */
async function catalogOf(
  parts: RefreshParts,
  repository: string,
  { commit, tree }: { commit: string; tree: string },
): Promise<Catalog | undefined> {
  const folder = catalogFolder(parts.config.DATA_FOLDER, tree)
  if (parts.catalog().folder === folder) return parts.catalog()
  const kept = await loadCatalog(folder)
  if ('catalog' in kept) return kept.catalog
  const octokit = await parts.githubApp.forRepository(repository, READS)
  const fetched = await fetchCatalogAt({ folder: parts.config.DATA_FOLDER }, octokit, repository, commit).catch(gone)
  const loaded = fetched && !('none' in fetched) && (await loadCatalog(fetched.folder))
  return loaded && 'catalog' in loaded ? loaded.catalog : undefined
}

/** After a force-push, GitHub may have forgotten a commit. */
function gone(error: { status?: number }): undefined {
  if (error.status !== 404 && error.status !== 422) throw error
}

/** The newest commit has mistakes: what was live before stays so, also after the shop was closed or lost its disk. */
async function reopen(parts: RefreshParts, repository: string, { live, refused, closed }: Shop): Promise<void> {
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
  await parts.store.transact({}, () => ({ shop: facts, jobs: jobsFor([watchAssets], parts.now()) }))
  parts.log.info({ commit: live.commit }, 'live again')
}

/** Before the update is recorded: were the fact there first, nobody would come back to close it. */
async function closeBrokenIssue(parts: RefreshParts, head: Head, { folder }: FetchedCatalog): Promise<void> {
  if ('problems' in (await loadCatalog(folder))) return
  await closeIssue(await issues(parts, head.repository), head.repository, BROKEN, `Mended by ${head.commit}.`)
}

/** Beyond all bounds: as wrong as a mistake on a line. */
function refusal(error: unknown): CatalogRefusedError {
  if (error instanceof CatalogRefusedError) return error
  throw error
}

type Update = { before: Catalog | undefined; looks: readonly Look[] }

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
  const known = await parts.store.shopEvents()
  const changes = before ? assetFacts(before, parts.catalog()).filter((fact) => !isToldBefore(known, fact)) : []
  const facts: ShopEvent[] = [
    { ...about, type: 'shop.updated', commit, tree, by },
    ...changes.map((fact) => ({ ...about, ...fact })),
  ]
  await parts.store.transact({}, ({ shop }) => {
    const isAgain = isRecorded(shop, head) && isSameRepository(shop.repository, repository)
    return isAgain ? {} : { shop: facts, jobs: jobsFor(looks, now) }
  })
  parts.log.info({ commit, by, products: parts.catalog().products.size }, 'live')
}

/** Taken back and brought again, a release is no news: buyers had it. */
const isToldBefore = (known: readonly ShopEvent[], fact: AssetFact): boolean =>
  fact.type === 'asset.released' &&
  known.some(
    (one) =>
      one.type === 'asset.released' &&
      one.asset === fact.asset &&
      (isSameFile(one.to, fact.to) || isSameFile(one.from, fact.to)),
  )

type AssetFact = WithoutHead<Extract<ShopEvent, { type: 'asset.reviewed' | 'asset.released' }>>

/** Assets that buyers get from another release from now on, and those that were approved anew. */
function assetFacts(before: Catalog, after: Catalog): AssetFact[] {
  return [...after.assets.values()].flatMap(({ id: asset, review, release: to }): AssetFact[] => {
    const was = before.assets.get(asset)
    if (!was || review !== 'approved') return []
    if (was.review !== 'approved') return [{ type: 'asset.reviewed', asset, file: to }]
    return isSameFile(was.release, to) ? [] : [{ type: 'asset.released', asset, from: was.release, to }]
  })
}

/** The issue first: were the fact there without it, nobody would come back to write it. */
async function refuse(parts: RefreshParts, head: Head, problems: readonly CatalogProblem[], shop: Shop): Promise<void> {
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
  const looks = reason === 'no-catalog' ? [welcome(repository)] : []
  const { isNew, wasOpen } = await parts.store.transact({}, ({ shop }) => {
    const wasOpen = shop.live !== undefined
    const jobs = jobsFor(looks, now) // each time: a repository that was empty may have its first commit by now
    if (shop.closed?.reason === reason) return { isNew: false, wasOpen, jobs }
    const fact = { type: 'shop.closed' as const, repository, at: now.toISOString(), reason }
    return { isNew: true, wasOpen, shop: [fact], jobs }
  })
  if (!isNew) return
  if (wasOpen) parts.log.error({ repository, reason }, 'the shop is closed: nothing is sold until this is mended')
  else parts.log.info({ repository, reason }, 'the shop is not open yet')
}

async function withCatalog(parts: RefreshParts, names: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const repository of names) {
    const [owner = '', repo = ''] = repository.split('/')
    const octokit = await parts.githubApp.forRepository(repository, READS)
    const has = await octokit.rest.repos.getContent({ owner, repo, path: 'catalog/shop.yaml' }).then(
      () => true,
      (error: { status?: number }) =>
        error.status === 404 || error instanceof NoAccessError ? false : Promise.reject(error),
    )
    if (has) found.push(repository)
  }
  return found
}

const issues = (parts: RefreshParts, repository: string) => parts.githubApp.forRepository(repository, ISSUES)

/** These looks as jobs that are due now. */
export const jobsFor = (looks: readonly Look[], now: Date) =>
  looks.map(({ id, work }) => jobDueAt(now.toISOString(), work, id))

import type { Catalog } from '../catalog/offer.ts'
import { type CatalogProblem, fileProblem } from '../catalog/problem.ts'
import { type Look, refreshShop as refreshLook, watchAssets, welcome } from './github/bot.ts'
import { type FetchedCatalog, fetchCatalogAt, forgetOldCatalogs } from './github/catalog/catalog-at.ts'
import { CatalogRefusedError } from './github/catalog/catalog-tree.ts'
import { NoAccessError } from './github/client.ts'
import { fetchHead, type Head } from './github/head.ts'
import { brokenCatalogIssue, closeIssue, keepIssue } from './github/issue.ts'
import { pullsToCheck } from './github/sweep.ts'
import { jobDueAt } from './order/job.ts'
import type { Parts } from './parts.ts'
import type { ClosedReason, ShopEvent, WithoutHead } from './shop/event.ts'
import { isSameFile, type Shop } from './shop/shop.ts'

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
  if (shop.refused?.commit === head.commit) return
  if (fetched instanceof CatalogRefusedError) {
    return refuse(parts, head, [fileProblem('.', fetched.found, fetched.expected)], shop)
  }
  const isShown = shop.live?.tree === fetched.tree && !shop.closed && parts.liveShop.isOpen()
  if (isShown && shop.live?.commit === head.commit && !shop.refused) return
  const before = shop.live && parts.catalog()
  const { problems } = isShown ? { problems: [] } : await parts.liveShop.show(fetched.folder)
  if (problems.length > 0) return refuse(parts, head, problems, shop)
  await recordUpdate(parts, head, fetched, before)
  if (shop.refused) await closeIssue(await issues(parts, repository), repository, BROKEN, `Mended by ${head.commit}.`)
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
    return { closed: /suspended/i.test(error.message) ? 'suspended' : 'not-installed' }
  }
}

/** Beyond all bounds: as wrong as a mistake on a line. */
function refusal(error: unknown): CatalogRefusedError {
  if (error instanceof CatalogRefusedError) return error
  throw error
}

async function recordUpdate(
  parts: RefreshParts,
  { repository, commit, by }: Head,
  { tree }: FetchedCatalog,
  before: Catalog | undefined,
): Promise<void> {
  const now = parts.now()
  const head = { repository, at: now.toISOString() }
  const octokit = await parts.githubApp.forRepository(repository, READS)
  const looks = [watchAssets, ...(await pullsToCheck(octokit, repository))] // what they change may be another thing now
  const facts: ShopEvent[] = [
    { ...head, type: 'shop.updated', commit, tree, by },
    ...(before ? assetFacts(before, parts.catalog()).map((fact) => ({ ...head, ...fact })) : []),
  ]
  await parts.store.transact({}, () => ({ shop: facts, jobs: jobsFor(looks, now) }))
  parts.log.info({ commit, by, products: parts.catalog().products.size }, 'live')
}

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
  const { isNew } = await parts.store.transact({}, ({ shop }) => {
    if (shop.closed?.reason === reason) return { isNew: false }
    const fact = { type: 'shop.closed' as const, repository, at: now.toISOString(), reason }
    return { isNew: true, shop: [fact], jobs: jobsFor(looks, now) }
  })
  if (isNew) parts.log.error({ repository, reason }, 'the shop is closed: nothing is sold until this is mended')
}

async function withCatalog(parts: RefreshParts, names: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const repository of names) {
    const [owner = '', repo = ''] = repository.split('/')
    const octokit = await parts.githubApp.forRepository(repository, READS)
    const has = await octokit.rest.repos.getContent({ owner, repo, path: 'catalog/shop.yaml' }).then(
      () => true,
      (error: { status?: number }) => (error.status === 404 ? false : Promise.reject(error)),
    )
    if (has) found.push(repository)
  }
  return found
}

const issues = (parts: RefreshParts, repository: string) => parts.githubApp.forRepository(repository, ISSUES)

/** These looks as jobs that are due now. */
export const jobsFor = (looks: readonly Look[], now: Date) =>
  looks.map(({ id, work }) => jobDueAt(now.toISOString(), work, id))

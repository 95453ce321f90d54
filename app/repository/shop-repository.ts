import { loadCatalog } from '../../catalog/load.ts'
import type { Catalog } from '../../catalog/offer.ts'
import { catalogFolder, type FetchedCatalog, fetchCatalogAt } from '../github/catalog-at.ts'
import { CatalogRefusedError } from '../github/catalog-tree.ts'
import { NoAccessError } from '../github/client.ts'
import { fetchHead, type Head } from '../github/head.ts'
import { jobsDue } from '../job/job.ts'
import { refreshShopJob } from '../job/repository-jobs.ts'
import type { Parts } from '../parts.ts'
import type { ClosedReason } from '../shop/event.ts'
import { isSameRepository } from '../shop/shop.ts'

// The shop's repository: which one it is, what it has now, and what it had.

type RepositoryParts = Pick<Parts, 'config' | 'store' | 'githubApp' | 'catalog' | 'now' | 'log'>

const READS = { contents: 'read', metadata: 'read', pull_requests: 'read' } as const

/** The repository that the shop's catalog is in (`owner/name`), once it is known. */
export async function shopRepository(parts: Pick<Parts, 'config' | 'store'>): Promise<string | undefined> {
  return parts.config.SHOP_REPOSITORY ?? (await parts.store.shop()).repository
}

/** Chooses the shop's repository where there is only one to choose: the App's only one, or the only one with a catalog. */
export async function findShop(parts: RepositoryParts): Promise<void> {
  if (!(await shopRepository(parts))) {
    const names = await parts.githubApp.repositories()
    const [only, ...others] = names.length > 1 ? await withCatalog(parts, names) : names
    if (!only || others.length > 0) {
      parts.log.info({ repositories: names.length }, 'which repository is the shop? Choose at the desk')
      return
    }
    const at = parts.now().toISOString()
    await parts.store.transact({}, ({ shop }) =>
      shop.repository ? {} : { shop: [{ type: 'shop.chosen', repository: only, at }] },
    )
  }
  await parts.store.transact({}, () => ({ jobs: jobsDue([refreshShopJob], parts.now()) }))
}

/** What the default branch has now, or why nothing can be sold from it. */
export type Found = { head: Head; fetched: FetchedCatalog | CatalogRefusedError } | { closed: ClosedReason }

/** Looks at the default branch, and brings its catalog to the disk. */
export async function lookAt(parts: RepositoryParts, repository: string): Promise<Found> {
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

/** The catalog of a commit that is or was live; nothing where neither the disk nor GitHub has it any more. */
export async function catalogOf(
  parts: RepositoryParts,
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

/** Beyond all bounds: as wrong as a mistake on a line. */
function refusal(error: unknown): CatalogRefusedError {
  if (error instanceof CatalogRefusedError) return error
  throw error
}

async function withCatalog(parts: RepositoryParts, names: readonly string[]): Promise<string[]> {
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

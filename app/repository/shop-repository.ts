import { NoAccessError } from '../github/client.ts'
import { jobsDue } from '../job/job.ts'
import { refreshShopJob } from '../job/repository-jobs.ts'
import type { Parts } from '../parts.ts'

type FindParts = Pick<Parts, 'source' | 'store' | 'githubApp' | 'now' | 'log'>

const READS = { contents: 'read', metadata: 'read', pull_requests: 'read' } as const

/**
 * Chooses the shop's repository where none is known and there is only one to choose: the App's only one, or the only one with
 * a catalog. Then asks for what is there to be made live.
 */
export async function findShop(parts: FindParts): Promise<void> {
  if (!(await parts.source.name())) {
    const names = await parts.githubApp.repositories()
    const [only, ...others] = names.length > 1 ? await withCatalog(parts, names) : names
    if (!only || others.length > 0) {
      parts.log.info({ repositories: names.length }, 'which repository is the shop? Choose at the desk')
      return
    }
    const at = parts.now().toISOString()
    await parts.store.transact({ shop: true }, ({ shop }) =>
      shop.repository ? {} : { shop: [{ type: 'shop.chosen', repository: only, at }] },
    )
  }
  await parts.store.transact({}, () => ({ jobs: jobsDue([refreshShopJob], parts.now()) }))
}

async function withCatalog(
  { githubApp }: Pick<Parts, 'githubApp'>,
  repositories: readonly string[],
): Promise<string[]> {
  const found: string[] = []
  for (const repository of repositories) {
    const { octokit, names } = await githubApp.forRepository(repository, READS)
    const has = await octokit.rest.repos.getContent({ ...names, path: 'catalog/shop.yaml' }).then(
      () => true,
      (error: { status?: number }) =>
        error.status === 404 || error instanceof NoAccessError ? false : Promise.reject(error),
    )
    if (has) found.push(repository)
  }
  return found
}

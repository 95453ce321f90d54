import { same } from '../../../catalog/changes.ts'
import type { Catalog } from '../../../catalog/offer.ts'
import { paintProblems } from '../../../catalog/picture/painted.ts'
import type { CatalogProblem } from '../../../catalog/problem/problem.ts'
import { jobsDue } from '../../job/job.ts'
import { refreshShopJob } from '../../job/repository-jobs.ts'
import type { Head } from '../../live/source.ts'
import type { Parts } from '../../parts.ts'
import type { ShopState } from '../../shop/shop.ts'
import { brokenCatalogIssue } from '../issues.ts'
import { isOvertaken } from '../refresh-plan.ts'

type RefusalParts = Pick<Parts, 'config' | 'source' | 'store' | 'now' | 'log'>

/** The mark of the one issue about a catalog with mistakes. */
export const BROKEN = 'broken-catalog'

/**
 * Leaves a commit aside, and says why. `again`: the fault may pass without another commit. The issue first: were the fact
 * there without it, nobody would come back to write it.
 */
export async function refuse(
  parts: RefusalParts,
  known: ShopState,
  head: Head,
  problems: readonly CatalogProblem[],
  why: { again?: true } = {},
): Promise<void> {
  const { repository, commit } = head
  const { live } = known
  const words = brokenCatalogIssue({ head, problems, live, githubUrl: parts.config.GITHUB_URL })
  await parts.source.tell({ mark: BROKEN, ...words })
  const refused = { commit, problems: problems.length, ...why }
  if (known.refused && same(factOf(known.refused), refused)) return
  const fact = { type: 'shop.refused' as const, repository, at: parts.now().toISOString(), ...refused }
  await parts.store.transact({ shop: true }, ({ shop }) =>
    isOvertaken(known, shop) ? { jobs: jobsDue([refreshShopJob], parts.now()) } : { shop: [fact] },
  )
  parts.log.error({ commit, problems: problems.length }, 'the catalog has mistakes; the last good one stays live')
}

/** What is recorded of a refusal, but for when. */
export const factOf = ({ at: _, ...refused }: NonNullable<ShopState['refused']>) => refused

type Unbuilt = { head: Head; before: Catalog | undefined; catalog: Catalog; problems: readonly CatalogProblem[] }

/** Refuses a catalog whose pages can't be built. Mostly it is a picture, and then it says which one. Else it may be the machine's fault, and pass. */
export async function refuseUnbuilt(parts: RefusalParts, known: ShopState, unbuilt: Unbuilt): Promise<void> {
  const undrawn = await paintProblems(unbuilt.catalog, { drawn: unbuilt.before })
  if (undrawn.length > 0) return refuse(parts, known, unbuilt.head, undrawn)
  return refuse(parts, known, unbuilt.head, unbuilt.problems, { again: true })
}

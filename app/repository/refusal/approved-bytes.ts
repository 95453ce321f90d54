import type { Catalog } from '../../../catalog/offer.ts'
import { type CatalogProblem, fileProblem, quoted } from '../../../catalog/problem/problem.ts'
import type { Asset } from '../../../catalog/schema/asset.ts'
import { NoAccessError } from '../../github/client.ts'
import { describeRelease } from '../../github/release.ts'
import type { Parts } from '../../parts.ts'
import { isSameFile } from '../../shop/shop.ts'

/** Releases compared before a catalog goes live, one request each. Of those beyond them, each download is compared all the same. */
const RELEASES_MAX = 300

/**
 * Approved assets that are new in a catalog, or name other bytes than before, and whose file at GitHub has others: somebody put them
 * there after it was approved. What is not there at all, or closed to us, is nobody's to sell by mistake. Throws Octokit's errors.
 */
export async function swappedFiles(
  parts: Pick<Parts, 'githubApp'>,
  before: Catalog | undefined,
  after: Catalog,
): Promise<CatalogProblem[]> {
  const fresh = [...after.assets.values()].filter((asset) => isApproved(asset) && !isApprovedAs(before, asset))
  const releases = Object.values(Object.groupBy(fresh, ({ release }) => `${release.repository} ${release.tag}`))
  const problems: CatalogProblem[] = []
  for (const assets of releases.slice(0, RELEASES_MAX)) problems.push(...(await swappedIn(parts, assets ?? [])))
  return problems
}

const isApproved = ({ review }: Asset) => review === 'approved'

function isApprovedAs(before: Catalog | undefined, { id, release, sha256 }: Asset): boolean {
  const was = before?.assets.get(id)
  return was !== undefined && isApproved(was) && isSameFile(was.release, release) && was.sha256 === sha256
}

async function swappedIn(parts: Pick<Parts, 'githubApp'>, assets: readonly Asset[]): Promise<CatalogProblem[]> {
  const [first] = assets
  if (!first) return []
  const files = await describeRelease(parts, first.release).catch((error: unknown) => {
    if (error instanceof NoAccessError) return []
    throw error
  })
  return assets.flatMap((asset) => {
    const found = files.find(({ name }) => name === asset.release.file)
    return found && found.sha256 !== asset.sha256 ? [swappedProblem(asset, found.sha256)] : []
  })
}

function swappedProblem({ id, release, sha256 }: Asset, found: string | null): CatalogProblem {
  const there = found ? `SHA-256 ${found}` : 'no SHA-256 that GitHub knows'
  const words = `${quoted(release.file)} in release ${quoted(release.tag)} has ${there}; approved was ${sha256}.`
  const expected = 'Put the approved bytes back, or approve these by a pull request that names their SHA-256.'
  return fileProblem(`assets/${id}.yaml`, words, expected)
}

import { createHash } from 'node:crypto'
import { followedRelease, type SeenRelease, withRelease } from '../../../catalog/follow.ts'
import type { Catalog } from '../../../catalog/offer.ts'
import type { Asset, ReleaseFile } from '../../../catalog/schema/asset.ts'
import type { GitHubFile } from '../../github/client.ts'

/** A release with what its files are. */
export type FoundRelease = Omit<SeenRelease, 'files'> & { files: readonly GitHubFile[] }

/** One asset that takes a newer release. */
export type Update = { asset: Asset; after: ReleaseFile; found: GitHubFile & { sha256: string } }
/** All that one release brings: proposed together, since it was published together. */
export type ReleaseUpdate = { repository: string; tag: string; updates: readonly Update[] }

/** What a repository's releases bring to a shop, by release. Withdrawn assets stay as they are. */
export function planUpdates(
  catalog: Catalog,
  repository: string,
  releases: readonly FoundRelease[],
): readonly ReleaseUpdate[] {
  const updates = followersOf(catalog, repository).flatMap((asset): Update[] => {
    const best = followedRelease(asset, releases.map(withNames))
    const found = releases.find(({ tag }) => tag === best?.tag)?.files.find(({ name }) => name === best?.file)
    if (!best || !found?.sha256) return [] // GitHub has yet to say which bytes they are
    const after = { repository: asset.release.repository, ...best }
    return [{ asset, after, found: { ...found, sha256: found.sha256 } }]
  })
  const byTag = Object.entries(Object.groupBy(updates, ({ after }) => after.tag))
  return byTag.map(([tag, ofTag = []]) => ({ repository, tag, updates: ofTag }))
}

const withNames = (release: FoundRelease): SeenRelease => ({ ...release, files: release.files.map(({ name }) => name) })

/** The assets of a catalog that follow releases of a repository. GitHub takes its name in any case. */
export const followersOf = (catalog: Catalog, repository: string): Asset[] =>
  [...catalog.assets.values()].filter(
    ({ release, follows, review }) =>
      follows && review !== 'withdrawn' && release.repository.toLowerCase() === repository.toLowerCase(),
  )

/** Where an asset's file lies in the shop's repository. */
export const assetPath = (id: string): string => `catalog/assets/${id}.yaml`

/** The files as they will be, by path; `texts` are those of the assets now, by id. */
export function changedFiles(updates: readonly Update[], texts: ReadonlyMap<string, string>): Map<string, string> {
  return new Map(
    updates.map(({ asset, after: { tag }, found: { sha256 } }) => [
      assetPath(asset.id),
      withRelease(texts.get(asset.id) ?? '', { tag, sha256 }),
    ]),
  )
}

/** A name for exactly these files, to see whether a branch has them already. */
export function digestOf(files: ReadonlyMap<string, string>): string {
  return createHash('sha256')
    .update(JSON.stringify([...files].toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex')
}

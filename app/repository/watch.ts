import type { Asset } from '../../catalog/schema/asset.ts'
import { type GitHubFile, NoAccessError } from '../github/client.ts'
import { describeRelease } from '../github/release.ts'
import { jobsDue } from '../job/job.ts'
import { refreshShopJob } from '../job/repository-jobs.ts'
import type { Parts } from '../parts.ts'
import type { ApprovedFile, ShopEvent } from '../shop/event.ts'
import { approvedFile, changedFile, isSameBytes, type ShopState } from '../shop/shop.ts'
import { changedFileIssue, lostFilesIssue } from './issues.ts'

type WatchParts = Pick<Parts, 'source' | 'store' | 'githubApp' | 'shop' | 'now' | 'log'>

/** Releases looked at in one go, one request each; those of new files come first. */
const RELEASES_MAX = 300
/** The mark of the one issue about files that we can't reach. */
const LOST = 'lost-files'

/**
 * Compares the approved assets with what GitHub has: records the bytes of those that were just approved, and stops
 * others whose bytes were replaced since, with an issue that says so.
 */
export async function watchAssets(parts: WatchParts): Promise<void> {
  const repository = await parts.source.name()
  if (!repository) return
  await parts.shop.follow() // this may have been asked for by the write that made another catalog live
  const shop = await parts.store.shop()
  if (shop.refused?.again) await parts.store.transact({}, () => ({ jobs: jobsDue([refreshShopJob], parts.now()) }))
  const approved = [...parts.shop.catalog().assets.values()].filter(({ review }) => review === 'approved')
  const isNew = (asset: Asset) => !approvedFile(shop, asset.release)
  const releases = Object.values(Object.groupBy(approved, ({ release }) => `${release.repository} ${release.tag}`))
  const newFirst = releases.toSorted((a = [], b = []) => Number(b.some(isNew)) - Number(a.some(isNew)))
  const lost: Asset[] = []
  for (const assets of newFirst.slice(0, RELEASES_MAX)) {
    lost.push(...(await watchRelease(parts, repository, shop, assets ?? [])))
  }
  if (lost.length > 0) return tellLost(parts, lost)
  await parts.source.settle(LOST, 'The files can be reached again.')
}

/** Looks at one release. Gives the assets whose repository is closed to us. */
async function watchRelease(parts: WatchParts, repository: string, shop: ShopState, assets: Asset[]): Promise<Asset[]> {
  const [first] = assets
  if (!first) return []
  const files = await describeRelease(parts, first.release).catch((error: unknown) => {
    if (error instanceof NoAccessError) return 'closed' as const
    throw error
  })
  if (files === 'closed') return assets
  for (const asset of assets) {
    const file = files.find(({ name }) => name === asset.release.file)
    if (file) await watchFile(parts, repository, shop, asset, toApproved(asset, file))
  }
  return []
}

const toApproved = ({ release: file }: Asset, { id, size, sha256 }: GitHubFile): ApprovedFile => {
  return { file, size, sha256, releaseAsset: id }
}

async function watchFile(parts: WatchParts, repository: string, shop: ShopState, asset: Asset, found: ApprovedFile) {
  const known = approvedFile(shop, asset.release)
  const head = { repository, at: parts.now().toISOString(), asset: asset.id }
  // Of a repository that was chosen meanwhile, this says nothing.
  const record = (fact: ShopEvent) =>
    parts.store.transact({ shop: true }, ({ shop: now }) =>
      now.repository === shop.repository ? { shop: [fact] } : {},
    )
  const mark = `changed:${asset.id}`
  const changed = changedFile(shop, asset.release)
  if (found.sha256 === asset.sha256) {
    if (known && !changed && isSameBytes(known, found)) return
    // New, approved anew, or the approved bytes are back.
    const wasChanged = (fact: ShopEvent) => fact.type === 'asset.changed' && fact.asset === asset.id
    if ((await parts.store.shopEvents()).some(wasChanged)) {
      await parts.source.settle(mark, 'The file is delivered again.')
    }
    await record({ ...head, type: 'asset.approved', approved: found })
    return
  }
  if (changed && isSameBytes(changed, found)) return
  await parts.source.tell({ mark, ...changedFileIssue(asset, found) })
  await record({ ...head, type: 'asset.changed', found })
  parts.log.error(
    { asset: asset.id },
    'other bytes lie under an approved name: not delivered until a person has looked',
  )
}

async function tellLost(parts: WatchParts, lost: readonly Asset[]): Promise<void> {
  await parts.source.tell({ mark: LOST, ...lostFilesIssue(lost) })
  parts.log.error({ assets: lost.map(({ id }) => id) }, 'the App can no longer enter the repository of these files')
}

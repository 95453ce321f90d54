import type { Catalog } from '../../catalog/offer.ts'
import { forgetOldCatalogs } from '../github/catalog/cache.ts'
import { type JobRequest, jobsDue } from '../job/job.ts'
import { refreshShopJob, sweepAllJob, watchAssetsJob, welcomeJob } from '../job/repository-jobs.ts'
import type { Head } from '../live/source.ts'
import type { Parts } from '../parts.ts'
import { assetNews } from '../shop/asset-news.ts'
import type { ClosedReason, ShopEvent } from '../shop/event.ts'
import type { ShopState } from '../shop/shop.ts'
import { isOvertaken, isRecorded, planRefresh } from './refresh-plan.ts'
import { swappedFiles } from './refusal/approved-bytes.ts'
import { BROKEN, factOf, refuse, refuseUnbuilt } from './refusal/refuse.ts'

// From a merge to the live shop: what the catalog's source has now is fetched, checked, built, recorded, and only then shown.
// A catalog with mistakes leaves the last good one where it is.

type RefreshParts = Pick<Parts, 'config' | 'source' | 'store' | 'shop' | 'githubApp' | 'now' | 'log'>
type Live = NonNullable<ShopState['live']>

/** Makes live what the catalog's source has now. Rejects when it can't be reached, or the storefront can't be built. */
export async function refreshShop(parts: RefreshParts): Promise<void> {
  const before = await parts.store.shop()
  const found = await parts.source.current()
  if (!found) return
  const plan = planRefresh(before, found, parts.shop.tree())
  switch (plan.do) {
    case 'nothing':
      return parts.shop.follow()
    case 'close':
      return closeShop(parts, before, plan.reason)
    case 'reopen':
      return reopen(parts, before, plan)
    case 'refuse':
      return refuse(parts, before, plan.head, [plan.problem])
    case 'publish':
      return publish(parts, before, plan)
  }
}

/** A list of pull requests that can't be had keeps no catalog from going live: the sweep asks for all of them until it has it. */
const later = (): JobRequest[] => [sweepAllJob]

/** All that GitHub is asked for comes before the pages, which take long; and those before the recording: what is live can be shown. */
async function publish(parts: RefreshParts, known: ShopState, { head, tree, folder }: Publication): Promise<void> {
  const { live, refused, closed } = known
  const read = await parts.shop.read(folder)
  if ('problems' in read) return refuse(parts, known, head, read.problems)
  // What open pull requests change may be another thing now; not after a push that left the catalog alone.
  const isSameTree = live?.tree === tree && !closed
  const checks = isSameTree ? [] : await parts.source.checks().catch(later)
  const before = live && (await catalogOf(parts, live))
  const swapped = await swappedFiles(parts, before, read.catalog)
  if (swapped.length > 0) return refuse(parts, known, head, swapped, { again: true })
  const settle = () => parts.source.settle(BROKEN, `Mended by ${head.commit}.`)
  if (refused && !refused.again) await settle()
  const built = await parts.shop.prepare(folder)
  if ('problems' in built) return refuseUnbuilt(parts, known, { head, before, catalog: read.catalog, ...built })
  if (refused?.again) await settle() // not sooner: the same commit may be refused once more
  const now = parts.now()
  const about = { repository: head.repository, at: now.toISOString() }
  const news = before ? assetNews(before, read.catalog, await parts.store.shopEvents()) : []
  const facts: ShopEvent[] = [
    { ...about, type: 'shop.updated', commit: head.commit, tree, by: head.by },
    ...news.map((fact) => ({ ...about, ...fact })),
  ]
  // Once for each commit, also when a build took so long that the job was begun a second time.
  await parts.store.transact({ shop: true }, ({ shop }) => {
    if (isRecorded(shop, head)) return {}
    if (isOvertaken(known, shop)) return { jobs: jobsDue([refreshShopJob], now) }
    return { shop: facts, jobs: jobsDue([watchAssetsJob, ...checks], now) }
  })
  await parts.shop.follow()
  parts.log.info({ commit: head.commit, by: head.by, products: read.catalog.products.size }, 'live')
  await forgetOldCatalogs(parts.config.DATA_FOLDER, new Set([tree]), now)
}
type Publication = { head: Head; tree: string; folder: string }

/** The catalog of a commit that is or was live; nothing where neither the disk nor its source has it any more. */
async function catalogOf({ shop, source }: RefreshParts, live: Live): Promise<Catalog | undefined> {
  if (shop.tree() === live.tree) return shop.catalog()
  const folder = await source.bring(live)
  const read = folder === undefined ? undefined : await shop.read(folder)
  return read && 'catalog' in read ? read.catalog : undefined
}

/** The newest commit has mistakes: after the shop was closed, what was live before opens again. */
async function reopen(
  parts: RefreshParts,
  known: ShopState,
  { live, refused }: Pick<Required<ShopState>, 'live' | 'refused'>,
) {
  const folder = await parts.source.bring(live)
  const prepared = folder === undefined ? undefined : await parts.shop.prepare(folder)
  if (!prepared || 'problems' in prepared) return
  await parts.store.transact({ shop: true }, ({ shop }) => {
    if (!shop.closed || !shop.repository || isOvertaken(known, shop)) return {}
    const about = { repository: shop.repository, at: parts.now().toISOString() }
    const { commit, tree, by } = live
    const facts: ShopEvent[] = [
      { type: 'shop.updated', ...about, commit, tree, by },
      { type: 'shop.refused', ...about, ...factOf(refused) },
    ]
    return { shop: facts, jobs: jobsDue([watchAssetsJob], parts.now()) }
  })
  await parts.shop.follow()
  parts.log.info({ commit: live.commit }, 'live again')
}

/** Sells nothing more. What was bought is still given, as long as GitHub lets us. */
async function closeShop(parts: RefreshParts, known: ShopState, reason: ClosedReason): Promise<void> {
  const repository = await parts.source.name()
  if (!repository) return
  const now = parts.now()
  const { isNew, wasOpen } = await parts.store.transact({ shop: true }, ({ shop }) => {
    const wasOpen = shop.live !== undefined
    if (isOvertaken(known, shop)) return { isNew: false, wasOpen, jobs: jobsDue([refreshShopJob], now) }
    // Each time: a repository that was empty may have its first commit by now.
    const jobs = jobsDue(reason === 'no-catalog' ? [welcomeJob(repository)] : [], now)
    if (shop.closed?.reason === reason) return { isNew: false, wasOpen, jobs }
    const fact = { type: 'shop.closed' as const, repository, at: now.toISOString(), reason }
    return { isNew: true, wasOpen, shop: [fact], jobs }
  })
  await parts.shop.follow()
  if (!isNew) return
  if (wasOpen) parts.log.error({ repository, reason }, 'the shop is closed: nothing is sold until this is mended')
  else parts.log.info({ repository, reason }, 'the shop is not open yet')
}

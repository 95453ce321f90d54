import type { Catalog } from '../../catalog/offer.ts'
import type { ShopEvent, WithoutHead } from './event.ts'
import { isSameFile } from './shop.ts'

type AssetNews = WithoutHead<Extract<ShopEvent, { type: 'asset.reviewed' | 'asset.released' }>>

/** Assets that buyers get from another release once `after` is live, and those that were approved anew; nothing told before. */
export function assetNews(before: Catalog, after: Catalog, known: readonly ShopEvent[]): AssetNews[] {
  return changesBetween(before, after).filter((fact) => !isToldBefore(known, fact))
}

function changesBetween(before: Catalog, after: Catalog): AssetNews[] {
  return [...after.assets.values()].flatMap(({ id: asset, review, release: to, sha256 }): AssetNews[] => {
    const was = before.assets.get(asset)
    if (!was || review !== 'approved') return []
    if (was.review !== 'approved') return [{ type: 'asset.reviewed', asset, file: to }]
    if (!isSameFile(was.release, to)) return [{ type: 'asset.released', asset, from: was.release, to }]
    return was.sha256 === sha256 ? [] : [{ type: 'asset.reviewed', asset, file: to }]
  })
}

/** Taken back and brought again, a release is no news: buyers had it. */
const isToldBefore = (known: readonly ShopEvent[], fact: AssetNews): boolean =>
  fact.type === 'asset.released' &&
  known.some(
    (one) =>
      one.type === 'asset.released' &&
      one.asset === fact.asset &&
      (isSameFile(one.to, fact.to) || isSameFile(one.from, fact.to)),
  )

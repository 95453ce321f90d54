import type { ReleaseFile } from '../../catalog/schema/asset.ts'
import type { ApprovedFile, ClosedReason, ShopEvent } from './event.ts'

/** The shop as its facts tell it. Before the first fact, everything is missing. */
export type Shop = {
  repository?: string
  /** What is for sale. */
  live?: { commit: string; tree: string; by: string | null; at: string }
  /** A newer commit that can't be sold from. */
  refused?: { commit: string; problems: number; at: string }
  closed?: { reason: ClosedReason; at: string }
  /** By asset: the bytes that were approved last. */
  approved: Readonly<Record<string, ApprovedFile>>
  /** By asset: other bytes that were found in their place. */
  changed: Readonly<Record<string, ApprovedFile>>
}

/** The shop before anything is known of it. */
export const NO_SHOP: Shop = { approved: {}, changed: {} }

/** The shop after one more fact. */
export function evolveShop(shop: Shop, event: ShopEvent): Shop {
  const { repository, at } = event
  switch (event.type) {
    case 'shop.chosen':
      // What was live, refused or approved belongs to the repository it was in.
      return isSameRepository(shop.repository, repository) ? { ...shop, repository } : { ...NO_SHOP, repository }
    case 'shop.updated': {
      const { commit, tree, by } = event
      const { refused: _, closed: __, ...rest } = shop
      return { ...rest, repository, live: { commit, tree, by, at } }
    }
    case 'shop.refused':
      return { ...shop, repository, refused: { commit: event.commit, problems: event.problems, at } }
    case 'shop.closed':
      return { ...shop, repository, closed: { reason: event.reason, at } }
    case 'asset.approved': {
      const { [event.asset]: _, ...changed } = shop.changed
      return { ...shop, repository, approved: { ...shop.approved, [event.asset]: event.approved }, changed }
    }
    case 'asset.changed':
      return { ...shop, repository, changed: { ...shop.changed, [event.asset]: event.found } }
    case 'asset.released':
      return { ...shop, repository }
  }
}

/** Whether two names are of the same repository; GitHub does not tell cases apart. */
export const isSameRepository = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase()

/** What was approved under this name, if the asset still points to it. */
export function approvedFile(shop: Shop, asset: string, file: ReleaseFile): ApprovedFile | undefined {
  const approved = shop.approved[asset]
  return approved && isSameFile(approved.file, file) ? approved : undefined
}

/** Whether GitHub has the very bytes that were approved. */
export const isSameBytes = (a: Pick<ApprovedFile, 'sha256' | 'size' | 'releaseAsset'>, b: typeof a): boolean =>
  a.sha256 !== null && b.sha256 !== null
    ? a.sha256 === b.sha256
    : a.releaseAsset === b.releaseAsset && a.size === b.size

/** Whether two names are of the same file. */
export const isSameFile = (a: ReleaseFile, b: ReleaseFile): boolean =>
  isSameRepository(a.repository, b.repository) && a.tag === b.tag && a.file === b.file

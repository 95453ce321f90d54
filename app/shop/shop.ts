import type { ReleaseFile } from '../../catalog/schema/asset.ts'
import type { ApprovedFile, ClosedReason, ShopEvent } from './event.ts'

/** The shop as its facts tell it. Before the first fact, everything is missing. */
export type ShopState = {
  repository?: string
  /** What is for sale. */
  live?: { commit: string; tree: string; by: string | null; at: string }
  /** A newer commit that can't be sold from. */
  refused?: { commit: string; problems: number; at: string; again?: true }
  closed?: { reason: ClosedReason; at: string }
  /** The bytes that were approved, by their place at GitHub: buyers of an older release have that one's. */
  approved: Readonly<Record<string, ApprovedFile>>
  /** Other bytes that were found in their place. */
  changed: Readonly<Record<string, ApprovedFile>>
}

/** The shop before anything is known of it. */
export const NO_SHOP: ShopState = { approved: {}, changed: {} }

/** The shop after one more fact. */
export function evolveShop(shop: ShopState, event: ShopEvent): ShopState {
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
    case 'shop.refused': {
      const { commit, problems, again } = event
      return { ...shop, repository, refused: { commit, problems, at, ...(again && { again }) } }
    }
    case 'shop.closed':
      return { ...shop, repository, closed: { reason: event.reason, at } }
    case 'asset.approved': {
      const { [placeOf(event.approved.file)]: _, ...changed } = shop.changed
      const approved = { ...shop.approved, [placeOf(event.approved.file)]: event.approved }
      return { ...shop, repository, approved, changed }
    }
    case 'asset.changed':
      return { ...shop, repository, changed: { ...shop.changed, [placeOf(event.found.file)]: event.found } }
    case 'asset.reviewed': {
      const { [placeOf(event.file)]: _, ...approved } = shop.approved
      const { [placeOf(event.file)]: __, ...changed } = shop.changed
      return { ...shop, repository, approved, changed }
    }
    case 'asset.released':
      return { ...shop, repository }
  }
}

/** Whether anything is sold: something is live, and nothing closed the shop since. */
export const isOpen = ({ live, closed }: Pick<ShopState, 'live' | 'closed'>): boolean => Boolean(live && !closed)

/** Whether two names are of the same repository; GitHub does not tell cases apart. */
export const isSameRepository = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase()

const placeOf = ({ repository, tag, file }: ReleaseFile): string => [repository.toLowerCase(), tag, file].join(' ')

/** The bytes that were approved in this place; nothing while none were. */
export const approvedFile = (shop: ShopState, file: ReleaseFile): ApprovedFile | undefined =>
  shop.approved[placeOf(file)]

/** Other bytes that were found there. */
export const changedFile = (shop: ShopState, file: ReleaseFile): ApprovedFile | undefined => shop.changed[placeOf(file)]

/** Whether GitHub has the very bytes that were approved. */
export const isSameBytes = (a: Pick<ApprovedFile, 'sha256' | 'size' | 'releaseAsset'>, b: typeof a): boolean =>
  a.sha256 !== null && b.sha256 !== null
    ? a.sha256 === b.sha256
    : a.releaseAsset === b.releaseAsset && a.size === b.size

/** Whether two names are of the same file. */
export const isSameFile = (a: ReleaseFile, b: ReleaseFile): boolean =>
  isSameRepository(a.repository, b.repository) && a.tag === b.tag && a.file === b.file

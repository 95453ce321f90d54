import type { Catalog } from '../../catalog/offer.ts'
import type { ReleaseFile } from '../../catalog/schema/asset.ts'
import type { GitHubFile } from '../github/client.ts'
import { describeReleaseFile, type OpenedReleaseFile, openReleaseFile, ReleaseFileError } from '../github/release.ts'
import { entitlementsOf, mayDownload } from '../order/entitlement.ts'
import type { OrderLine, SoldAsset } from '../order/event.ts'
import type { Order } from '../order/order.ts'
import type { Parts } from '../parts.ts'
import { approvedFile, isSameBytes, type ShopState } from '../shop/shop.ts'
import { passOn } from './pass-on.ts'

type DownloadParts = Pick<Parts, 'github' | 'shop' | 'now' | 'store'>

/** Which lines' files are ready at GitHub, and what is wrong with the others. */
export type Readiness = { ready: OrderLine[]; problems: ReleaseFileError[] }

/** One file the order entitles to, with what GitHub says of it; no facts while GitHub is down. */
export type Download = { asset: SoldAsset; facts: GitHubFile | null }

/** Makes sure that GitHub has every file of these lines. Nothing is sent: the buyer fetches it. */
export async function fulfill(parts: DownloadParts, lines: readonly OrderLine[]): Promise<Readiness> {
  const readiness: Readiness = { ready: [], problems: [] }
  for (const line of lines) {
    const looks = line.assets.map((asset) => approvedFacts(parts, asset))
    const failures = (await Promise.allSettled(looks)).flatMap((look) =>
      look.status === 'rejected' ? [look.reason] : [],
    )
    if (failures.length === 0) readiness.ready.push(line)
    for (const failure of failures) readiness.problems.push(failureOf(failure))
  }
  return readiness
}

/** The files that the order entitles to now, described by GitHub as far as it answers. */
export async function downloadsOf(parts: DownloadParts, order: Order): Promise<Download[]> {
  const catalog = parts.shop.catalog()
  const assets = entitlementsOf(order).flatMap(({ asset }) => (isWithdrawn(catalog, asset) ? [] : [asset]))
  return Promise.all(assets.map(async (asset) => ({ asset, facts: await factsIfAny(parts, asset) })))
}

async function factsIfAny(parts: DownloadParts, asset: SoldAsset): Promise<GitHubFile | null> {
  try {
    return await approvedFacts(parts, asset)
  } catch (error) {
    failureOf(error)
    return null
  }
}

/** Why a file is not given: to a person's work, to GitHub being away, or because the order does not entitle to it. */
export type NotGiven =
  | { refused: 'not-entitled' }
  | { refused: 'missing' | 'changed' | 'unavailable'; reason: string; retryAfterSeconds: number }

/** Opens one file for the buyer, or says why not. `mayAsk` throws where GitHub would have to be asked too often for whoever this is. */
export async function openDownload(
  parts: DownloadParts & { mayAsk?: () => Promise<void> },
  order: Order,
  asset: string,
): Promise<OpenedReleaseFile | NotGiven> {
  const sold = mayDownload(order, asset)
  if (!sold || isWithdrawn(parts.shop.catalog(), sold)) return { refused: 'not-entitled' }
  try {
    const current = currentFile(parts.shop.catalog(), sold)
    const shop = await parts.store.shop()
    let checked: GitHubFile | undefined
    const opened = await openReleaseFile(parts, current.release, (facts) => {
      refuseUnapproved(shop, current, facts)
      checked = facts
    })
    return 'stream' in opened && checked ? { ...opened, stream: passOn(opened.stream, checked) } : opened
  } catch (error) {
    const { reason: refused, message: reason, retryAfterSeconds } = failureOf(error)
    return { refused, reason, retryAfterSeconds }
  }
}

async function approvedFacts(parts: DownloadParts, sold: SoldAsset): Promise<GitHubFile> {
  const current = currentFile(parts.shop.catalog(), sold)
  const facts = await describeReleaseFile(parts, current.release)
  refuseUnapproved(await parts.store.shop(), current, facts)
  return facts
}

/** Bytes that were put in place of approved ones are nobody's until a person approved them too. */
function refuseUnapproved(shop: ShopState, { release, sha256 }: Current, facts: GitHubFile): void {
  const approved = approvedFile(shop, release) // of sales before a SHA-256 was part of the asset, this alone tells
  const isRight = sha256 ? sha256 === facts.sha256 : !approved || isSameBytes(approved, toBytes(facts))
  if (isRight) return
  const has = facts.sha256 ? `SHA-256 ${facts.sha256}` : `${facts.size} bytes and the number ${facts.id}`
  const found = `it now has ${has}, and that is not what was approved`
  const { file, tag, repository } = release
  throw new ReleaseFileError('changed', `${file} in release ${tag} of ${repository}: ${found}`, {})
}

const toBytes = (facts: GitHubFile) => ({ ...facts, releaseAsset: facts.id })

/** Taken back by the maintainers: nobody gets it any more, whoever bought it. */
const isWithdrawn = (catalog: Catalog, sold: SoldAsset): boolean => catalog.assets.get(sold.id)?.review === 'withdrawn'

/**
 * Where the file lies now, and which bytes it has: a mended or newer release if the catalog names one that is approved. While one is a draft or
 * in review, buyers keep the release that they bought: only what is approved is sold, so that one was.
 */
function currentFile(catalog: Catalog, sold: SoldAsset): Current {
  const asset = catalog.assets.get(sold.id)
  return asset?.review === 'approved' ? asset : sold
}
type Current = { release: ReleaseFile; sha256?: string | null | undefined }

/** What GitHub does not give is expected; anything else is a bug of ours. */
function failureOf(error: unknown): ReleaseFileError {
  if (error instanceof ReleaseFileError) return error
  throw error
}

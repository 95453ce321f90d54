import { changesOf, same } from '../../../catalog/changes.ts'
import type { Catalog } from '../../../catalog/offer.ts'
import type { Asset } from '../../../catalog/schema/asset.ts'
import type { Owners } from '../../github/pulls/codeowners.ts'

/** Something that a pull request changes and one of these people must agree to. */
export type Need = {
  /** From the repository's root, such as `catalog/shop.yaml`. */
  path: string
  who: 'admin' | 'code owner'
  /** What changes: field names and values, to be escaped by whoever shows it. */
  what: { text: string; before?: string; after?: string }
}

/** Someone who agreed to the pull request as it is now. */
export type Approval = { login: string; permission: 'admin' | 'write' | 'read' }

/** A catalog, no catalog at all, or one that can't be read. */
export type Known = Catalog | 'none' | 'broken'

/** The table of files has the whole of a SHA-256. */
const DIGITS_SHOWN = 12

/** What anybody with write permission may change in shop.yaml. Every other key, one added later too, is for an admin. */
const NOT_MONEY_CRITICAL = new Set(['name', 'tagline', 'categories', 'shipping'])

/**
 * What needs somebody's approval. Opening a shop needs none: nothing is sold before its first catalog is merged. Closing one,
 * or replacing one that can't be read, needs an admin's.
 */
export function needsOf(before: Known, after: Catalog | 'none'): Need[] {
  if (before === 'none') return []
  if (after === 'none') return [adminNeed('catalog/shop.yaml', { text: 'This closes the shop.' })]
  if (before === 'broken') {
    return [
      adminNeed('catalog/shop.yaml', { text: 'What the shop is now can not be read, so nothing can be compared.' }),
    ]
  }
  return [...shopNeeds(before, after), ...assetNeeds(before, after)]
}

/** The needs that nobody who counts has agreed to. */
export function openNeeds(
  needs: readonly Need[],
  approvals: readonly Approval[],
  ownersOf: (path: string) => Owners | null,
  author: string,
): Need[] {
  return needs.filter((need) => !approvals.some((approval) => counts(need, approval, ownersOf(need.path), author)))
}

/** Who is asked, in words: logins stand bare and are to be escaped. Teams can't be looked into, so others stand in for them. */
export function askedFor(need: Need, owners: Owners | null): { logins: readonly string[]; words: string } {
  if (need.who === 'admin') return { logins: [], words: 'an admin of this repository' }
  if (!owners) return { logins: [], words: 'anyone with write permission' }
  if (owners.others.length === 0) return { logins: owners.people, words: 'a code owner of this file' }
  const words = 'a code owner of this file, or, since we can not look into teams, anyone else with write permission'
  return { logins: owners.people, words }
}

function counts(need: Need, { login, permission }: Approval, owners: Owners | null, author: string): boolean {
  if (permission === 'read') return false
  if (need.who === 'admin') return permission === 'admin'
  if (!owners || owners.people.includes(login.toLowerCase())) return true
  if (owners.others.length === 0) return false
  return permission === 'admin' || login.toLowerCase() !== author.toLowerCase()
}

const adminNeed = (path: string, what: Need['what']): Need => ({ path, who: 'admin', what })

function shopNeeds(before: Catalog, after: Catalog): Need[] {
  const { shop } = changesOf(before, after)
  const words = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value ?? null))
  return shop
    .filter((key) => !NOT_MONEY_CRITICAL.has(key))
    .map((key) => {
      const [was, is] = [before.shop, after.shop].map((one) => words(one[key as keyof typeof one]))
      return adminNeed('catalog/shop.yaml', { text: key, before: was ?? '', after: is ?? '' })
    })
}

function assetNeeds(before: Catalog, after: Catalog): Need[] {
  const known = new Set([...before.assets.values()].map(({ release }) => release.repository.toLowerCase()))
  return [...after.assets.values()].flatMap((asset) => {
    const was = before.assets.get(asset.id)
    const path = `catalog/assets/${asset.id}.yaml`
    const { repository } = asset.release
    const moved = was && was.release.repository.toLowerCase() !== repository.toLowerCase()
    const isForeign = moved || !known.has(repository.toLowerCase())
    const what = { text: 'release.repository', before: was?.release.repository ?? '', after: repository }
    return [...(isForeign ? [adminNeed(path, what)] : []), ...reviewNeed(was, asset, path)]
  })
}

/** Bytes that buyers will get, and that nobody has agreed to yet. */
function reviewNeed(was: Asset | undefined, asset: Asset, path: string): Need[] {
  if (asset.review !== 'approved') return []
  const isNew = was?.review !== 'approved'
  if (!isNew && same(bytesOf(was), bytesOf(asset))) return []
  const what = isNew
    ? { text: 'review', before: was?.review ?? '', after: 'approved' }
    : { text: 'release', before: releaseWords(was), after: releaseWords(asset) }
  return [{ path, who: 'code owner', what }]
}

const bytesOf = ({ release, sha256, follows }: Asset) => [release, sha256, follows]

function releaseWords({ release: { repository, tag, file }, sha256, follows }: Asset): string {
  const following = follows && [follows.range, follows.channel, follows.filePattern].filter(Boolean).join(' ')
  const bytes = sha256 ? `SHA-256 ${sha256.slice(0, DIGITS_SHOWN)}…, ` : ''
  return `${bytes}${repository} ${tag} ${file}${following ? `, follows ${following}` : ''}`
}

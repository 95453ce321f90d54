import semver from 'semver'
import { isScalar, parseDocument } from 'yaml'
import type { Asset } from './schema/asset.ts'
import { versionOf, withVersion } from './schema/version.ts'

/** A release as GitHub has it: the names of the files that are all there. */
export type SeenRelease = { tag: string; isDraft: boolean; isPrerelease: boolean; files: readonly string[] }

/**
 * The newest release that an asset takes, when it is newer than the one sold now: of the same tag prefix, within the
 * asset's range and channel, with its file in it. Drafts never; pre-releases (by GitHub's mark or by version) only for
 * that channel, or for a range that names one.
 */
export function followedRelease(
  asset: Pick<Asset, 'release' | 'follows'>,
  releases: readonly SeenRelease[],
): { tag: string; file: string } | undefined {
  const { follows, release } = asset
  const sold = versionOf(release.tag)
  if (!follows || !sold) return undefined
  const takes = takerOf(follows)
  const newer = releases.flatMap((seen) => {
    const named = versionOf(seen.tag)
    const file = withVersion(follows.filePattern, seen.tag)
    if (!named || named.prefix !== sold.prefix || !semver.gt(named.version, sold.version)) return []
    return takes(seen, named.version) && seen.files.includes(file) ? [{ tag: seen.tag, file, ...named }] : []
  })
  const best = newer.toSorted((a, b) => semver.compareBuild(b.version, a.version))[0]
  return best && { tag: best.tag, file: best.file }
}

function takerOf({ range, channel }: NonNullable<Asset['follows']>) {
  const isPreChannel = channel === 'pre-release'
  const comparators = range === null ? [] : new semver.Range(range).set.flat()
  const takesUnfinished = isPreChannel || comparators.some(namesPrerelease)
  return (seen: SeenRelease, version: string): boolean => {
    const isUnfinished = seen.isPrerelease || semver.prerelease(version) !== null
    if (seen.isDraft || (isUnfinished && !takesUnfinished)) return false
    return range === null || semver.satisfies(version, range, { includePrerelease: isPreChannel })
  }
}

/** `>=2.1.0-beta.1` names one; the `-0` that npm adds to upper bounds (`<3.0.0-0`) does not. */
const namesPrerelease = ({ operator, semver: bound }: semver.Comparator): boolean =>
  bound instanceof semver.SemVer && bound.prerelease.length > 0 && operator !== '<'

/**
 * The text of an asset's file with another tag. Nothing else changes: comments, quotes and line ends stay as they are,
 * and what has `{version}` in it follows by itself. Throws when the text names no tag in a release.
 */
export function withRelease(text: string, release: { tag: string }): string {
  const document = parseDocument(text, { schema: 'core', version: '1.2' })
  const node = document.getIn(['release', 'tag'], true)
  if (document.errors.length > 0 || !isScalar(node) || !node.range) throw new Error('the asset names no tag')
  const [start, end] = node.range
  const candidates = [likeBefore(text.slice(start, end), release.tag), JSON.stringify(release.tag)]
  const changed = candidates.map((scalar) => text.slice(0, start) + scalar + text.slice(end))
  const right = changed.find((candidate) => isChanged(candidate, text, release.tag))
  if (right === undefined) throw new Error(`the tag ${release.tag} can't be put into the asset's file`)
  return right
}

/** The tag in the quotes that the one before it had; with the line end that a block of text takes along. */
function likeBefore(before: string, tag: string): string {
  const quote = /^(["'])/.exec(before)?.[1]
  if (quote) return `${quote}${tag}${quote}`
  return /^[|>]/.test(before) ? `${JSON.stringify(tag)}${/\r?\n$/.exec(before)?.[0] ?? ''}` : tag
}

/** Whether a text says the same as another, but for the tag. */
function isChanged(candidate: string, text: string, tag: string): boolean {
  const document = parseDocument(candidate, { schema: 'core', version: '1.2' })
  if (document.errors.length > 0 || document.getIn(['release', 'tag']) !== tag) return false
  const expected = parseDocument(text, { schema: 'core', version: '1.2' })
  expected.setIn(['release', 'tag'], tag)
  return JSON.stringify(document.toJS({ maxAliasCount: 0 })) === JSON.stringify(expected.toJS({ maxAliasCount: 0 }))
}

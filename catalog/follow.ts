import semver from 'semver'
import { isScalar, parseDocument } from 'yaml'
import { same } from './changes.ts'
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

/** What is written into the release of an asset's file. */
export type ReleaseChange = { tag?: string; sha256: string }

/**
 * The text of an asset's file with another tag and the SHA-256 of its bytes. Nothing else changes: comments, quotes and line ends
 * stay as they are, and what has `{version}` in it follows by itself. Throws when the text names no tag in a release.
 */
export function withRelease(text: string, { tag, sha256 }: ReleaseChange): string {
  const moved = tag === undefined ? text : withField(text, 'tag', tag)
  return withField(moved, 'sha256', sha256)
}

type Field = 'tag' | 'sha256'

function withField(text: string, field: Field, value: string): string {
  const document = parseDocument(text, { schema: 'core', version: '1.2' })
  const [tag, node] = (['tag', field] as const).map((key) => document.getIn(['release', key], true))
  if (document.errors.length > 0 || !isScalar(tag) || !tag.range) throw new Error('the asset names no tag')
  const candidates =
    isScalar(node) && node.range ? inPlace(text, node.range, value) : [addedAfter(text, tag.range, field, value)]
  const right = candidates.find((candidate) => isChanged(candidate, text, field, value))
  if (right === undefined) throw new Error(`${field} can't be put into the asset's file`)
  return right
}

function inPlace(text: string, [start, end]: readonly [number, number, number], value: string): string[] {
  const scalars = [likeBefore(text.slice(start, end), value), JSON.stringify(value)]
  return scalars.map((scalar) => text.slice(0, start) + scalar + text.slice(end))
}

/** A line of its own below the tag's, indented like that; or, within braces, right behind the tag. */
function addedAfter(
  text: string,
  [start, end]: readonly [number, number, number],
  field: Field,
  value: string,
): string {
  const line = text.slice(text.lastIndexOf('\n', start) + 1, start)
  const indent = /^( *)["']?tag["']?:/.exec(line)?.[1]
  if (indent === undefined) return `${text.slice(0, end)}, ${field}: "${value}"${text.slice(end)}`
  const lineEnd = /\r?\n/.exec(text.slice(start))
  const at = lineEnd ? start + lineEnd.index : text.length
  return `${text.slice(0, at)}${lineEnd?.[0] ?? '\n'}${indent}${field}: "${value}"${text.slice(at)}`
}

/** The value in the quotes that the one before it had; with the line end that a block of text takes along. */
function likeBefore(before: string, value: string): string {
  const quote = /^(["'])/.exec(before)?.[1]
  if (quote) return `${quote}${value}${quote}`
  return /^[|>]/.test(before) ? `${JSON.stringify(value)}${/\r?\n$/.exec(before)?.[0] ?? ''}` : value
}

/** Whether a text says the same as another, but for one field. */
function isChanged(candidate: string, text: string, field: Field, value: string): boolean {
  const document = parseDocument(candidate, { schema: 'core', version: '1.2' })
  if (document.errors.length > 0 || document.getIn(['release', field]) !== value) return false
  const expected = parseDocument(text, { schema: 'core', version: '1.2' })
  expected.setIn(['release', field], value)
  return same(document.toJS({ maxAliasCount: 0 }), expected.toJS({ maxAliasCount: 0 }))
}

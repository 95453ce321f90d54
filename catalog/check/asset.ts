import semver from 'semver'
import { withValue } from '../problem/mend.ts'
import { type CatalogProblem, quoted } from '../problem/problem.ts'
import { problemAt } from '../problem/report.ts'
import { allOf } from '../problem/spelling.ts'
import { type AssetText, ReleaseFile, type ReleaseText } from '../schema/asset.ts'
import { VERSION_PLACE, versionOf, withVersion } from '../schema/version.ts'
import type { Path, YamlFile } from '../yaml.ts'
import type { Entry } from './entry.ts'
import { repeated } from './product.ts'
import { type Entries, missing } from './references.ts'

type AssetEntry = Entry<AssetText>

const RELEASE: Path = ['release']
const EXAMPLE = 'such as v1.0.0 or field-guide-v1.0.0'

/** Problems of an asset: what it points at, and what it follows. */
export function assetProblems(entries: Entries, asset: AssetEntry): CatalogProblem[] {
  const { release, title = '' } = asset.sound
  return [
    ...repeated(asset, ['tags'], asset.sound.tags ?? []),
    ...previewProblems(entries, asset),
    ...(release ? repositoryProblems(entries, asset, release) : []),
    ...(release ? versionProblems(asset.yaml, release, title) : []),
    ...(release ? approvedProblems(asset, release) : []),
  ]
}

/** Who approves a name alone approves whatever is put there later. */
function approvedProblems({ id, yaml, sound }: AssetEntry, { sha256 }: ReleaseText): CatalogProblem[] {
  if (sound.review !== 'approved' || sha256 !== undefined) return []
  const found = 'This asset is approved, and nothing says which bytes that means.'
  const command = `npx tagsale sha256 ${id} <file>`
  const expected = `Add "sha256" as GitHub shows it beside the file in its release, or let "${command}" write it.`
  return [problemAt(yaml, RELEASE, { found, expected, on: 'key' })]
}

function previewProblems(entries: Entries, asset: AssetEntry): CatalogProblem[] {
  const { pages = [], picture } = asset.sound.preview ?? {}
  const pictures = [
    ...pages.map(({ file }, index) => ({ path: ['preview', 'pages', index, 'file'], file })),
    ...(picture ? [{ path: ['preview', 'picture', 'file'], file: picture.file }] : []),
  ]
  return pictures.flatMap(({ path, file }) =>
    missing(entries, asset.yaml, path, file, entries.images, `There is no picture ${quoted(file)}.`),
  )
}

/** GitHub takes a repository's name in any case. */
function repositoryProblems({ shop }: Entries, { yaml }: AssetEntry, { repository }: ReleaseText): CatalogProblem[] {
  const allowed = shop?.broken.has('assetRepositories') ? undefined : shop?.sound.assetRepositories
  if (!allowed || allowed.some((name) => name.toLowerCase() === repository.toLowerCase())) return []
  const found = `${quoted(repository)} is not among the shop's asset repositories.`
  const expected = `Files come from ${allOf(allowed)}, as shop.yaml says.`
  return [problemAt(yaml, [...RELEASE, 'repository'], { found, expected })]
}

function versionProblems(yaml: YamlFile, release: ReleaseText, title: string): CatalogProblem[] {
  const { tag, file, version: range, channel } = release
  const named = versionOf(tag)
  const needs = needOf(release, title)
  if (!named) return needs ? [tagProblem(yaml, tag, needs)] : []
  if (!ReleaseFile.shape.file.safeParse(withVersion(file, tag)).success) {
    const found = `With the version of ${quoted(tag)} in it, the file's name is too long.`
    return [problemAt(yaml, [...RELEASE, 'file'], { found, expected: 'Write "{version}" once.' })]
  }
  if (range === undefined && channel === undefined) return []
  return [...rangeProblems(yaml, named.version, range), ...fixedNameProblems(yaml, file, named.version)]
}

/** Why the tag must end in a version, if it must. */
function needOf({ file, version, channel }: ReleaseText, title: string): string | undefined {
  if (file.includes(VERSION_PLACE)) return `The file's name has ${quoted(VERSION_PLACE)} in it`
  if (title.includes(VERSION_PLACE)) return `The title has ${quoted(VERSION_PLACE)} in it`
  return version === undefined && channel === undefined ? undefined : 'This asset follows new releases'
}

function tagProblem(yaml: YamlFile, tag: string, need: string): CatalogProblem {
  const found = `${need}, and the tag ${quoted(tag)} ends in no version.`
  return problemAt(yaml, [...RELEASE, 'tag'], { found, expected: `The tag ends in three numbers, ${EXAMPLE}.` })
}

function rangeProblems(yaml: YamlFile, version: string, range: string | undefined): CatalogProblem[] {
  if (range === undefined || !semver.gtr(version, range)) return []
  const found = `The tag's version, ${version}, is above the range ${quoted(range)}.`
  const expected = 'Nothing newer can follow: raise the range, or name an older release.'
  const mended = withValue(yaml, [...RELEASE, 'version'], `^${semver.major(version)}`)
  return [problemAt(yaml, [...RELEASE, 'version'], { found, expected, mended })]
}

/** A version spelled out in the file's name: the next release's file has another one. */
function fixedNameProblems(yaml: YamlFile, file: string, version: string): CatalogProblem[] {
  if (!file.includes(version)) return []
  const found = `The file's name has the version ${version} in it, so the next release has no such file.`
  const expected = `Write ${quoted(VERSION_PLACE)} in its place.`
  const mended = withValue(yaml, [...RELEASE, 'file'], file.replaceAll(version, VERSION_PLACE))
  return [problemAt(yaml, [...RELEASE, 'file'], { found, expected, mended })]
}

import semver from 'semver'

// A tag's version is its end: three numbers, and what semver.org lets follow them. What stands before is the prefix,
// and releases with the same prefix are versions of the same thing: tern-pro-v3.1.0 is 3.1.0 of tern-pro-v.

const VERSIONED = /^(.*?)((?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/
const PLACE = '{version}'

/** What stands in a file's name, a title or a tag for the version. */
export const VERSION_PLACE = PLACE

/** The version that a tag ends in and what stands before it; nothing when it ends in none: `v1.2`, `guide`. */
export function versionOf(tag: string): { prefix: string; version: string } | undefined {
  const [, prefix = '', version = ''] = VERSIONED.exec(tag) ?? []
  return /[0-9.]$/.test(prefix) || !semver.valid(version) ? undefined : { prefix, version }
}

/** Whether a text is a range of versions as npm writes them: `^2`, `2.x`, `>=2.1.0 <3`. */
export const isRange = (text: string): boolean => text.trim() !== '' && semver.validRange(text) !== null

/** A text with the tag's version in place of `{version}`. */
export const withVersion = (text: string, tag: string): string =>
  text.replaceAll(PLACE, versionOf(tag)?.version ?? PLACE)

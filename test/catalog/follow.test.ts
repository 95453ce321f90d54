import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { followedRelease, type SeenRelease, withRelease } from '../../catalog/follow.ts'
import { type AssetText, assetFrom } from '../../catalog/schema/asset.ts'
import { versionOf } from '../../catalog/schema/version.ts'

const written = (release: Partial<AssetText['release']>): AssetText => ({
  title: 'Heron {version} for Linux',
  kind: 'software',
  tags: [],
  release: { repository: 'heron/goods', tag: 'heron-v2.0.0', file: 'heron-{version}.zip', ...release },
  license: 'MIT',
  review: 'approved',
})
const seen = (tag: string, more: Partial<SeenRelease> = {}): SeenRelease => {
  const files = [`heron-${versionOf(tag)?.version}.zip`]
  return { tag, isDraft: false, isPrerelease: false, files, ...more }
}

test.each([
  ['tern-pro-v3.1.0', { prefix: 'tern-pro-v', version: '3.1.0' }],
  ['1.0.0', { prefix: '', version: '1.0.0' }],
  ['book-2-v1.0.0-beta.2', { prefix: 'book-2-v', version: '1.0.0-beta.2' }],
  ['pro/v1.0.0+linux', { prefix: 'pro/v', version: '1.0.0+linux' }],
  ['v1.2', undefined],
  ['v1.02.3', undefined],
  ['1.2.3.4', undefined],
  ['latest', undefined],
])('the tag %s ends in %j', (tag, expected) => expect(versionOf(tag)).toEqual(expected))

test('an asset names one file, with its version put in', () => {
  expect(assetFrom('heron-linux', written({ version: '^2' }))).toMatchObject({
    id: 'heron-linux',
    title: 'Heron 2.0.0 for Linux',
    release: { repository: 'heron/goods', tag: 'heron-v2.0.0', file: 'heron-2.0.0.zip' },
    follows: { range: '^2', channel: 'stable', filePattern: 'heron-{version}.zip' },
  })
  expect(assetFrom('heron-linux', written({})).follows).toBeNull()
})

describe('the release that is followed', () => {
  const followed = (release: Partial<AssetText['release']>, ...releases: SeenRelease[]) =>
    followedRelease(assetFrom('heron', written(release)), releases)?.tag

  test('is the newest in the range, whatever the order', () => {
    const releases = ['2.10.0', '2.9.0', '3.0.0', '1.9.9', '2.9.1'].map((version) => seen(`heron-v${version}`))
    expect(followed({ version: '^2' }, ...releases)).toBe('heron-v2.10.0')
    expect(followed({ version: '~2.9.0' }, ...releases)).toBe('heron-v2.9.1')
    expect(followed({ channel: 'stable' }, ...releases)).toBe('heron-v3.0.0')
    expect(followed({ version: '>=4' }, ...releases)).toBeUndefined()
  })
  test('is none for an asset that is pinned', () => expect(followed({}, seen('heron-v3.0.0'))).toBeUndefined())
  test('is never the one sold now or an older one', () => {
    expect(followed({ channel: 'stable' }, seen('heron-v2.0.0'), seen('heron-v1.0.0'))).toBeUndefined()
  })
  test('is never a draft, and never one of something else', () => {
    const other = { ...seen('herald-v9.0.0'), files: ['heron-9.0.0.zip'] }
    expect(followed({ channel: 'pre-release' }, seen('heron-v9.0.0', { isDraft: true }), other)).toBeUndefined()
  })
  test('has the file', () => {
    expect(followed({ channel: 'stable' }, seen('heron-v2.2.0', { files: [] }), seen('heron-v2.1.0'))).toBe(
      'heron-v2.1.0',
    )
    expect(followed({ channel: 'stable', file: 'heron.zip' }, seen('heron-v2.1.0', { files: ['heron.zip'] }))).toBe(
      'heron-v2.1.0',
    )
  })
  test('is a pre-release, by mark or by version, only for that channel or a range that names one', () => {
    const marked = seen('heron-v2.1.0', { isPrerelease: true })
    const named = seen('heron-v2.2.0-beta.2')
    expect(followed({ channel: 'stable' }, marked, named)).toBeUndefined()
    expect(followed({ version: '^2' }, marked, named)).toBeUndefined()
    expect(followed({ channel: 'pre-release' }, marked, named)).toBe('heron-v2.2.0-beta.2')
    expect(followed({ channel: 'pre-release', version: '^2' }, named, seen('heron-v3.0.0-rc.1'))).toBe(
      'heron-v2.2.0-beta.2',
    )
    expect(followed({ version: '^2.2.0-beta.1' }, named)).toBe('heron-v2.2.0-beta.2')
  })
  test('is the finished one after its pre-releases', () => {
    const releases = [seen('heron-v2.1.0-rc.9'), seen('heron-v2.1.0'), seen('heron-v2.1.0-rc.10')]
    expect(followed({ channel: 'pre-release' }, ...releases)).toBe('heron-v2.1.0')
  })
})

describe('the text with another tag and other bytes', () => {
  const TAG = 'heron-v2.1.0'
  const sha256 = '0a'.repeat(32)
  test.each([
    ['plain', 'tag: heron-v2.0.0', 'tag: heron-v2.1.0'],
    ['in quotes', 'tag: "heron-v2.0.0"', 'tag: "heron-v2.1.0"'],
    ['in single quotes', "tag:   'heron-v2.0.0'  # sold now", "tag:   'heron-v2.1.0'  # sold now"],
    ['folded', 'tag: >-\n    heron-v2.0.0', 'tag: "heron-v2.1.0"'],
  ])('keeps everything else, %s', (_, before, after) => {
    const text = `# A comment\ntitle: "Heron"   # tag: heron-v2.0.0\n\nrelease:\n  ${before}\n  file:  heron.zip\nlicense: 'MIT'\n`
    const lines = `release:\n  ${after}\n  sha256: "${sha256}"`
    expect(withRelease(text, { tag: TAG, sha256 })).toBe(text.replace(`release:\n  ${before}`, lines))
  })
  test('keeps Windows line ends, braces, and a file without a last line end', () => {
    const text =
      '# é 🦆\r\nrelease: { repository: heron/goods, tag: heron-v2.0.0, file: heron.zip }\r\nreview: approved'
    const moved = text.replace('heron-v2.0.0', `${TAG}, sha256: "${sha256}"`)
    expect(withRelease(text, { tag: TAG, sha256 })).toBe(moved)
    const windows = text.replace(/ \{ | \}/g, '\r\n  ').replaceAll(', ', '\r\n  ')
    const added = windows.replace('heron-v2.0.0', `heron-v2.0.0\r\n  sha256: "${sha256}"`)
    expect(withRelease(windows, { sha256 })).toBe(added)
    expect(withRelease('release:\n  tag: v1', { sha256 })).toBe(`release:\n  tag: v1\n  sha256: "${sha256}"`)
  })
  test('puts the SHA-256 in the place of the one before, in its quotes', () => {
    const text = `release:\n  sha256: '${'b'.repeat(64)}' # of v2\n  tag: heron-v2.0.0\n`
    const changed = text.replace('b'.repeat(64), sha256)
    expect(withRelease(text, { sha256 })).toBe(changed)
    expect(withRelease(text, { tag: TAG, sha256 })).toBe(changed.replace('heron-v2.0.0', TAG))
    const digits = '1'.repeat(64) // without quotes, this is a number
    expect(withRelease(`release: { tag: v1, sha256: ${'a'.repeat(64)} }`, { sha256: digits })).toBe(
      `release: { tag: v1, sha256: "${digits}" }`,
    )
  })
  test('quotes what would not be text any more', () => {
    const changed = withRelease('release:\n  tag: v1.0.0 # now\n  file: a.pdf\n', { tag: '2024', sha256 })
    expect(changed).toBe(`release:\n  tag: "2024" # now\n  sha256: "${sha256}"\n  file: a.pdf\n`)
    expect(parse(changed)).toEqual({ release: { tag: '2024', sha256, file: 'a.pdf' } })
  })
  test('is refused where there is no tag to change', () => {
    for (const text of ['title: Heron\n', 'release: v1\n', 'release: [', 'release:\n  tag:\n    a: b\n']) {
      expect(() => withRelease(text, { tag: TAG, sha256 })).toThrow('names no tag')
    }
  })
})

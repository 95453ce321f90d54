import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import semver from 'semver'
import { describe, expect, test } from 'vitest'
import { parse, parseDocument } from 'yaml'
import { FORMAT } from '../../app/store/schema.ts'
import { filesBelow, ROOT, read } from './source.ts'

const isThere = (path: string) => existsSync(join(ROOT, path))

type Manifest = { version: string } & Partial<Record<'dependencies' | 'devDependencies', Record<string, string>>>

/** Every package of ours: the root, and the workspaces in it. */
const MANIFESTS = ['package.json', ...readdirSync(ROOT).map((folder) => `${folder}/package.json`)].filter(isThere)

const manifest = (path: string) => JSON.parse(read(path)) as Manifest
const yaml = (path: string) => parse(read(path))

test.each(filesBelow(['.github'], ['.yml', '.yaml']))('%s is YAML, and says nothing twice', (path) => {
  const { errors, warnings } = parseDocument(read(path))
  expect([...errors, ...warnings]).toEqual([])
})

describe('packages', () => {
  type Update = {
    directory: string
    schedule: { interval: string }
    groups: Record<string, unknown>
    ignore?: { 'dependency-name': string; versions?: string[]; 'update-types'?: string[] }[]
  }
  const { updates } = yaml('.github/dependabot.yml') as { updates: (Update & { 'package-ecosystem': string })[] }
  const of = (ecosystem: string) => updates.find((update) => update['package-ecosystem'] === ecosystem)
  const held = (name: string) => of('npm')?.ignore?.find((rule) => rule['dependency-name'] === name)

  test('are looked after each week, in groups: those of npm, and the actions', () => {
    expect(updates.map((update) => update['package-ecosystem'])).toEqual(['npm', 'github-actions'])
    expect(updates.filter(({ directory, schedule }) => directory !== '/' || schedule.interval !== 'weekly')).toEqual([])
    expect(updates.filter(({ groups }) => Object.keys(groups).length === 0)).toEqual([])
    // One lock file, at the root, for all workspaces: Dependabot needs no other folder.
    expect(MANIFESTS.filter((path) => isThere(path.replace('package.json', 'package-lock.json')))).toEqual([
      'package.json',
    ])
  })

  test('that must not move by themselves do not', () => {
    const versions = { ...manifest('package.json').dependencies, ...manifest('package.json').devDependencies }
    const astro = held('astro')?.versions?.[0] ?? ''
    expect(astro).toBe('>=7.3.5')
    expect(semver.satisfies(versions.astro as string, astro)).toBe(false)
    expect(held('stripe')?.['update-types']).toEqual(
      ['major', 'minor', 'patch'].map((part) => `version-update:semver-${part}`),
    )
  })

  test('stand in every manifest with one exact version', () => {
    const all = MANIFESTS.flatMap((path) =>
      Object.entries({ ...manifest(path).dependencies, ...manifest(path).devDependencies }),
    )
    expect(all.filter(([, version]) => semver.valid(version) !== version)).toEqual([])
    const versions = new Map(all)
    expect(all.filter(([name, version]) => versions.get(name) !== version)).toEqual([])
  })
})

describe('the changelog', () => {
  const changelog = read('CHANGELOG.md')
  const versions = [...changelog.matchAll(/^## (Unreleased|\d.*)$/gm)].map((match) => match[1] as string)
  const numbers = versions.slice(1).map((heading) => heading.split(/[, ]/)[0] as string)

  test('tells what is to come, then each version, newest first, with its day', () => {
    expect(versions[0]).toBe('Unreleased')
    expect(numbers).toEqual(semver.rsort([...numbers]))
    expect(versions.slice(1).filter((heading) => !/^\S+, (?:\d{4}-\d\d-\d\d|not yet released)$/.test(heading))).toEqual(
      [],
    )
  })

  test('has a section for the version that is written in each package', () => {
    expect(MANIFESTS.map((path) => manifest(path).version)).toEqual(MANIFESTS.map(() => numbers[0]))
  })

  test('says the format of the store that the code writes', () => {
    expect(changelog).toContain(`Now: **${FORMAT}**.`)
  })
})

test.each(['CHANGELOG.md', '.github/CONTRIBUTING.md', '.github/SECURITY.md'])(
  'files that %s names are there',
  (path) => {
    const named = [...read(path).matchAll(/\b(?:app|catalog|sandbox|site|test|\.github|\.ci)\/[\w./-]*[\w/]/g)].map(
      ([name]) => name,
    )
    expect(named.filter((name) => !isThere(name))).toEqual([])
  },
)

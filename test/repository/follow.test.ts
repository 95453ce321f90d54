import { join } from 'node:path'
import type { Octokit } from '@octokit/rest'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { followReleases } from '../../app/repository/follow/follow.ts'
import { push, textAt, tip } from '../support/github.ts'
import { catalogFiles } from '../support/repository.ts'
import { openTestShop, SHOP_REPOSITORY as SHOP, type TestShop } from '../support/shop.ts'

const GOOD = catalogFiles(join(import.meta.dirname, '../fixtures/bad-catalogs/_good'))
const PDF = 'catalog/assets/guide-pdf.yaml'
const EPUB = 'catalog/assets/guide-epub.yaml'
const OLD = '0'.repeat(64)
/** Of the one byte that each file has. */
const NEW = '559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd'
const moved = (text: string) => text.replace('v1.0.0', 'v1.1.0').replace(OLD, NEW)
const asset = (ending: string, rest = '') =>
  `# Sold since 2024\ntitle: 'The guide, ${ending}'\nkind: book\nrelease:\n  repository: heron/goods\n  tag: v1.0.0  # now\n  file: guide-{version}.${ending}\n  sha256: '${OLD}'\n  version: ^1\nlicense: MIT\nreview: approved\n${rest}`

let shop: TestShop
let ada: Octokit
beforeEach(async () => {
  const files = { ...GOOD, [PDF]: asset('pdf'), [EPUB]: asset('epub') }
  shop = await openTestShop({ follow: { files } })
  ada = shop.github.as('ada')
})
afterEach(() => shop.close())

const follow = () => followReleases(shop.parts, { shop: 'heron/shop', repository: 'heron/goods' })
async function publish(version: string, ...endings: string[]) {
  for (const ending of endings) {
    const file = { tag: `v${version}`, file: `guide-${version}.${ending}`, base64: 'QQ==' }
    await shop.github.control('releases', { repository: 'heron/goods', ...file })
  }
}
const pulls = async () => (await ada.rest.pulls.list({ ...SHOP, state: 'all' })).data
const numbered = async (number: number) => (await ada.rest.pulls.get({ ...SHOP, pull_number: number })).data
const read = (path: string, ref: string) => textAt(ada, SHOP, path, ref)
const write = (branch: string, path: string, text: string) => push(ada, SHOP, { branch, change: { [path]: text } })

test('a release is proposed by one pull request for all its assets, once', async () => {
  await follow()
  expect(await pulls()).toEqual([])
  await publish('1.1.0', 'pdf', 'epub')
  await follow()
  await follow()
  const [pull, ...others] = await pulls()
  expect(others).toEqual([])
  expect(pull).toMatchObject({
    title: 'Sell v1.1.0: guide-epub and 1 more',
    state: 'open',
    head: { ref: 'tagsale/release-heron-goods-v1.1.0' },
    base: { ref: 'main' },
  })
  expect(pull?.body).toMatch(
    /`guide-pdf` \| `v1\.0\.0` \| `v1\.1\.0` \| `guide-1\.1\.0\.pdf` \| 1 bytes \| `[0-9a-f]{64}`/,
  )
  const { data: files } = await ada.rest.pulls.listFiles({ ...SHOP, pull_number: pull?.number ?? 0 })
  expect(files.map(({ filename, additions, deletions }) => [filename, additions, deletions])).toEqual([
    [EPUB, 2, 2],
    [PDF, 2, 2],
  ])
  expect(await read(PDF, pull?.head.ref ?? '')).toBe(moved(asset('pdf')))
})

test('once it is merged there is nothing left to propose', async () => {
  await publish('1.1.0', 'pdf')
  await follow()
  await ada.rest.pulls.merge({ ...SHOP, pull_number: (await pulls())[0]?.number ?? 0 })
  await follow()
  expect(await pulls()).toHaveLength(1)
  expect(await read(PDF, 'main')).toContain('tag: v1.1.0  # now')
})

test('a release that a person said no to is not proposed again, the next one is', async () => {
  await publish('1.1.0', 'pdf')
  await follow()
  await ada.rest.pulls.update({ ...SHOP, pull_number: (await pulls())[0]?.number ?? 0, state: 'closed' })
  await follow()
  expect((await pulls()).map(({ state }) => state)).toEqual(['closed'])
  await publish('1.2.0', 'pdf')
  await follow()
  expect((await pulls()).filter(({ state }) => state === 'open').map(({ title }) => title)).toEqual([
    'Sell v1.2.0: guide-pdf',
  ])
})

test('a newer release replaces an older proposal that nobody touched, with a word', async () => {
  await publish('1.1.0', 'pdf')
  await follow()
  const [older] = await pulls()
  await publish('1.2.0', 'pdf')
  await follow()
  const newer = (await pulls()).find(({ state }) => state === 'open')
  expect(newer?.title).toBe('Sell v1.2.0: guide-pdf')
  expect(await numbered(older?.number ?? 0)).toMatchObject({ state: 'closed', merged: false })
  const { data: said } = await ada.rest.issues.listComments({ ...SHOP, issue_number: older?.number ?? 0 })
  expect(said.map(({ body }) => body)).toEqual([expect.stringContaining(`#${newer?.number} brings it`)])
})

test('what a person pushed is never overwritten, and their pull request stays open', async () => {
  await publish('1.1.0', 'pdf')
  await follow()
  const [pull] = await pulls()
  const branch = pull?.head.ref ?? ''
  await write(branch, PDF, asset('pdf', '# mine\n').replace('v1.0.0', 'v1.1.0'))
  const before = await tip(ada, SHOP, branch)
  await write('main', PDF, asset('pdf', '# theirs\n'))
  await follow()
  await publish('1.2.0', 'pdf')
  await follow()
  await follow()
  expect(await tip(ada, SHOP, branch)).toBe(before)
  expect(await numbered(pull?.number ?? 0)).toMatchObject({ state: 'open' })
  const { data: said } = await ada.rest.issues.listComments({ ...SHOP, issue_number: pull?.number ?? 0 })
  expect(said).toHaveLength(1)
})

test('a proposal keeps up with the files: what changed meanwhile, and what the release got later', async () => {
  await publish('1.1.0', 'pdf')
  await follow()
  await write('main', PDF, asset('pdf', '# a new line\n'))
  await publish('1.1.0', 'epub')
  await follow()
  const [pull, ...others] = await pulls()
  expect(others).toEqual([])
  expect(pull?.title).toBe('Sell v1.1.0: guide-epub and 1 more')
  expect(await read(PDF, pull?.head.ref ?? '')).toBe(moved(asset('pdf', '# a new line\n')))
  expect(await read(EPUB, pull?.head.ref ?? '')).toContain('v1.1.0')
})

test('at once means one commit on the default branch, and no pull request', async () => {
  const shop = await read('catalog/shop.yaml', 'main')
  await write('main', 'catalog/shop.yaml', `${shop}releases: at-once\n`)
  await publish('1.1.0', 'pdf', 'epub')
  const before = (await ada.rest.repos.listCommits({ ...SHOP, sha: 'main' })).data.length
  await follow()
  await follow()
  const { data: commits } = await ada.rest.repos.listCommits({ ...SHOP, sha: 'main' })
  expect(commits).toHaveLength(before + 1)
  expect(commits[0]?.commit.message).toContain('- guide-pdf: v1.0.0 → v1.1.0')
  expect(await read(EPUB, 'main')).toContain('v1.1.0')
  expect(await pulls()).toEqual([])
})

test('at once reads again when somebody pushes at the same moment, and loses nothing', async () => {
  await write('main', 'catalog/shop.yaml', `${await read('catalog/shop.yaml', 'main')}releases: at-once\n`)
  await publish('1.1.0', 'pdf')
  let pushes = 0
  const { forRepository } = shop.parts.githubApp
  shop.parts.githubApp.forRepository = async (...given) => {
    const entered = await forRepository(...given)
    entered.octokit.hook.before('request', async ({ method }) => {
      if (method === 'PATCH' && pushes++ === 0) await write('main', PDF, asset('pdf', '# meanwhile\n'))
    })
    return entered
  }
  await follow()
  expect(pushes).toBe(2)
  expect(await read(PDF, 'main')).toBe(moved(asset('pdf', '# meanwhile\n')))
})

test('a catalog with mistakes is left alone', async () => {
  await write('main', 'catalog/shop.yaml', 'name: [')
  await publish('1.1.0', 'pdf')
  await follow()
  expect(await pulls()).toEqual([])
})

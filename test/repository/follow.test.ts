import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Octokit } from '@octokit/rest'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectGitHub } from '../../app/github/client.ts'
import { followReleases } from '../../app/repository/follow/follow.ts'
import { startGitHub } from '../../sandbox/github.ts'

const GOOD = join(import.meta.dirname, '../fixtures/bad-catalogs/_good')
const SHOP = { owner: 'tern', repo: 'shop' }
const PDF = 'catalog/assets/guide-pdf.yaml'
const EPUB = 'catalog/assets/guide-epub.yaml'
const log = pino({ level: 'silent' })
const asset = (ending: string, rest = '') =>
  `# Sold since 2024\ntitle: 'The guide, ${ending}'\nkind: book\nrelease:\n  repository: tern/goods\n  tag: v1.0.0  # now\n  file: guide-{version}.${ending}\n  version: ^1\nlicense: MIT\nreview: approved\n${rest}`

let github: Awaited<ReturnType<typeof startGitHub>>
let parts: Parameters<typeof followReleases>[0]
let folder: string
let alice: Octokit

async function open(more: Record<string, string> = {}) {
  folder = await mkdtemp(join(tmpdir(), 'tagsale-follow-'))
  const names = (await readdir(GOOD, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
  const good = names.map(async (one) => {
    const path = join(one.parentPath, one.name)
    return [path.replace(GOOD, 'catalog'), await readFile(path)] as const
  })
  const files = { ...Object.fromEntries(await Promise.all(good)), [PDF]: asset('pdf'), [EPUB]: asset('epub'), ...more }
  github = await startGitHub({
    app: { id: 7 },
    users: ['alice'],
    repositories: [
      { name: 'tern/shop', files, collaborators: { alice: 'admin' } },
      { name: 'tern/goods', files: { 'README.md': '' }, collaborators: { alice: 'admin' } },
    ],
  })
  const { githubApp } = await connectGitHub({ appId: 7, privateKey: github.privateKey, baseUrl: github.url, log })
  parts = { githubApp, log, config: { DATA_FOLDER: folder, GITHUB_URL: 'https://github.com' } as never }
  alice = new Octokit({ baseUrl: github.url, auth: github.tokenFor('alice') })
}
beforeEach(() => open())
afterEach(async () => {
  await github.close()
  await rm(folder, { recursive: true, force: true })
})

const follow = () => followReleases(parts, { shop: 'tern/shop', repository: 'tern/goods' })
async function publish(version: string, ...endings: string[]) {
  for (const ending of endings) {
    const body = { repository: 'tern/goods', tag: `v${version}`, file: `guide-${version}.${ending}`, base64: 'QQ==' }
    const answer = await fetch(`${github.url}/_test/releases`, { method: 'POST', body: JSON.stringify(body) })
    expect(answer.status).toBe(201)
  }
}
const pulls = async () => (await alice.rest.pulls.list({ ...SHOP, state: 'all' })).data
const numbered = async (number: number) => (await alice.rest.pulls.get({ ...SHOP, pull_number: number })).data
async function textAt(path: string, ref: string): Promise<string> {
  const { data } = await alice.rest.repos.getContent({ ...SHOP, path, ref })
  return Buffer.from('content' in data ? data.content : '', 'base64').toString()
}
async function push(branch: string, path: string, text: string) {
  const { data } = await alice.rest.repos
    .getContent({ ...SHOP, path, ref: branch })
    .catch(() => ({ data: {} as { sha?: string } }))
  const sha = 'sha' in data && data.sha ? { sha: data.sha } : {}
  const content = Buffer.from(text).toString('base64')
  await alice.rest.repos.createOrUpdateFileContents({ ...SHOP, path, branch, message: 'By hand', content, ...sha })
}

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
    head: { ref: 'tagsale/release-tern-goods-v1.1.0' },
    base: { ref: 'main' },
  })
  expect(pull?.body).toMatch(
    /`guide-pdf` \| `v1\.0\.0` \| `v1\.1\.0` \| `guide-1\.1\.0\.pdf` \| 1 bytes \| `[0-9a-f]{64}`/,
  )
  const { data: files } = await alice.rest.pulls.listFiles({ ...SHOP, pull_number: pull?.number ?? 0 })
  expect(files.map(({ filename, additions, deletions }) => [filename, additions, deletions])).toEqual([
    [EPUB, 1, 1],
    [PDF, 1, 1],
  ])
  expect(await textAt(PDF, pull?.head.ref ?? '')).toBe(asset('pdf').replace('v1.0.0', 'v1.1.0'))
})

test('once it is merged there is nothing left to propose', async () => {
  await publish('1.1.0', 'pdf')
  await follow()
  await alice.rest.pulls.merge({ ...SHOP, pull_number: (await pulls())[0]?.number ?? 0 })
  await follow()
  expect(await pulls()).toHaveLength(1)
  expect(await textAt(PDF, 'main')).toContain('tag: v1.1.0  # now')
})

test('a release that a person said no to is not proposed again, the next one is', async () => {
  await publish('1.1.0', 'pdf')
  await follow()
  await alice.rest.pulls.update({ ...SHOP, pull_number: (await pulls())[0]?.number ?? 0, state: 'closed' })
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
  const { data: said } = await alice.rest.issues.listComments({ ...SHOP, issue_number: older?.number ?? 0 })
  expect(said.map(({ body }) => body)).toEqual([expect.stringContaining(`#${newer?.number} brings it`)])
})

test('what a person pushed is never overwritten, and their pull request stays open', async () => {
  await publish('1.1.0', 'pdf')
  await follow()
  const [pull] = await pulls()
  const branch = pull?.head.ref ?? ''
  await push(branch, PDF, asset('pdf', '# mine\n').replace('v1.0.0', 'v1.1.0'))
  const before = (await alice.rest.git.getRef({ ...SHOP, ref: `heads/${branch}` })).data.object.sha
  await push('main', PDF, asset('pdf', '# theirs\n'))
  await follow()
  await publish('1.2.0', 'pdf')
  await follow()
  await follow()
  expect((await alice.rest.git.getRef({ ...SHOP, ref: `heads/${branch}` })).data.object.sha).toBe(before)
  expect(await numbered(pull?.number ?? 0)).toMatchObject({ state: 'open' })
  const { data: said } = await alice.rest.issues.listComments({ ...SHOP, issue_number: pull?.number ?? 0 })
  expect(said).toHaveLength(1)
})

test('a proposal keeps up with the files: what changed meanwhile, and what the release got later', async () => {
  await publish('1.1.0', 'pdf')
  await follow()
  await push('main', PDF, asset('pdf', '# a new line\n'))
  await publish('1.1.0', 'epub')
  await follow()
  const [pull, ...others] = await pulls()
  expect(others).toEqual([])
  expect(pull?.title).toBe('Sell v1.1.0: guide-epub and 1 more')
  expect(await textAt(PDF, pull?.head.ref ?? '')).toBe(asset('pdf', '# a new line\n').replace('v1.0.0', 'v1.1.0'))
  expect(await textAt(EPUB, pull?.head.ref ?? '')).toContain('v1.1.0')
})

test('at once means one commit on the default branch, and no pull request', async () => {
  const shop = await textAt('catalog/shop.yaml', 'main')
  await push('main', 'catalog/shop.yaml', `${shop}releases: at-once\n`)
  await publish('1.1.0', 'pdf', 'epub')
  const before = (await alice.rest.repos.listCommits({ ...SHOP, sha: 'main' })).data.length
  await follow()
  await follow()
  const { data: commits } = await alice.rest.repos.listCommits({ ...SHOP, sha: 'main' })
  expect(commits).toHaveLength(before + 1)
  expect(commits[0]?.commit.message).toContain('- guide-pdf: v1.0.0 → v1.1.0')
  expect(await textAt(EPUB, 'main')).toContain('v1.1.0')
  expect(await pulls()).toEqual([])
})

test('at once reads again when somebody pushes at the same moment, and loses nothing', async () => {
  await push('main', 'catalog/shop.yaml', `${await textAt('catalog/shop.yaml', 'main')}releases: at-once\n`)
  await publish('1.1.0', 'pdf')
  let pushes = 0
  const { forRepository } = parts.githubApp
  parts.githubApp.forRepository = async (...given) => {
    const octokit = await forRepository(...given)
    octokit.hook.before('request', async ({ method }) => {
      if (method === 'PATCH' && pushes++ === 0) await push('main', PDF, asset('pdf', '# meanwhile\n'))
    })
    return octokit
  }
  await follow()
  expect(pushes).toBe(2)
  expect(await textAt(PDF, 'main')).toBe(asset('pdf', '# meanwhile\n').replace('v1.0.0', 'v1.1.0'))
})

test('a catalog with mistakes is left alone', async () => {
  await push('main', 'catalog/shop.yaml', 'name: [')
  await publish('1.1.0', 'pdf')
  await follow()
  expect(await pulls()).toEqual([])
})

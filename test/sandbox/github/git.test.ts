import fs from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import git from 'isomorphic-git'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { branchOff, openGitHub, push, type TestGitHub } from '../../support/github.ts'
import { eventually } from '../../support/sandbox.ts'
import { refusal } from './support.ts'

const shop = { owner: 'tern', repo: 'shop' }
let folder: string
let github: TestGitHub

const options = () => ({
  folder,
  organizations: [
    {
      login: 'tern',
      members: [
        { login: 'ada', role: 'admin' as const },
        { login: 'mo', role: 'member' as const },
      ],
    },
  ],
  users: ['eve'],
  repositories: [
    {
      name: 'tern/shop',
      collaborators: { wim: 'write' as const },
      files: { 'README.md': 'hello\n', 'a/b/c.txt': 'deep', 'a.txt': 'dots', 'empty.bin': new Uint8Array([0, 255]) },
    },
    { name: 'tern/new', files: {} },
    { name: 'ada/open', private: false, files: { 'x.txt': 'x' } },
  ],
})
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'git-'))
  github = await openGitHub(options())
})
afterAll(async () => {
  await github.close()
  await rm(folder, { recursive: true })
})

const rest = (login = 'ada') => github.as(login).rest
const tipOf = async (branch: string) => (await rest().git.getRef({ ...shop, ref: `heads/${branch}` })).data.object.sha

describe('who may what', () => {
  test('roles come from the organisation, the repository and its being public', async () => {
    const role = async (username: string, where = shop) =>
      (await rest().repos.getCollaboratorPermissionLevel({ ...where, username })).data.role_name
    const roles = await Promise.all(['ada', 'mo', 'wim', 'eve'].map((login) => role(login)))
    expect(roles).toEqual(['admin', 'read', 'write', 'none'])
    expect(await role('eve', { owner: 'ada', repo: 'open' })).toBe('read')
    expect(await refusal(role('nobody-at-all'))).toMatchObject({ status: 404 })
  })
  test('what is private is not there for strangers, and readers cannot write', async () => {
    expect(await refusal(rest('eve').repos.get(shop))).toMatchObject({ status: 404 })
    expect((await rest('mo').repos.get(shop)).data.permissions).toMatchObject({ push: false, pull: true })
    expect(
      (await refusal(push(github.as('mo'), shop, { branch: 'main', change: { 'no.txt': 'no' } }))).status,
    ).toBeGreaterThanOrEqual(403)
    expect((await rest('eve').repos.get({ owner: 'ada', repo: 'open' })).data.private).toBe(false)
  })
  test('lists show what one may see', async () => {
    const names = async (login: string) =>
      (await rest(login).repos.listForOrg({ org: 'tern' })).data.map(({ name }) => name)
    expect([await names('mo'), await names('eve')]).toEqual([['shop', 'new'], []])
    expect((await rest('ada').users.getAuthenticated()).data).toMatchObject({ login: 'ada', type: 'User' })
    expect((await rest().orgs.get({ org: 'tern' })).data.type).toBe('Organization')
  })
})

describe('objects', () => {
  test('another program reads what lies on disk', async () => {
    const { data } = await rest().repos.get(shop)
    const gitdir = join(folder, 'git', `${data.id}.git`)
    const oid = await git.resolveRef({ fs, gitdir, ref: 'refs/heads/main' })
    expect(await git.listFiles({ fs, gitdir, ref: oid })).toEqual(['README.md', 'a/b/c.txt', 'a.txt', 'empty.bin'])
    const [first] = await git.log({ fs, gitdir, ref: oid })
    expect(first?.commit).toMatchObject({ message: 'Initial commit\n', parent: [] })
    const { blob } = await git.readBlob({ fs, gitdir, oid, filepath: 'a/b/c.txt' })
    expect(Buffer.from(blob).toString()).toBe('deep')
  })
  test('blobs, trees and commits are made with the SHAs that git gives them', async () => {
    const { data: blob } = await rest().git.createBlob({ ...shop, content: 'hello\n' })
    expect(blob.sha).toBe('ce013625030ba8dba906f756967f9e9ca394464a')
    const tip = await tipOf('main')
    const tree = [
      { path: 'new/hello.txt', mode: '100644' as const, type: 'blob' as const, sha: blob.sha },
      { path: 'a/b/c.txt', mode: '100644' as const, type: 'blob' as const, sha: null },
    ]
    const { data: made } = await rest().git.createTree({ ...shop, base_tree: tip, tree })
    const { data: all } = await rest().git.getTree({ ...shop, tree_sha: made.sha, recursive: '1' })
    expect(all.truncated).toBe(false)
    expect(all.tree.map(({ path, type }) => `${type} ${path}`)).toEqual([
      'blob README.md',
      'blob a.txt',
      'blob empty.bin',
      'tree new',
      'blob new/hello.txt',
    ])
    const { data: commit } = await rest().git.createCommit({ ...shop, message: 'm', tree: made.sha, parents: [tip] })
    const { data: read } = await rest().git.getCommit({ ...shop, commit_sha: commit.sha })
    expect(read).toMatchObject({ message: 'm', tree: { sha: made.sha }, parents: [{ sha: tip }] })
    const bytes = await rest().git.getBlob({ ...shop, file_sha: blob.sha, mediaType: { format: 'raw' } })
    expect(Buffer.from(bytes.data as unknown as ArrayBuffer).toString()).toBe('hello\n')
  })
  test('a tree lists a folder where git sorts it', async () => {
    const { data } = await rest().git.getTree({ ...shop, tree_sha: 'main' })
    expect(data.tree.map(({ path }) => path)).toEqual(['README.md', 'a.txt', 'a', 'empty.bin'])
  })
})

describe('refs', () => {
  test('move forward, and back only by force', async () => {
    const octokit = github.as('wim')
    const before = await branchOff(octokit, shop, 'topic/one')
    const after = await push(octokit, shop, { branch: 'topic/one', change: { 'one.txt': '1' } })
    const ref = 'heads/topic/one'
    expect(await refusal(octokit.rest.git.updateRef({ ...shop, ref, sha: before }))).toMatchObject({ status: 422 })
    await octokit.rest.git.updateRef({ ...shop, ref, sha: before, force: true })
    await octokit.rest.git.updateRef({ ...shop, ref, sha: after })
    expect(await tipOf('topic/one')).toBe(after)
    const { data } = await octokit.rest.git.listMatchingRefs({ ...shop, ref: 'heads/topic' })
    expect(data.map((one) => one.ref)).toEqual(['refs/heads/topic/one'])
    await octokit.rest.git.deleteRef({ ...shop, ref })
    expect(await refusal(octokit.rest.git.getRef({ ...shop, ref }))).toMatchObject({ status: 404 })
    await branchOff(octokit, shop, 'topic')
  })
  test.each([
    'refs/heads/../../x',
    'refs/heads/a..b',
    'refs/heads/x.lock',
    'refs/pull/1/head',
    'heads/x',
    'refs/heads/main/x',
  ])('%s is refused', async (ref) => {
    const sha = await tipOf('main')
    expect(await refusal(rest().git.createRef({ ...shop, ref, sha }))).toMatchObject({ status: 422 })
  })
  test('point at what there is', async () => {
    const sha = '1'.repeat(40)
    expect(await refusal(rest().git.createRef({ ...shop, ref: 'refs/heads/x', sha }))).toMatchObject({ status: 422 })
  })
})

describe('contents', () => {
  test('files, folders and raw bytes', async () => {
    const file = (await rest().repos.getContent({ ...shop, path: 'a/b/c.txt' })).data
    expect(file).toMatchObject({ type: 'file', encoding: 'base64', content: 'ZGVlcA==\n', size: 4, path: 'a/b/c.txt' })
    const listed = (await rest().repos.getContent({ ...shop, path: 'a' })).data
    expect(listed).toMatchObject([{ type: 'dir', path: 'a/b' }])
    const raw = await rest().repos.getContent({ ...shop, path: 'README.md', mediaType: { format: 'raw' } })
    expect(String(raw.data)).toContain('hello')
    expect(await refusal(rest().repos.getContent({ ...shop, path: 'nope' }))).toMatchObject({ status: 404 })
  })
  test('a file is put only over what the writer saw', async () => {
    const octokit = github.as('wim')
    await branchOff(octokit, shop, 'files')
    const write = (more: object) =>
      octokit.rest.repos.createOrUpdateFileContents({
        ...shop,
        path: 'n/f.txt',
        branch: 'files',
        message: 'm',
        content: 'YQ==',
        ...more,
      })
    const { data, status } = await write({})
    expect([status, data.content?.path]).toEqual([201, 'n/f.txt'])
    expect(await refusal(write({}))).toMatchObject({
      status: 422,
      message: expect.stringContaining('"sha" wasn\'t supplied'),
    })
    expect(await refusal(write({ sha: '1'.repeat(40) }))).toMatchObject({ status: 409 })
    const sha = data.content?.sha ?? ''
    expect((await write({ sha, content: 'Yg==' })).status as number).toBe(200)
    const remove = (one: string) =>
      octokit.rest.repos.deleteFile({ ...shop, path: 'n/f.txt', branch: 'files', message: 'm', sha: one })
    expect(await refusal(remove(sha))).toMatchObject({ status: 409 })
    await remove('63d8dbd40c23542e740659a7168a0ce3138ea748')
    expect(await refusal(rest().repos.getContent({ ...shop, path: 'n', ref: 'files' }))).toMatchObject({ status: 404 })
  })
  test('an empty repository gets its first commit that way', async () => {
    const empty = { owner: 'tern', repo: 'new' }
    expect(await refusal(rest().repos.listCommits(empty))).toMatchObject({ status: 409 })
    const first = { ...empty, path: 'first.txt', message: 'Begin', content: btoa('1') }
    await rest().repos.createOrUpdateFileContents(first)
    expect((await rest().repos.listCommits(empty)).data).toHaveLength(1)
  })
})

describe('comparing', () => {
  test('shows what a branch did since it left, with renames', async () => {
    const octokit = github.as('ada')
    const base = await branchOff(octokit, shop, 'compared')
    const { data: made } = await octokit.rest.git.createTree({
      ...shop,
      base_tree: base,
      tree: [
        { path: 'a/b/c.txt', mode: '100644', type: 'blob', sha: null },
        { path: 'moved.txt', mode: '100644', type: 'blob', content: 'deep' },
        { path: 'README.md', mode: '100644', type: 'blob', content: 'hello\nyou\n' },
      ],
    })
    const { data: commit } = await octokit.rest.git.createCommit({
      ...shop,
      message: 'Move',
      tree: made.sha,
      parents: [base],
    })
    await octokit.rest.git.updateRef({ ...shop, ref: 'heads/compared', sha: commit.sha })
    await push(octokit, shop, { branch: 'main', change: { 'later.txt': 'not shown' } })
    const { data } = await octokit.rest.repos.compareCommitsWithBasehead({ ...shop, basehead: 'main...tern:compared' })
    expect(data).toMatchObject({
      status: 'diverged',
      ahead_by: 1,
      behind_by: 1,
      total_commits: 1,
      merge_base_commit: { sha: base },
    })
    expect(data.files).toMatchObject([
      { filename: 'README.md', status: 'modified', additions: 1, deletions: 0, patch: '@@ -1 +1,2 @@\n hello\n+you' },
      { filename: 'moved.txt', status: 'renamed', previous_filename: 'a/b/c.txt', changes: 0 },
    ])
    const { data: sha } = await octokit.rest.repos.getCommit({ ...shop, ref: 'compared', mediaType: { format: 'sha' } })
    expect(sha).toBe(commit.sha)
    const history = await octokit.rest.repos.listCommits({ ...shop, path: 'later.txt' })
    expect(history.data.map(({ commit: { message } }) => message)).toEqual(['Write later.txt'])
  })
})

test('lists come in pages that say where the next is', async () => {
  const octokit = github.as('ada')
  for (let number = 0; number < 5; number += 1) await branchOff(octokit, shop, `page-${number}`)
  const first = await octokit.rest.repos.listBranches({ ...shop, per_page: 2 })
  expect(first.headers.link).toMatch(/page=2>; rel="next", .*rel="last"/)
  const all = await octokit.paginate(octokit.rest.repos.listBranches, { ...shop, per_page: 2 })
  expect(all.filter(({ name }) => name.startsWith('page-'))).toHaveLength(5)
})

describe('GraphQL', () => {
  const ask = (query: string, variables: object = {}, login = 'ada') =>
    github.as(login).graphql<Record<string, unknown>>(query, { ...variables })
  test('reads many objects in one question', async () => {
    const answer = await ask(`{ repository(owner: "tern", name: "shop") {
      a: object(expression: "main:README.md") { __typename oid ... on Blob { byteSize isBinary isTruncated text } }
      b: object(expression: "main:empty.bin") { ... on Blob { isBinary text } }
      c: object(expression: "main:a") { ... on Tree { entries { name type } } }
      d: object(expression: "main:none") { oid } } }`)
    expect(answer.repository).toEqual({
      a: {
        __typename: 'Blob',
        oid: expect.stringMatching(/^[0-9a-f]{40}$/),
        byteSize: 6,
        isBinary: false,
        isTruncated: false,
        text: 'hello\n',
      },
      b: { isBinary: true, text: null },
      c: { entries: [{ name: 'b', type: 'tree' }] },
      d: null,
    })
    const strangers = ask('{ repository(owner: "tern", name: "shop") { id } }', {}, 'eve')
    await expect(strangers).rejects.toMatchObject({ errors: [{ type: 'NOT_FOUND' }] })
  })
  test('commits on a branch only where it is expected to be', async () => {
    const mutation =
      'mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }'
    const expectedHeadOid = await branchOff(github.as('ada'), shop, 'ledger')
    const input = {
      branch: { repositoryNameWithOwner: 'tern/shop', branchName: 'ledger' },
      message: { headline: 'Add' },
      expectedHeadOid,
      fileChanges: { additions: [{ path: 'l/1.json', contents: 'e30=' }], deletions: [{ path: 'a.txt' }] },
    }
    const answer = (await ask(mutation, { input })) as { createCommitOnBranch: { commit: { oid: string } } }
    expect(answer.createCommitOnBranch.commit.oid).toBe(await tipOf('ledger'))
    await expect(ask(mutation, { input })).rejects.toMatchObject({ errors: [{ type: 'STALE_DATA' }] })
  })
})

test('a restart finds everything again', async () => {
  const octokit = github.as('ada')
  await branchOff(octokit, shop, 'kept')
  const { data: issue } = await octokit.rest.issues.create({ ...shop, title: 'Still there?' })
  const token = github.tokenFor('ada')
  await github.close()
  github = await openGitHub(options())
  expect(github.tokenFor('ada')).toBe(token)
  expect((await rest().issues.get({ ...shop, issue_number: issue.number })).data.title).toBe('Still there?')
  expect(await tipOf('kept')).toMatch(/^[0-9a-f]{40}$/)
  expect((await rest().repos.getCollaboratorPermissionLevel({ ...shop, username: 'wim' })).data.permission).toBe(
    'write',
  )
})

test('one that was killed knows all but the last instant', async () => {
  const octokit = github.as('ada')
  await branchOff(octokit, shop, 'killed')
  await push(octokit, shop, { branch: 'killed', change: { 'killed.txt': '1' } })
  const { data: pull } = await octokit.rest.pulls.create({ ...shop, title: 'Killed', head: 'killed', base: 'main' })
  const written = () => fs.readFileSync(join(folder, 'github.json'), 'utf8').includes('"Killed"')
  await eventually(async () => written(), Boolean)
  const state = fs.readFileSync(join(folder, 'github.json'))
  const sha = await push(octokit, shop, { branch: 'killed', change: { 'killed.txt': '2' } })
  const copy = await mkdtemp(join(tmpdir(), 'git-'))
  fs.cpSync(folder, copy, { recursive: true, filter: (path) => !path.includes('github.json') }) // it may be just written
  fs.writeFileSync(join(copy, 'github.json'), state)
  const other = await openGitHub({ folder: copy })
  const { data } = await other.as('ada').rest.pulls.get({ ...shop, pull_number: pull.number })
  expect(data.head.sha).toBe(sha)
  await other.close()
  await rm(copy, { recursive: true })
})

test('a thousand files are there in less than two seconds', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 1000 }, (_, n) => [`catalog/products/${n}.yaml`, `name: ${n}\n`]),
  )
  const start = process.cpuUsage() // what others do on this machine is not our time
  const large = await openGitHub({ users: ['ada'], repositories: [{ name: 'ada/large', files }] })
  const { user, system } = process.cpuUsage(start)
  expect((user + system) / 1000).toBeLessThan(2000)
  const where = { owner: 'ada', repo: 'large' }
  const { data } = await large.as('ada').rest.git.getTree({ ...where, tree_sha: 'main', recursive: '1' })
  expect(data.tree).toHaveLength(1002)
  await large.close()
})

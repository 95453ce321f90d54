import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { branchOff, push } from '../../support/github.ts'
import { type ListenedGitHub, openGitHubWithListener, refusal } from './support.ts'

const shop = { owner: 'tern', repo: 'shop' }
const LINES = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n'

let github: ListenedGitHub
let branches = 0

beforeAll(async () => {
  github = await openGitHubWithListener({
    users: ['eve'],
    repositories: [
      {
        name: 'tern/shop',
        private: false,
        collaborators: { wim: 'write', lia: 'write' },
        files: { 'list.txt': LINES },
      },
    ],
  })
})
afterAll(() => github.close())
beforeEach(() => {
  github.heard.length = 0
})

const rest = (login = 'wim') => github.as(login).rest
const pulls = (login = 'wim') => rest(login).pulls
const event = (name: string, action?: string) =>
  expect.poll(() => heard(name).find((payload) => payload.action === action))
const heard = (name: string) =>
  github.heard.flatMap(({ headers, payload }) => (headers['x-github-event'] === name ? [payload] : []))

/** A pull request that changes a file, or another text's line. */
async function open(path = `new-${branches}.txt`, text = 'new\n', more: object = {}) {
  branches += 1
  const head = `topic-${branches}`
  await branchOff(github.as('wim'), shop, head)
  await push(github.as('wim'), shop, { branch: head, change: { [path]: text } })
  const { data } = await pulls().create({ ...shop, title: `Change ${path}`, head, base: 'main', ...more })
  // Not `data`: Octokit takes a parameter of that name for the whole body.
  return { ...shop, pull_number: data.number, head, opened: data }
}

describe('a pull request', () => {
  test('says what it brings, and follows its branch', async () => {
    const pull = await open('list.txt', LINES.replace('two', 'TWO'))
    expect(pull.opened).toMatchObject({
      state: 'open',
      mergeable: true,
      commits: 1,
      changed_files: 1,
      additions: 1,
      deletions: 1,
    })
    await event('pull_request', 'opened').toMatchObject({
      number: pull.pull_number,
      repository: { full_name: 'tern/shop' },
    })
    const sha = await push(github.as('wim'), shop, { branch: pull.head, change: { 'more.txt': 'more' } })
    const payload = { number: pull.pull_number, after: sha, pull_request: { head: { sha } }, sender: { login: 'wim' } }
    await event('pull_request', 'synchronize').toMatchObject(payload)
    const { data: files } = await pulls().listFiles(pull)
    expect(files.map(({ filename, status }) => `${status} ${filename}`)).toEqual([
      'modified list.txt',
      'added more.txt',
    ])
    expect((await pulls().listCommits(pull)).data).toHaveLength(2)
    const { data: ref } = await rest().git.getRef({ ...shop, ref: `pull/${pull.pull_number}/head` })
    expect(ref.object.sha).toBe(sha)
    const pushed = heard('push').at(-1)
    expect(pushed).toMatchObject({ ref: `refs/heads/${pull.head}`, after: sha, commits: [{ added: ['more.txt'] }] })
  })
  test('is found by its state, its head and its base', async () => {
    const pull = await open()
    const find = async (more: object) => (await pulls().list({ ...shop, ...more })).data.map(({ number }) => number)
    expect(await find({ head: `tern:${pull.head}` })).toEqual([pull.pull_number])
    expect(await find({ base: 'elsewhere' })).toEqual([])
    expect((await find({}))[0]).toBe(pull.pull_number)
    await pulls().update({ ...pull, state: 'closed' })
    await event('pull_request', 'closed').toMatchObject({ pull_request: { merged: false } })
    expect(await find({ head: `tern:${pull.head}` })).toEqual([])
    expect(await find({ head: `tern:${pull.head}`, state: 'closed' })).toEqual([pull.pull_number])
    await pulls().update({ ...pull, state: 'open', title: 'Another' })
    await event('pull_request', 'reopened').toMatchObject({ number: pull.pull_number })
    await event('pull_request', 'edited').toMatchObject({ changes: { title: { from: pull.opened.title } } })
  })
  test('cannot be opened twice, from nowhere, or without a change', async () => {
    const { head } = await open()
    const create = (more: object) => refusal(pulls().create({ ...shop, title: 't', head, base: 'main', ...more }))
    expect(await create({})).toMatchObject({ status: 422, message: expect.stringContaining('already exists') })
    expect(await create({ head: 'nowhere' })).toMatchObject({ status: 422 })
    await branchOff(github.as('wim'), shop, `same-${head}`)
    expect(await create({ head: `same-${head}` })).toMatchObject({
      message: expect.stringContaining('No commits between'),
    })
  })
  test('comes from a fork as well, by whoever can read', async () => {
    const { data: fork } = await rest('eve').repos.createFork(shop)
    const where = { owner: 'eve', repo: fork.name }
    await branchOff(github.as('eve'), where, 'mine')
    await push(github.as('eve'), where, { branch: 'mine', change: { 'from-eve.txt': 'hi' } })
    const { data: pull } = await pulls('eve').create({ ...shop, title: 'Mine', head: 'eve:mine', base: 'main' })
    expect(pull).toMatchObject({ head: { label: 'eve:mine', repo: { fork: true } }, author_association: 'NONE' })
    const sha = await push(github.as('eve'), where, { branch: 'mine', change: { 'again.txt': 'hi' } })
    await event('pull_request', 'synchronize').toMatchObject({ number: pull.number, after: sha })
    expect((await rest().git.getCommit({ ...shop, commit_sha: sha })).data.sha).toBe(sha)
    expect(await refusal(rest().git.getRef({ ...shop, ref: 'heads/mine' }))).toMatchObject({ status: 404 })
    const compared = await rest().repos.compareCommitsWithBasehead({ ...shop, basehead: 'main...eve:mine' })
    expect(compared.data.ahead_by).toBe(2)
    const merging = pulls('eve').merge({ ...shop, pull_number: pull.number })
    expect((await refusal(merging)).status).toBeGreaterThanOrEqual(403)
  })
})

describe('merging', () => {
  test('keeps what both sides did, in one file as well', async () => {
    const pull = await open('list.txt', `${LINES}eight\n`)
    await push(github.as('ada'), shop, { branch: 'main', change: { 'list.txt': `zero\n${LINES}` } })
    const { data } = await pulls().merge(pull)
    expect(data.merged).toBe(true)
    const { data: text } = await rest().repos.getContent({ ...shop, path: 'list.txt', mediaType: { format: 'raw' } })
    expect(String(text)).toBe(`zero\n${LINES}eight\n`)
    const { data: commit } = await rest().repos.getCommit({ ...shop, ref: 'main' })
    expect(commit).toMatchObject({
      sha: data.sha,
      commit: { message: expect.stringContaining(`Merge pull request #${pull.pull_number}`) },
    })
    expect(commit.parents).toHaveLength(2)
    await event('pull_request', 'closed').toMatchObject({
      pull_request: { merged: true, merge_commit_sha: data.sha, merged_by: { login: 'wim' } },
    })
    expect((await pulls().checkIfMerged(pull)).status as number).toBe(204)
    expect((await pulls().listFiles(pull)).data).toHaveLength(1)
    expect(await refusal(pulls().merge(pull))).toMatchObject({ status: 405 })
    await push(github.as('ada'), shop, { branch: 'main', change: { 'list.txt': LINES } })
  })
  test.each(['squash', 'rebase'] as const)('%s adds one commit', async (merge_method) => {
    const pull = await open()
    const { data: before } = await rest().git.getRef({ ...shop, ref: 'heads/main' })
    const { data } = await pulls().merge({ ...pull, merge_method })
    const { data: commit } = await rest().git.getCommit({ ...shop, commit_sha: data.sha })
    expect(commit.parents.map(({ sha }) => sha)).toEqual([before.object.sha])
  })
  test('is refused where both sides contradict, of a draft, and of a head that moved', async () => {
    const pull = await open('list.txt', LINES.replace('two', '2'))
    await push(github.as('ada'), shop, { branch: 'main', change: { 'list.txt': LINES.replace('two', 'II') } })
    expect((await pulls().get(pull)).data).toMatchObject({
      mergeable: false,
      mergeable_state: 'dirty',
      merge_commit_sha: null,
    })
    expect(await refusal(pulls().merge(pull))).toMatchObject({ status: 405 })
    await push(github.as('ada'), shop, { branch: 'main', change: { 'list.txt': LINES } })
    expect(await refusal(pulls().merge({ ...pull, sha: '1'.repeat(40) }))).toMatchObject({ status: 409 })
    const draft = await open('draft.txt', 'd', { draft: true })
    expect(await refusal(pulls().merge(draft))).toMatchObject({
      status: 405,
      message: expect.stringContaining('draft'),
    })
    const query =
      'mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }'
    await github.as('wim').graphql(query, { id: draft.opened.node_id })
    await event('pull_request', 'ready_for_review').toMatchObject({ pull_request: { draft: false } })
    expect((await pulls().merge(draft)).data.merged).toBe(true)
  })
  test('happens by itself when the commits get on the base', async () => {
    const pull = await open()
    await rest('ada').git.updateRef({ ...shop, ref: 'heads/main', sha: pull.opened.head.sha })
    expect((await pulls().get(pull)).data).toMatchObject({ merged: true, state: 'closed' })
  })
})

describe('reviews and protection', () => {
  test('a protected branch waits for approval and its checks', async () => {
    await branchOff(github.as('ada'), shop, 'safe')
    await rest('ada').repos.updateBranchProtection({
      ...shop,
      branch: 'safe',
      required_status_checks: { strict: false, contexts: [] },
      enforce_admins: true,
      required_pull_request_reviews: { required_approving_review_count: 1 },
      restrictions: null,
    })
    const onto = { ...shop, path: 'x.txt', branch: 'safe', message: 'm', content: btoa('x') }
    expect(await refusal(rest('ada').repos.createOrUpdateFileContents(onto))).toMatchObject({ status: 409 })
    const pull = await open('safe.txt', 's', { base: 'safe' })
    expect(await refusal(pulls().merge(pull))).toMatchObject({
      status: 405,
      message: expect.stringContaining('approving review'),
    })
    expect(await refusal(pulls().createReview({ ...pull, event: 'APPROVE' }))).toMatchObject({ status: 422 })
    await pulls('eve').createReview({ ...pull, event: 'APPROVE' })
    expect((await refusal(pulls().merge(pull))).status).toBe(405)
    const { data: review } = await pulls('lia').createReview({ ...pull, event: 'APPROVE' })
    await event('pull_request_review', 'submitted').toMatchObject({ review: { state: 'approved' } })
    await pulls('ada').dismissReview({ ...pull, review_id: review.id, message: 'Look again' })
    await event('pull_request_review', 'dismissed').toMatchObject({ review: { state: 'dismissed' } })
    expect((await refusal(pulls().merge(pull))).status).toBe(405)
    await pulls('lia').createReview({ ...pull, event: 'APPROVE' })
    expect((await pulls().merge(pull)).data.merged).toBe(true)
  })
  test('a missing check keeps a pull request back', async () => {
    await branchOff(github.as('ada'), shop, 'checked')
    const protection = {
      required_status_checks: { strict: false, contexts: ['catalog'] },
      enforce_admins: null,
      required_pull_request_reviews: null,
      restrictions: null,
    }
    await rest('ada').repos.updateBranchProtection({ ...shop, branch: 'checked', ...protection })
    expect((await rest().repos.getBranch({ ...shop, branch: 'checked' })).data.protected).toBe(true)
    const pull = await open('checked.txt', 's', { base: 'checked' })
    expect((await pulls().get(pull)).data.mergeable_state).toBe('blocked')
    const words = 'Required status check "catalog" is expected.'
    expect(await refusal(pulls().merge(pull))).toMatchObject({ status: 405, message: expect.stringContaining(words) })
    expect((await pulls('ada').merge(pull)).data.merged).toBe(true)
  })
})

describe('the merge queue', () => {
  type Group = { head_sha: string; head_ref: string; base_sha: string }
  const queue = (body: object) => github.control('merge-queue', body) as Promise<Group>
  test('asks for checks of what would be, and then merges that', async () => {
    const pull = await open('queued.txt', 'q')
    const which = { repository: 'tern/shop', number: pull.pull_number }
    const group = await queue(which)
    expect(group.head_ref).toBe(`refs/heads/gh-readonly-queue/main/pr-${pull.pull_number}-${group.base_sha}`)
    await event('merge_group', 'checks_requested').toMatchObject({
      merge_group: { head_sha: group.head_sha, base_ref: 'refs/heads/main' },
    })
    const { data } = await rest().repos.getContent({ ...shop, path: 'queued.txt', ref: group.head_sha })
    expect(data).toMatchObject({ path: 'queued.txt' })
    await queue({ ...which, merge: true })
    expect((await pulls().get(pull)).data).toMatchObject({ merged: true, merge_commit_sha: group.head_sha })
  })
})

describe('issues', () => {
  test('are opened, labelled, closed and talked about', async () => {
    const { data: issue } = await rest('wim').issues.create({ ...shop, title: 'Broken', body: 'b', labels: ['bug'] })
    const which = { ...shop, issue_number: issue.number }
    await event('issues', 'opened').toMatchObject({ issue: { number: issue.number, user: { login: 'wim' } } })
    expect(issue.labels).toMatchObject([{ name: 'bug' }])
    expect((await rest().issues.listForRepo({ ...shop, labels: 'bug' })).data.map(({ number }) => number)).toEqual([
      issue.number,
    ])
    await rest().issues.update({ ...which, state: 'closed' })
    await event('issues', 'closed').toMatchObject({ issue: { state_reason: 'completed' } })
    const { data: comment } = await rest('eve').issues.createComment({ ...which, body: 'Why?' })
    await event('issue_comment', 'created').toMatchObject({ comment: { body: 'Why?', author_association: 'NONE' } })
    const one = { ...shop, comment_id: comment.id }
    expect(await refusal(rest('eve').issues.update({ ...which, title: 'Mine' }))).toMatchObject({ status: 403 })
    await rest('eve').issues.updateComment({ ...one, body: 'Why not?' })
    await event('issue_comment', 'edited').toMatchObject({ changes: { body: { from: 'Why?' } } })
    await rest('ada').reactions.createForIssueComment({ ...one, content: '+1' })
    expect((await rest().issues.getComment(one)).data.reactions).toMatchObject({ total_count: 1, '+1': 1 })
    await rest('ada').issues.deleteComment(one)
    await event('issue_comment', 'deleted').toMatchObject({ comment: { id: comment.id } })
    expect((await rest().issues.listComments(which)).data).toEqual([])
  })
  test('a pull request is one, too', async () => {
    const pull = await open()
    const which = { ...shop, issue_number: pull.pull_number }
    const { data } = await rest().issues.get(which)
    expect(data.pull_request?.url).toContain(`/pulls/${pull.pull_number}`)
    await rest().issues.createComment({ ...which, body: 'Nice' })
    await event('issue_comment', 'created').toMatchObject({ issue: { pull_request: {} } })
    await rest().issues.addLabels({ ...which, labels: ['x'] })
    await event('pull_request', 'labeled').toMatchObject({ label: { name: 'x' } })
  })
})

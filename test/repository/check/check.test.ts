import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkCommit, checkPull, reportTrouble } from '../../../app/repository/check/check.ts'
import { queuedCommits } from '../../../app/repository/missed.ts'
import { type Change, push, tip } from '../../support/github.ts'
import { SAMPLE } from '../../support/repository.ts'
import type { TestShop } from '../../support/shop.ts'
import { checkOn, openRepositories } from './repositories.ts'

const REPOSITORIES = [
  'same',
  'moved',
  'half',
  'closed',
  'queue',
  'trouble',
  'again',
  'drift',
  'foreign',
  'apart',
  'detour',
  'fake',
  'twin',
  'owned',
  'retarget',
  'halves',
] as const
let shop: TestShop
beforeAll(async () => {
  const halves = { 'catalog/assets/book.yaml': apart('draft', 'guide-v1') }
  const owned = { '.github/CODEOWNERS': '* @rob\n' }
  const changes: Record<string, Change> = Object.fromEntries(REPOSITORIES.map((name) => [name, {}]))
  shop = await openRepositories({ ...changes, halves, owned })
}, 60_000)
afterAll(() => shop.close())

const STICKER = 'catalog/products/sticker.yaml'
const stock = (count: number): Change => ({ [STICKER]: (SAMPLE[STICKER] ?? '').replace('stock: 5', `stock: ${count}`) })
const broken = (count: number): Change =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`catalog/products/x-${index}x.yaml`, 'name: X\n']))
const placeOf = (repo: (typeof REPOSITORIES)[number]) => ({ owner: 'heron', repo })
/** A commit on a branch, on top of what `main` has. */
const write = async (repo: (typeof REPOSITORIES)[number], change: Change, branch = 'change') => {
  const bob = shop.github.as('bob')
  return push(bob, placeOf(repo), { branch, change, on: await tip(bob, placeOf(repo)) })
}
const open = async (repo: (typeof REPOSITORIES)[number], change: Change) => {
  const head = await write(repo, change)
  const pull = { ...placeOf(repo), title: 'Change', head: 'change', base: 'main' }
  return { head, number: (await shop.github.as('bob').rest.pulls.create(pull)).data.number }
}
const writes = async () =>
  (await shop.github.requests()).filter(({ method, path }) => method !== 'GET' && path.includes('check-runs')).length

test('the same report on the same commit writes nothing, unless it is asked for', async () => {
  const { head, number } = await open('same', stock(6))
  const check = (force = false) => checkPull(shop.parts, { repository: 'heron/same', number, force })
  await check()
  const before = await writes()
  await check()
  expect(await writes()).toBe(before)
  await check(true)
  const { runs } = await checkOn(shop, placeOf('same'), head)
  expect(runs).toHaveLength(2)
})

test('a base that moves in another corner of the shop says nothing new', async () => {
  const { head, number } = await open('drift', stock(6))
  const check = () => checkPull(shop.parts, { repository: 'heron/drift', number })
  await check()
  await write(
    'drift',
    { 'catalog/products/button.yaml': (SAMPLE['catalog/products/button.yaml'] ?? '').replace('0.30', '0.40') },
    'main',
  )
  await check()
  expect((await checkOn(shop, placeOf('drift'), head)).runs).toHaveLength(1)
})

test('a force-push is checked anew, at its own commit', async () => {
  const { head, number } = await open('moved', broken(1))
  await checkPull(shop.parts, { repository: 'heron/moved', number })
  const fresh = await write('moved', stock(7))
  await checkPull(shop.parts, { repository: 'heron/moved', number })
  expect((await checkOn(shop, placeOf('moved'), head)).run?.conclusion).toBe('failure')
  expect((await checkOn(shop, placeOf('moved'), fresh)).run?.conclusion).toBe('success')
})

test('a check that was broken off half-way is gone on with, not doubled', async () => {
  const { head, number } = await open('half', broken(60))
  const { githubApp } = shop.parts
  let updates = 0
  const dying: typeof githubApp = {
    ...githubApp,
    forRepository: async (...given) => {
      const { octokit, ...entered } = await githubApp.forRepository(...given)
      const update = octokit.rest.checks.update
      const rest = { ...octokit.rest, checks: { ...octokit.rest.checks, update: dies(update) } }
      return { ...entered, octokit: Object.assign(Object.create(octokit), { rest }) }
    },
  }
  const dies = <F>(update: F) =>
    ((...given: never[]) => {
      updates += 1
      if (updates === 3) throw new Error('the machine dies')
      return (update as (...given: never[]) => unknown)(...given)
    }) as F
  const check = (parts = shop.parts) => checkPull(parts, { repository: 'heron/half', number })
  await expect(check({ ...shop.parts, githubApp: dying })).rejects.toThrow('the machine dies')
  expect((await checkOn(shop, placeOf('half'), head)).run?.status).toBe('in_progress')
  await check()
  const { runs, run, annotations } = await checkOn(shop, placeOf('half'), head)
  expect(runs).toHaveLength(1)
  expect(run).toMatchObject({ status: 'completed', conclusion: 'failure' })
  expect(new Set(annotations.map(({ path, message }) => path + message)).size).toBe(annotations.length)
  expect(annotations.length).toBeGreaterThan(150)
})

test('a closed pull request and one that is not there get nothing', async () => {
  const { head, number } = await open('closed', stock(6))
  await shop.github.as('bob').rest.pulls.update({ ...placeOf('closed'), pull_number: number, state: 'closed' })
  await checkPull(shop.parts, { repository: 'heron/closed', number })
  await checkPull(shop.parts, { repository: 'heron/closed', number: 99 })
  expect((await checkOn(shop, placeOf('closed'), head)).runs).toHaveLength(0)
})

const contact = (name: string): Change => ({
  'catalog/shop.yaml': (SAMPLE['catalog/shop.yaml'] ?? '').replace('shop@', `${name}@`),
})
/** A pull request from a branch of its own; `main`, unless it goes elsewhere. */
const openFrom = async (repo: (typeof REPOSITORIES)[number], change: Change, branch: string) => {
  const head = await write(repo, change, branch)
  const pull = { ...placeOf(repo), title: branch, head: branch, base: 'main' }
  return { head, number: (await shop.github.as('bob').rest.pulls.create(pull)).data.number }
}
type Group = { head_sha: string; base_sha: string }
const enqueue = (repo: (typeof REPOSITORIES)[number], number: number) =>
  shop.github.control('merge-queue', { repository: `heron/${repo}`, number }) as Promise<Group>
const conclusionOn = async (repo: (typeof REPOSITORIES)[number], sha: string) =>
  (await checkOn(shop, placeOf(repo), sha)).run?.conclusion
const approve = (repo: (typeof REPOSITORIES)[number], number: number, head: string, by: string) =>
  shop.github.as(by).rest.pulls.createReview({
    ...{ ...placeOf(repo), pull_number: number, commit_id: head, event: 'APPROVE' },
  })

test('a branch that is only called like the merge queue turns nothing green', async () => {
  const { head, number } = await openFrom('fake', contact('thief'), 'change')
  await checkPull(shop.parts, { repository: 'heron/fake', number })
  const bob = shop.github.as('bob')
  const name = `gh-readonly-queue/main/pr-${number}-${await tip(bob, placeOf('fake'))}`
  await bob.rest.git.createRef({ ...placeOf('fake'), ref: `refs/heads/${name}`, sha: head })
  const entered = await shop.parts.githubApp.forRepository('heron/fake', { contents: 'read', metadata: 'read' })
  const jobs = await queuedCommits(entered)
  expect(jobs).toMatchObject([{ work: { kind: 'check-commit', sha: head, branch: 'main' } }])
  await checkCommit(shop.parts, { repository: 'heron/fake', sha: head, branch: 'main' })
  await reportTrouble(shop.parts, { repository: 'heron/fake', sha: head, why: 'x' })
  const { runs, run } = await checkOn(shop, placeOf('fake'), head)
  expect(runs).toHaveLength(1)
  expect(run?.conclusion).toBe('action_required')
})

test('a commit of the merge queue needs the approvals of its pull request, and of those before it', async () => {
  const check = (sha: string) => checkCommit(shop.parts, { repository: 'heron/queue', sha, branch: 'main' })
  const first = await openFrom('queue', contact('new'), 'first')
  const second = await openFrom('queue', stock(6), 'second')
  const third = await openFrom('queue', broken(1), 'third')
  const groups = [
    await enqueue('queue', first.number),
    await enqueue('queue', second.number),
    await enqueue('queue', third.number),
  ]
  const shas = groups.map(({ head_sha: sha }) => sha)
  expect(groups[1]?.base_sha).toBe(shas[0])
  for (const sha of shas) await check(sha)
  expect(await Promise.all(shas.map((sha) => conclusionOn('queue', sha)))).toEqual([
    'action_required',
    'action_required',
    'failure',
  ])
  await approve('queue', first.number, first.head, 'ada')
  for (const sha of shas) await check(sha)
  expect(await Promise.all(shas.map((sha) => conclusionOn('queue', sha)))).toEqual(['success', 'success', 'failure'])
  const { run } = await checkOn(shop, placeOf('queue'), shas[0] ?? '')
  expect(run).toMatchObject({ name: 'Tagsale' })
  expect(run?.output.summary).toContain('approved in the pull requests themselves')
})

test('a commit of the merge queue that is the head of an open pull request gets no check of the queue', async () => {
  const { number } = await openFrom('twin', stock(6), 'change')
  const { head_sha: sha } = await enqueue('twin', number)
  await shop.github.as('bob').rest.git.createRef({ ...placeOf('twin'), ref: 'refs/heads/twin', sha })
  await shop.github.as('bob').rest.pulls.create({ ...placeOf('twin'), title: 'Twin', head: 'twin', base: 'main' })
  await checkCommit(shop.parts, { repository: 'heron/twin', sha })
  expect((await checkOn(shop, placeOf('twin'), sha)).runs).toHaveLength(0)
})

test('our own trouble is told in the check, and gives way to a result', async () => {
  const { head, number } = await open('trouble', stock(6))
  const why = 'GitHub gave no answer <b>@all</b>'
  await reportTrouble(shop.parts, { repository: 'heron/trouble', number, why })
  const { run } = await checkOn(shop, placeOf('trouble'), head)
  expect(run).toMatchObject({ conclusion: 'failure', output: { title: 'Tagsale could not check this' } })
  expect(run?.output.summary).not.toMatch(/@all|<b>/)
  await checkPull(shop.parts, { repository: 'heron/trouble', number })
  expect((await checkOn(shop, placeOf('trouble'), head)).run?.conclusion).toBe('success')
})

test('an approval that comes later turns the check, and one that is taken back turns it again', async () => {
  const { head, number } = await open('again', {
    'catalog/shop.yaml': (SAMPLE['catalog/shop.yaml'] ?? '').replace('shop@', 'new@'),
  })
  const check = async () => {
    await checkPull(shop.parts, { repository: 'heron/again', number })
    return (await checkOn(shop, placeOf('again'), head)).run?.conclusion
  }
  expect(await check()).toBe('action_required')
  const review = { ...placeOf('again'), pull_number: number, commit_id: head }
  const { data } = await shop.github.as('ada').rest.pulls.createReview({ ...review, event: 'APPROVE' })
  expect(await check()).toBe('success')
  const dismissal = { ...placeOf('again'), pull_number: number, review_id: data.id, message: 'Not yet' }
  await shop.github.as('ada').rest.pulls.dismissReview(dismissal)
  expect(await check()).toBe('action_required')
})

test('nothing of a pull request is laid out but what the catalog is made of', async () => {
  const { number } = await open('foreign', {
    ...stock(6),
    'catalog/products/.hidden.yaml': 'x',
    'catalog/run.sh': '#!/bin/sh',
    'catalog/images/huge.bin': 'x'.repeat(1000),
  })
  await checkPull(shop.parts, { repository: 'heron/foreign', number })
  const files = readdirSync(join(shop.parts.config.DATA_FOLDER, 'catalogs'), { recursive: true }).map(String)
  expect(files.filter((file) => /run\.sh|hidden/.test(file))).toEqual([])
  expect(files.some((file) => file.endsWith('huge.bin'))).toBe(true)
})

test('a branch that has nothing in common with its base is compared all the same', async () => {
  const bob = shop.github.as('bob')
  const main = await tip(bob, placeOf('apart'))
  const head = await push(bob, placeOf('apart'), { branch: 'apart', on: main, parents: [], change: stock(6) })
  const pull = { ...placeOf('apart'), title: 'Apart', head: 'apart', base: 'main' }
  const { number } = await bob.rest.pulls.create(pull).then(({ data }) => data)
  await checkPull(shop.parts, { repository: 'heron/apart', number })
  expect((await checkOn(shop, placeOf('apart'), head)).run?.output.title).toBe('1 product changed')
})

test('a commit that needs an approval for the default branch is not green by way of another branch', async () => {
  const dev = await write('detour', contact('mine'), 'dev')
  const bob = shop.github.as('bob')
  const head = await push(bob, placeOf('detour'), { branch: 'change', on: dev, change: stock(6) })
  const open = async (base: string) => {
    const pull = { ...placeOf('detour'), title: 'Detour', head: 'change', base }
    return (await bob.rest.pulls.create(pull)).data.number
  }
  const number = await open('dev')
  const check = async () => {
    await checkPull(shop.parts, { repository: 'heron/detour', number })
    return (await checkOn(shop, placeOf('detour'), head)).run
  }
  const asks = { conclusion: 'action_required', output: { title: "An admin's approval is needed" } }
  expect(await check()).toMatchObject(asks)
  await approve('detour', number, head, 'ada')
  expect(await check()).toMatchObject(asks) // there it was only about the stock
  await approve('detour', await open('main'), head, 'ada')
  expect(await check()).toMatchObject({ conclusion: 'success', output: { title: '1 product changed' } })
})

const ASSET = 'catalog/assets/guide-pdf.yaml'
const asset = (review: string, tag = 'guide-v1') =>
  (SAMPLE[ASSET] ?? '')
    .replace('review: approved', `review: ${review}`)
    .replace(/sha256: "\w+"/, (sample) => (tag === 'guide-v1' ? sample : `sha256: "${sha256(tag)}"`))
    .replace('guide-v1', tag)
/** What the releases beside the sample's hold. */
const sha256 = (tag: string) => createHash('sha256').update(tag).digest('hex')

test('who owns another branch approves nothing for this one', async () => {
  const bob = shop.github.as('bob')
  const head = await write('owned', { 'catalog/assets/book.yaml': asset('approved') }, 'change')
  const pull = { ...placeOf('owned'), title: 'Mine', head: 'change' }
  const { data: here } = await bob.rest.pulls.create({ ...pull, base: 'main' })
  await write('owned', { '.github/CODEOWNERS': '* @bob\n' }, 'mine')
  const { data: there } = await bob.rest.pulls.create({ ...pull, base: 'mine' })
  const body = `/tagsale approve ${head}`
  await bob.rest.issues.createComment({ ...placeOf('owned'), issue_number: there.number, body })
  for (const { number } of [here, there]) {
    await checkPull(shop.parts, { repository: 'heron/owned', number })
    expect(await conclusionOn('owned', head)).toBe('action_required')
  }
  await approve('owned', here.number, head, 'rob')
  for (const { number } of [here, there]) {
    await checkPull(shop.parts, { repository: 'heron/owned', number })
    expect(await conclusionOn('owned', head)).toBe('success')
  }
})

test('an approval says nothing of the branch that a pull request is moved to later', async () => {
  const bob = shop.github.as('bob')
  await write('retarget', contact('new'), 'mine')
  const head = await write('retarget', { ...contact('new'), ...stock(6) }, 'change')
  const pull = { ...placeOf('retarget'), title: 'Moved', head: 'change', base: 'mine' }
  const { number } = (await bob.rest.pulls.create(pull)).data
  await approve('retarget', number, head, 'ada')
  shop.clock.aheadSeconds += 2
  await bob.rest.pulls.update({ ...placeOf('retarget'), pull_number: number, base: 'main' })
  await checkPull(shop.parts, { repository: 'heron/retarget', number })
  expect(await conclusionOn('retarget', head)).toBe('action_required')
  shop.clock.aheadSeconds += 2
  await approve('retarget', number, head, 'ada')
  await checkPull(shop.parts, { repository: 'heron/retarget', number })
  expect(await conclusionOn('retarget', head)).toBe('success')
})

/** An asset whose review and tag lie far enough apart for git to merge them. */
const apart = (review: string, tag: string) =>
  `review: ${review}\n# 1\n# 2\n# 3\n${asset('x', tag).replace('review: x\n', '')}`

test('two harmless halves make no approval that nobody gave', async () => {
  const path = 'catalog/assets/book.yaml'
  const approves = await openFrom('halves', { [path]: apart('approved', 'guide-v1') }, 'approves')
  const moves = await openFrom('halves', { [path]: apart('draft', 'guide-v2') }, 'moves')
  await checkPull(shop.parts, { repository: 'heron/halves', number: moves.number })
  expect(await conclusionOn('halves', moves.head)).toBe('success')
  await approve('halves', approves.number, approves.head, 'rob')
  await shop.github.as('ada').rest.pulls.merge({ ...placeOf('halves'), pull_number: approves.number })
  const merge = async (githubApp = shop.parts.githubApp) => {
    const end = await checkPull({ ...shop.parts, githubApp }, { repository: 'heron/halves', number: moves.number })
    return { ...end, conclusion: await conclusionOn('halves', moves.head) }
  }
  const retry = { end: 'retry', conclusion: 'failure' }
  expect(await merge(pullIs({ mergeable: null, merge_commit_sha: null }))).toMatchObject(retry)
  expect(await merge(pullIs({ merge_commit_sha: moves.head }))).toMatchObject(retry)
  expect(await merge(pullIs({ mergeable: false, merge_commit_sha: null }))).toMatchObject({ ...retry, end: 'done' })
  expect(await merge()).toMatchObject({ end: 'done', conclusion: 'action_required' })
})

/** GitHub merges some time after it was asked. */
const pullIs = (said: object): typeof shop.parts.githubApp => ({
  ...shop.parts.githubApp,
  forRepository: async (...given) => {
    const { octokit, ...entered } = await shop.parts.githubApp.forRepository(...given)
    const get = async (asked: never) => {
      const { data, ...answer } = await octokit.rest.pulls.get(asked)
      return { ...answer, data: { ...data, ...said } }
    }
    const rest = { ...octokit.rest, pulls: { ...octokit.rest.pulls, get } }
    return { ...entered, octokit: Object.assign(Object.create(octokit), { rest }) }
  },
})

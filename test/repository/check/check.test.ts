import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkCommit, checkPull, reportTrouble } from '../../../app/repository/check/check.ts'
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
] as const
let shop: TestShop
beforeAll(async () => {
  shop = await openRepositories(Object.fromEntries(REPOSITORIES.map((name) => [name, {}])))
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

test('a merge queue asks for a commit, and for no approval again', async () => {
  const base = await tip(shop.github.as('bob'), placeOf('queue'))
  const settings = (SAMPLE['catalog/shop.yaml'] ?? '').replace('shop@', 'new@')
  const good = await write('queue', { 'catalog/shop.yaml': settings }, 'gh-readonly-queue/main/pr-1')
  const bad = await write('queue', broken(1), 'gh-readonly-queue/main/pr-2')
  for (const sha of [good, bad]) await checkCommit(shop.parts, { repository: 'heron/queue', sha, base })
  const { run } = await checkOn(shop, placeOf('queue'), good)
  expect(run).toMatchObject({ conclusion: 'success', name: 'Tagsale' })
  expect(run?.output.summary).toContain('before they came into the merge queue')
  expect((await checkOn(shop, placeOf('queue'), bad)).run?.conclusion).toBe('failure')
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
  const settings = { 'catalog/shop.yaml': (SAMPLE['catalog/shop.yaml'] ?? '').replace('shop@', 'mine@') }
  const dev = await write('detour', settings, 'dev')
  const bob = shop.github.as('bob')
  const head = await push(bob, placeOf('detour'), { branch: 'change', on: dev, change: stock(6) })
  const pull = { ...placeOf('detour'), title: 'Detour', head: 'change', base: 'dev' }
  const { number } = await bob.rest.pulls.create(pull).then(({ data }) => data)
  const check = async () => {
    await checkPull(shop.parts, { repository: 'heron/detour', number })
    return (await checkOn(shop, placeOf('detour'), head)).run
  }
  expect(await check()).toMatchObject({
    conclusion: 'action_required',
    output: { title: "An admin's approval is needed" },
  })
  await shop.github.as('ada').rest.pulls.createReview({
    ...{ ...placeOf('detour'), pull_number: number, commit_id: head, event: 'APPROVE' },
  })
  expect(await check()).toMatchObject({ conclusion: 'success', output: { title: '1 product changed' } })
})

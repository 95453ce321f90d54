import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkCommit, checkPull, reportTrouble } from '../../../app/repository/check/check.ts'
import { type Change, checkOn, commit, SAMPLE, startWorld, tip, type World } from './repositories.ts'

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
let world: World
beforeAll(async () => {
  world = await startWorld(Object.fromEntries(REPOSITORIES.map((name) => [name, {}])))
}, 60_000)
afterAll(() => world.close())

const STICKER = 'catalog/products/sticker.yaml'
const stock = (count: number): Change => ({ [STICKER]: (SAMPLE[STICKER] ?? '').replace('stock: 5', `stock: ${count}`) })
const broken = (count: number): Change =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`catalog/products/x-${index}x.yaml`, 'name: X\n']))
const placeOf = (repo: (typeof REPOSITORIES)[number]) => ({ owner: 'heron', repo })
const push = async (repo: (typeof REPOSITORIES)[number], change: Change, branch = 'change') => {
  const main = await tip(world.as('mia'), placeOf(repo))
  return commit(world.as('mia'), placeOf(repo), { branch, parents: [main], tree: main, change })
}
const open = async (repo: (typeof REPOSITORIES)[number], change: Change) => {
  const head = await push(repo, change)
  const pull = { ...placeOf(repo), title: 'Change', head: 'change', base: 'main' }
  return { head, number: (await world.as('mia').rest.pulls.create(pull)).data.number }
}
const writes = async () => {
  const requests = (await (await fetch(`${world.github.url}/_test/requests`)).json()) as {
    method: string
    path: string
  }[]
  return requests.filter(({ method, path }) => method !== 'GET' && path.includes('check-runs')).length
}

test('the same report on the same commit writes nothing, unless it is asked for', async () => {
  const { head, number } = await open('same', stock(6))
  const look = (force = false) => checkPull(world.parts, { repository: 'heron/same', number, force })
  await look()
  const before = await writes()
  await look()
  expect(await writes()).toBe(before)
  await look(true)
  const { runs } = await checkOn(world, placeOf('same'), head)
  expect(runs).toHaveLength(2)
})

test('a base that moves in another corner of the shop says nothing new', async () => {
  const { head, number } = await open('drift', stock(6))
  const look = () => checkPull(world.parts, { repository: 'heron/drift', number })
  await look()
  await push(
    'drift',
    { 'catalog/products/button.yaml': (SAMPLE['catalog/products/button.yaml'] ?? '').replace('0.30', '0.40') },
    'main',
  )
  await look()
  expect((await checkOn(world, placeOf('drift'), head)).runs).toHaveLength(1)
})

test('a force-push is checked anew, at its own commit', async () => {
  const { head, number } = await open('moved', broken(1))
  await checkPull(world.parts, { repository: 'heron/moved', number })
  const fresh = await push('moved', stock(7))
  await checkPull(world.parts, { repository: 'heron/moved', number })
  expect((await checkOn(world, placeOf('moved'), head)).run?.conclusion).toBe('failure')
  expect((await checkOn(world, placeOf('moved'), fresh)).run?.conclusion).toBe('success')
})

test('a check that was broken off half-way is gone on with, not doubled', async () => {
  const { head, number } = await open('half', broken(60))
  const { githubApp } = world.parts
  let updates = 0
  const dying: typeof githubApp = {
    ...githubApp,
    forRepository: async (...given) => {
      const octokit = await githubApp.forRepository(...given)
      const update = octokit.rest.checks.update
      const rest = { ...octokit.rest, checks: { ...octokit.rest.checks, update: dies(update) } }
      return Object.assign(Object.create(octokit), { rest })
    },
  }
  const dies = <F>(update: F) =>
    ((...given: never[]) => {
      updates += 1
      if (updates === 3) throw new Error('the machine dies')
      return (update as (...given: never[]) => unknown)(...given)
    }) as F
  const look = (parts = world.parts) => checkPull(parts, { repository: 'heron/half', number })
  await expect(look({ ...world.parts, githubApp: dying })).rejects.toThrow('the machine dies')
  expect((await checkOn(world, placeOf('half'), head)).run?.status).toBe('in_progress')
  await look()
  const { runs, run, annotations } = await checkOn(world, placeOf('half'), head)
  expect(runs).toHaveLength(1)
  expect(run).toMatchObject({ status: 'completed', conclusion: 'failure' })
  expect(new Set(annotations.map(({ path, message }) => path + message)).size).toBe(annotations.length)
  expect(annotations.length).toBeGreaterThan(150)
})

test('a closed pull request and one that is not there get nothing', async () => {
  const { head, number } = await open('closed', stock(6))
  await world.as('mia').rest.pulls.update({ ...placeOf('closed'), pull_number: number, state: 'closed' })
  await checkPull(world.parts, { repository: 'heron/closed', number })
  await checkPull(world.parts, { repository: 'heron/closed', number: 99 })
  expect((await checkOn(world, placeOf('closed'), head)).runs).toHaveLength(0)
})

test('a merge queue asks for a commit, and for no approval again', async () => {
  const base = await tip(world.as('mia'), placeOf('queue'))
  const shop = (SAMPLE['catalog/shop.yaml'] ?? '').replace('shop@', 'new@')
  const good = await push('queue', { 'catalog/shop.yaml': shop }, 'gh-readonly-queue/main/pr-1')
  const bad = await push('queue', broken(1), 'gh-readonly-queue/main/pr-2')
  for (const sha of [good, bad]) await checkCommit(world.parts, { repository: 'heron/queue', sha, base })
  const { run } = await checkOn(world, placeOf('queue'), good)
  expect(run).toMatchObject({ conclusion: 'success', name: 'Tagsale' })
  expect(run?.output.summary).toContain('before they came into the merge queue')
  expect((await checkOn(world, placeOf('queue'), bad)).run?.conclusion).toBe('failure')
})

test('our own trouble is told in the check, and gives way to a result', async () => {
  const { head, number } = await open('trouble', stock(6))
  const why = 'GitHub gave no answer <b>@all</b>'
  await reportTrouble(world.parts, { repository: 'heron/trouble', number, why })
  const { run } = await checkOn(world, placeOf('trouble'), head)
  expect(run).toMatchObject({ conclusion: 'failure', output: { title: 'Tagsale could not check this' } })
  expect(run?.output.summary).not.toMatch(/@all|<b>/)
  await checkPull(world.parts, { repository: 'heron/trouble', number })
  expect((await checkOn(world, placeOf('trouble'), head)).run?.conclusion).toBe('success')
})

test('an approval that comes later turns the check, and one that is taken back turns it again', async () => {
  const { head, number } = await open('again', {
    'catalog/shop.yaml': (SAMPLE['catalog/shop.yaml'] ?? '').replace('shop@', 'new@'),
  })
  const look = async () => {
    await checkPull(world.parts, { repository: 'heron/again', number })
    return (await checkOn(world, placeOf('again'), head)).run?.conclusion
  }
  expect(await look()).toBe('action_required')
  const review = { ...placeOf('again'), pull_number: number, commit_id: head }
  const { data } = await world.as('ada').rest.pulls.createReview({ ...review, event: 'APPROVE' })
  expect(await look()).toBe('success')
  const dismissal = { ...placeOf('again'), pull_number: number, review_id: data.id, message: 'Not yet' }
  await world.as('ada').rest.pulls.dismissReview(dismissal)
  expect(await look()).toBe('action_required')
})

test('nothing of a pull request is laid out but what the catalog is made of', async () => {
  const { number } = await open('foreign', {
    ...stock(6),
    'catalog/products/.hidden.yaml': 'x',
    'catalog/run.sh': '#!/bin/sh',
    'catalog/images/huge.bin': 'x'.repeat(1000),
  })
  await checkPull(world.parts, { repository: 'heron/foreign', number })
  const files = readdirSync(join(world.folder, 'catalogs'), { recursive: true }).map(String)
  expect(files.filter((file) => /run\.sh|hidden/.test(file))).toEqual([])
  expect(files.some((file) => file.endsWith('huge.bin'))).toBe(true)
})

test('a branch that has nothing in common with its base is compared all the same', async () => {
  const mia = world.as('mia')
  const main = await tip(mia, placeOf('apart'))
  const head = await commit(mia, placeOf('apart'), { branch: 'apart', parents: [], tree: main, change: stock(6) })
  const pull = { ...placeOf('apart'), title: 'Apart', head: 'apart', base: 'main' }
  const { number } = await mia.rest.pulls.create(pull).then(({ data }) => data)
  await checkPull(world.parts, { repository: 'heron/apart', number })
  expect((await checkOn(world, placeOf('apart'), head)).run?.output.title).toBe('1 product changed')
})

test('a commit that needs an approval for the default branch is not green by way of another branch', async () => {
  const shop = { 'catalog/shop.yaml': (SAMPLE['catalog/shop.yaml'] ?? '').replace('shop@', 'mine@') }
  const dev = await push('detour', shop, 'dev')
  const mia = world.as('mia')
  const head = await commit(mia, placeOf('detour'), {
    ...{ branch: 'change', parents: [dev], tree: dev },
    change: { 'catalog/products/sticker.yaml': (SAMPLE[STICKER] ?? '').replace('stock: 5', 'stock: 6') },
  })
  const pull = { ...placeOf('detour'), title: 'Detour', head: 'change', base: 'dev' }
  const { number } = await mia.rest.pulls.create(pull).then(({ data }) => data)
  const look = async () => {
    await checkPull(world.parts, { repository: 'heron/detour', number })
    return (await checkOn(world, placeOf('detour'), head)).run
  }
  expect(await look()).toMatchObject({
    conclusion: 'action_required',
    output: { title: "An admin's approval is needed" },
  })
  await world.as('ada').rest.pulls.createReview({
    ...{ ...placeOf('detour'), pull_number: number, commit_id: head, event: 'APPROVE' },
  })
  expect(await look()).toMatchObject({ conclusion: 'success', output: { title: '1 product changed' } })
})

import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { NoAccessError } from '../../app/github/client.ts'
import { BuildError } from '../../app/live/build-storefront.ts'
import { refreshShop } from '../../app/repository/refresh.ts'
import { repositorySource } from '../../app/repository/repository-source.ts'
import { openStoreReader } from '../../app/store/open.ts'
import { sql } from '../../app/store/sql.ts'
import { openFollowingShop, pushTo, quiet, SAMPLE } from '../support/repository.ts'
import { SHOP_REPOSITORY, type TestShop } from '../support/shop.ts'

// Between a push and the live shop, everything can go wrong at every step: nothing is lost, nothing is doubled, and the shop
// is never half of one catalog and half of another.

const PDF = 'catalog/assets/guide-pdf.yaml'
const LEASE_SECONDS = 121
const PRODUCT = 'catalog/products/button.yaml'

let shop: TestShop
afterEach(() => shop.close())

const text = (path: string) => SAMPLE[path] ?? ''
/** Each release holds its own tag. */
const releaseOf = async (tag: string) => {
  const sha256 = createHash('sha256').update(tag).digest('hex')
  return text(PDF)
    .replace('guide-v1', tag)
    .replace(/"\w{64}"/, `"${sha256}"`)
}
const factsOf = async (type: string) => (await shop.store.shopEvents()).filter((fact) => fact.type === type)
const publish = (tag: string) =>
  shop.github.control('releases', { repository: 'heron/goods', tag, file: 'heron-guide.pdf', base64: btoa(tag) })
const issues = async () =>
  (await shop.github.as('ada').rest.issues.listForRepo({ ...SHOP_REPOSITORY, state: 'all' })).data
const push = (edit: Record<string, string | null>) => pushTo(shop, { by: 'ada', branch: 'main', edit })

/** A storefront whose building a test can hold up, or fail. */
function holdableBuild() {
  const builds = { count: 0, held: Promise.resolve(), before: async () => {} }
  const build = async () => {
    builds.count += 1
    await builds.before()
    await builds.held
    return ''
  }
  return { builds, build }
}
function gate() {
  let open = () => {}
  const held = new Promise<void>((done) => (open = done))
  return { held, open }
}
async function minutes(count: number) {
  for (let minute = 0; minute < count; minute += 1) {
    shop.clock.aheadSeconds += 60
    await quiet(shop)
  }
}

test('of two pushes while the storefront builds, the second is live in the end, though a build outlasts its lease', async () => {
  const { builds, build } = holdableBuild()
  shop = await openFollowingShop(undefined, { build })
  await publish('guide-v2')
  await quiet(shop)
  const { held, open } = gate()
  builds.held = held
  const first = await push({ [PDF]: await releaseOf('guide-v2') })
  await shop.github.settled()
  const working = shop.work()
  await expect.poll(() => builds.count).toBe(2)
  shop.clock.aheadSeconds += LEASE_SECONDS
  const again = shop.work()
  const second = await push({ [PRODUCT]: null })
  await shop.github.settled()
  open()
  await Promise.all([working, again])
  await quiet(shop)
  const updates = (await factsOf('shop.updated')).map((fact) => 'commit' in fact && fact.commit)
  expect(updates.slice(1)).toEqual([first, second])
  expect((await shop.store.shop()).live?.commit).toBe(second)
  expect(shop.parts.shop.catalog().products.has('button')).toBe(false)
  expect(await factsOf('asset.released')).toHaveLength(1)
})

test('GitHub may go away while the storefront builds: the release is recorded, once, and the issue closes', async () => {
  const { builds, build } = holdableBuild()
  shop = await openFollowingShop(undefined, { build })
  await publish('guide-v2')
  await push({ [PRODUCT]: 'price: twelve\n' })
  await quiet(shop)
  expect((await issues()).map(({ state }) => state)).toEqual(['open'])
  builds.before = async () => void (await shop.github.control('faults', { down: true }))
  const commit = await push({ [PRODUCT]: text(PRODUCT), [PDF]: await releaseOf('guide-v2') })
  await quiet(shop)
  expect((await shop.store.shop()).live?.commit).toBe(commit)
  expect(await factsOf('asset.released')).toMatchObject([{ asset: 'guide-pdf', to: { tag: 'guide-v2' } }])
  builds.before = async () => {}
  await shop.github.control('faults', {})
  await minutes(10)
  expect((await issues()).map(({ state }) => state)).toEqual(['closed'])
  expect(await factsOf('asset.released')).toHaveLength(1)
})

test('a build that fails is tried again, and the release that came with it is not lost', async () => {
  const { builds, build } = holdableBuild()
  shop = await openFollowingShop(undefined, { build })
  await publish('guide-v2')
  builds.before = () => Promise.reject(new Error('no room on the disk'))
  await push({ [PDF]: await releaseOf('guide-v2') })
  await quiet(shop)
  const before = builds.count
  await minutes(30)
  expect(builds.count - before).toBeLessThan(25) // soon, then every five minutes, however often the sweep sees it
  expect(shop.parts.shop.catalog().assets.get('guide-pdf')?.release.tag).toBe('guide-v1')
  builds.before = async () => {}
  await minutes(6)
  expect(shop.parts.shop.catalog().assets.get('guide-pdf')?.release.tag).toBe('guide-v2')
  expect(await factsOf('asset.released')).toHaveLength(1)
})

test('a build that says no is a refused commit, told once, and taken when it is well again', async () => {
  const { builds, build } = holdableBuild()
  shop = await openFollowingShop(undefined, { build })
  builds.before = () => Promise.reject(new BuildError('Could not process image'))
  const commit = await push({ [PRODUCT]: text(PRODUCT).replace('stock: 1', 'stock: 2') })
  await quiet(shop)
  await minutes(20)
  expect((await shop.store.shop()).refused).toMatchObject({ commit, again: true })
  const [issue, ...others] = await issues()
  expect([others.length, issue?.state, issue?.body]).toEqual([0, 'open', expect.stringContaining('could not be built')])
  expect(builds.count).toBeLessThan(8)
  builds.before = async () => {}
  await minutes(16)
  expect((await shop.store.shop()).live?.commit).toBe(commit)
  expect((await issues()).map(({ state }) => state)).toEqual(['closed'])
})

test('a picture that can not be drawn is named, and the next commit goes live', async () => {
  const { builds, build } = holdableBuild()
  shop = await openFollowingShop(undefined, { build })
  builds.before = () => Promise.reject(new BuildError('Could not process image'))
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><g><path d="M0 0h4v3z"/></svg>'
  const broken = await push({ 'catalog/images/any.svg': svg })
  await quiet(shop)
  expect((await shop.store.shop()).refused).toEqual({ commit: broken, problems: 1, at: expect.any(String) })
  expect((await issues()).map(({ body }) => body)).toEqual([expect.stringContaining('images/any.svg')])
  builds.before = async () => {}
  const commit = await push({ 'catalog/images/any.svg': text('catalog/images/any.svg') })
  await quiet(shop)
  expect((await shop.store.shop()).live?.commit).toBe(commit)
})

test('what was chosen or closed while the storefront builds is not undone when it is built', async () => {
  const { builds, build } = holdableBuild()
  shop = await openFollowingShop(undefined, { build })
  const { held, open } = gate()
  builds.held = held
  await push({ [PRODUCT]: null })
  await shop.github.settled()
  const working = shop.work()
  await expect.poll(() => builds.count).toBe(2)
  const at = new Date().toISOString()
  const closed = { type: 'shop.closed', repository: 'heron/shop', at, reason: 'not-installed' } as const
  await shop.store.transact({ shop: true }, () => ({ shop: [closed] }))
  await expect.poll(() => shop.parts.shop.isOpen()).toBe(false) // though the build is not over
  const chosen = { type: 'shop.chosen', repository: 'heron/other', at } as const
  await shop.store.transact({ shop: true }, () => ({ shop: [chosen] }))
  const facts = await factsOf('shop.updated')
  open()
  builds.held = Promise.resolve()
  await shop.github.control('faults', { down: true }) // so that nothing else is found out meanwhile
  await working
  expect(await factsOf('shop.updated')).toEqual(facts)
  expect(await shop.store.shop()).toMatchObject({ repository: 'heron/other' })
  await shop.github.control('faults', {})
})

test('a release that is taken back by force, and comes again, is told once', async () => {
  shop = await openFollowingShop()
  await publish('guide-v2')
  const octokit = shop.github.as('ada')
  const { data: old } = await octokit.rest.git.getRef({ ...SHOP_REPOSITORY, ref: 'heads/main' })
  const next = await push({ [PDF]: await releaseOf('guide-v2') })
  await quiet(shop)
  for (const sha of [old.object.sha, next]) {
    await octokit.rest.git.updateRef({ ...SHOP_REPOSITORY, ref: 'heads/main', sha, force: true })
    await quiet(shop)
    expect((await shop.store.shop()).live?.commit).toBe(sha)
  }
  expect(await factsOf('asset.released')).toHaveLength(1)
})

test('beside a broken commit, the last good catalog opens again after a suspension, and after the disk was lost', async () => {
  shop = await openFollowingShop()
  const { live } = await shop.store.shop()
  await push({ [PRODUCT]: 'price: twelve\n' })
  await quiet(shop)
  await shop.github.control('installations', { owner: 'heron', action: 'suspend' })
  await quiet(shop)
  expect(shop.parts.shop.isOpen()).toBe(false)
  await shop.github.control('installations', { owner: 'heron', action: 'unsuspend' })
  await quiet(shop)
  expect(shop.parts.shop.isOpen()).toBe(true)
  expect(await shop.store.shop()).toMatchObject({ live: { commit: live?.commit }, refused: { problems: 6 } })
  await rm(join(shop.parts.config.DATA_FOLDER, 'catalogs'), { recursive: true })
  await shop.restart()
  await quiet(shop)
  expect(shop.parts.shop.isOpen()).toBe(true)
  expect(shop.parts.shop.catalog().products.has('guide')).toBe(true)
  expect((await issues()).map(({ state }) => state)).toEqual(['open'])
})

test('what GitHub denies for a moment, and lists all the while, closes no shop', async () => {
  shop = await openFollowingShop()
  const denied = { ...shop.parts.githubApp, forRepository: () => Promise.reject(new NoAccessError('heron/shop', {})) }
  const source = repositorySource({ ...shop.parts, githubApp: denied })
  await expect(refreshShop({ ...shop.parts, source })).rejects.toThrow('GitHub lists heron/shop')
  expect(shop.parts.shop.isOpen()).toBe(true)
  expect(await factsOf('shop.closed')).toEqual([])
})

test('the catalog removed, the shop closes; brought back without a word from GitHub, it opens within minutes', async () => {
  shop = await openFollowingShop()
  const files = Object.keys(SAMPLE)
  await push(Object.fromEntries(files.map((path) => [path, null])))
  await quiet(shop)
  expect((await shop.store.shop()).closed).toMatchObject({ reason: 'no-catalog' })
  await shop.github.control('faults', { lose: ['push'] })
  const octokit = shop.github.as('ada')
  const { data: head } = await octokit.rest.repos.getCommit({ ...SHOP_REPOSITORY, ref: 'main' })
  const sha = head.parents[0]?.sha ?? ''
  await octokit.rest.git.updateRef({ ...SHOP_REPOSITORY, ref: 'heads/main', sha, force: true })
  await minutes(3)
  expect(shop.parts.shop.isOpen()).toBe(true)
  expect((await octokit.rest.pulls.list({ ...SHOP_REPOSITORY, state: 'all' })).data).toHaveLength(1)
})

test('an idle hour, open or closed, leaves the store nearly as it was, and the sweep goes on', async () => {
  shop = await openFollowingShop()
  await minutes(20)
  const grownBy = async () => {
    const before = await rowsOf(shop)
    await minutes(60)
    return (await rowsOf(shop)) - before
  }
  expect(await grownBy()).toBeLessThan(8)
  await shop.github.control('installations', { owner: 'heron', action: 'delete' })
  await quiet(shop)
  expect(await grownBy()).toBeLessThan(16)
  expect(await shop.store.job('sweep-github')).toBeDefined()
})

async function rowsOf({ parts }: TestShop): Promise<number> {
  const reader = await openStoreReader(parts.config)
  const [row] = await reader.ask(sql`
    select (select count(*) from facts) + (select count(*) from deliveries) + (select count(*) from jobs) as rows`)
  await reader.close()
  return row?.['rows'] as number
}

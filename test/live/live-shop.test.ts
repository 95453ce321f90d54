import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createApp, openParts } from '../../app/app.ts'
import { startFollowing } from '../../app/live/live-shop.ts'
import type { Parts } from '../../app/parts.ts'
import { refreshShop } from '../../app/repository/refresh.ts'
import { openStore } from '../../app/store/open.ts'
import { smallStorefront } from '../http/open-api.ts'
import { openFollowingShop, pushTo, quiet, SAMPLE } from '../support/repository.ts'
import { eventually } from '../support/sandbox.ts'
import { type Engine, SHOP_REPOSITORY, type TestShop } from '../support/shop.ts'

// What is live stands in the store. Processes and disks come and go; each shows what the store says.

const GUIDE = 'catalog/products/guide.yaml'
const SECONDS_MAX = 2

let shop: TestShop
let folders: string[] = []
let site: Awaited<ReturnType<typeof smallStorefront>>
const built: string[] = []
const build = async (catalogFolder: string) => {
  built.push(catalogFolder)
  return site.folder
}
async function open(engine?: Engine): Promise<void> {
  site = await smallStorefront()
  built.length = 0
  shop = await openFollowingShop(undefined, { build, ...(engine && { engine }) })
}
afterEach(async () => {
  await shop.close()
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
  folders = []
  await site[Symbol.asyncDispose]()
})

/** Another process over the same store, with an empty disk of its own, and connections of its own where the store has them. */
async function startAnother(itsBuild = build): Promise<{
  parts: Parts
  request: (path: string, init?: object) => Promise<Response>
  stop: () => Promise<void>
}> {
  const DATA_FOLDER = await mkdtemp(join(tmpdir(), 'tagsale-another-'))
  folders.push(DATA_FOLDER)
  const { config, log } = shop.parts
  const ownStore = config.DATABASE_URL ? await openStore(config, { log, onFailure: () => {} }) : undefined
  const store = ownStore ?? shop.store
  const { parts, close } = await openParts({ ...config, DATA_FOLDER }, { store, log, build: itsBuild })
  const following = await startFollowing(parts)
  const app = createApp(parts)
  return {
    parts,
    request: async (path, init) => app.fetch(new Request(`${shop.url}${path}`, init)),
    async stop() {
      following.stop()
      close()
      await ownStore?.close()
    },
  }
}
const setPrice = async (price: string) => {
  const text = SAMPLE[GUIDE] ?? ''
  return pushTo(shop, { by: 'ada', branch: 'main', edit: { [GUIDE]: text.replaceAll('"19.00"', `"${price}"`) } })
}
const guideOf = (parts: Parts): string => JSON.stringify(parts.shop.catalog().products.get('guide'))
async function chargedBy(request: (path: string, init?: object) => Promise<Response>): Promise<number | undefined> {
  const answer = await request('/api/v1/checkouts', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ lines: [{ price: 'guide/pdf', quantity: 1 }], currency: 'eur' }),
  })
  const { order } = (await answer.json()) as { order: `ord_${string}` }
  return (await shop.store.order(order))?.lines[0]?.unitAmount
}

describe.each(['sqlite', 'postgres'] as const)('two processes, with orders in %s', (engine) => {
  beforeEach(() => open(engine))
  test('a second process over the store, on a disk of its own, shows and charges the same prices within two seconds of a merge', async () => {
    const another = await startAnother()
    expect(another.parts.shop.isOpen()).toBe(true)
    expect(another.parts.shop.tree()).toBe(shop.parts.shop.tree())
    expect(await chargedBy(another.request)).toBe(1900)
    const commit = await setPrice('18.50')
    const merged = performance.now()
    await quiet(shop)
    const view = async () => (await (await another.request('/api/v1/shop')).json()) as { live: { commit: string } }
    await eventually(view, ({ live }) => live.commit === commit)
    await eventually(
      async () => another.parts.shop.tree(),
      (tree) => tree === shop.parts.shop.tree(),
    )
    expect(await chargedBy(another.request)).toBe(1850)
    expect(guideOf(another.parts)).toContain('1850')
    expect(guideOf(another.parts)).toBe(guideOf(shop.parts))
    expect((performance.now() - merged) / 1000).toBeLessThan(SECONDS_MAX)
    await another.stop()
  })

  test('closed by one process, the shop is closed in the other, and opens there again', async () => {
    const another = await startAnother()
    await shop.github.control('installations', { owner: 'heron', action: 'suspend' })
    await quiet(shop)
    await eventually(
      async () => another.parts.shop.isOpen(),
      (isOpen) => !isOpen,
    )
    expect((await another.request('/')).status).toBe(503)
    await shop.github.control('installations', { owner: 'heron', action: 'unsuspend' })
    await quiet(shop)
    await eventually(async () => another.parts.shop.isOpen(), Boolean)
    expect((await another.request('/')).status).toBe(200)
    await another.stop()
  })

  test('a process that is slow to build an older commit does not put it in the place of a newer one', async () => {
    const { promise: isHeld, resolve: hold } = Promise.withResolvers<void>()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    let builds = 0
    const another = await startAnother(async (catalogFolder) => {
      builds += 1
      if (builds === 2) {
        hold()
        await released
      }
      return build(catalogFolder)
    })
    await setPrice('18.00')
    const slow = refreshShop(another.parts)
    await isHeld
    const newer = await setPrice('17.00')
    await quiet(shop)
    release()
    await slow
    await quiet(shop)
    const updates = (await shop.store.shopEvents()).filter(({ type }) => type === 'shop.updated')
    expect(updates.slice(1)).toMatchObject([{ commit: newer }])
    expect((await shop.store.shop()).live?.commit).toBe(newer)
    await another.stop()
  })

  test('what can not be brought is tried again, and the last good catalog stays meanwhile', async () => {
    const another = await startAnother()
    const tree = another.parts.shop.tree()
    const { source } = another.parts
    const bring = source.bring
    let isAway = true
    source.bring = (live) => (isAway ? Promise.reject(new Error('GitHub is away')) : bring(live))
    await setPrice('16.00')
    await quiet(shop)
    await eventually(
      async () => shop.logged.join(''),
      (logged) => logged.includes('what is live can not be shown here'),
    )
    expect(another.parts.shop.tree()).toBe(tree)
    expect(another.parts.shop.isOpen()).toBe(true)
    isAway = false
    await another.parts.shop.follow()
    expect(another.parts.shop.tree()).toBe(shop.parts.shop.tree())
    await another.stop()
  })
})

describe('a process', () => {
  beforeEach(() => open())
  test('the pages and the catalogs deleted while it runs, the next page is there all the same, made anew', async () => {
    const before = built.length
    for (const cache of ['catalogs', 'blobs']) await rm(join(shop.parts.config.DATA_FOLDER, cache), { recursive: true })
    await rm(site.folder, { recursive: true })
    site = await smallStorefront()
    expect((await fetch(shop.url)).status).toBe(200)
    expect(built.length).toBe(before + 1)
    expect(guideOf(shop.parts)).toContain('1900')
    const commit = await setPrice('17.00')
    await quiet(shop)
    expect((await shop.store.shop()).live?.commit).toBe(commit)
    expect(guideOf(shop.parts)).toContain('1700')
  })

  test('GitHub’s repository is not asked for what lies on the disk', async () => {
    await shop.github.control('faults', { down: true })
    await shop.restart()
    expect(shop.parts.shop.isOpen()).toBe(true)
    await shop.github.control('faults', {})
    expect((await shop.github.as('ada').rest.repos.get(SHOP_REPOSITORY)).status).toBe(200)
  })

  test('pages that are lost and can not be made again are waited for, an order’s own page is there without them, and one try serves all', async () => {
    let tries = 0
    shop.parts.source.bring = () => {
      tries += 1
      return Promise.reject(new Error('GitHub is away'))
    }
    await rm(site.folder, { recursive: true })
    const pages = await Promise.all(Array.from({ length: 20 }, () => fetch(shop.url)))
    expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([503]))
    expect(tries).toBe(1)
    const missing = await fetch(`${shop.url}/orders/ord_nobody?key=x`, { headers: { accept: 'text/html' } })
    expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining('No such order')])
    expect(shop.logged.join('')).toContain('the pages were lost')
    site = await smallStorefront()
  })
})

import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  CATALOG_KEPT_DAYS,
  DISK_RESERVE_BYTES,
  forgetOldCatalogs,
  forgetPull,
  rememberPull,
  requireRoom,
  trimCatalogs,
} from '../../app/github/catalog/cache.ts'
import { fetchCatalogAt } from '../../app/github/catalog/catalog-at.ts'
import { CatalogRefusedError, readCatalogTree } from '../../app/github/catalog/catalog-tree.ts'
import { loadCatalog } from '../../catalog/load.ts'
import { openRepositories } from '../repository/check/repositories.ts'
import { push, tip } from '../support/github.ts'
import { SAMPLE } from '../support/repository.ts'
import type { TestShop } from '../support/shop.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
)
const LARGE = 'catalog/images/large.png'
let shop: TestShop
let folder: string
const place = { owner: 'heron', repo: 'pictures' }

beforeAll(async () => {
  const products = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [
      `catalog/products/item-${index}x.yaml`,
      (SAMPLE['catalog/products/sticker.yaml'] ?? '').replace('name: Sticker', `name: Item number ${index}`),
    ]),
  )
  shop = await openRepositories({
    pictures: { 'catalog/images/dot.png': PNG, [LARGE]: Buffer.alloc(4 * 1024 * 1024 + 1), 'catalog/notes.md': 'x' },
    large: products,
    none: Object.fromEntries(Object.keys(SAMPLE).map((path) => [path, null])),
  })
}, 60_000)
afterAll(() => shop.close())
beforeEach(() => {
  folder = mkdtempSync(join(shop.parts.config.DATA_FOLDER, 'data-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

const enter = (repo = place.repo) => shop.parts.githubApp.forRepository(`heron/${repo}`, { contents: 'read' })
const at = async (repo: string, sha?: string) => {
  const commit = sha ?? (await tip(shop.github.as('ada'), { ...place, repo }))
  const found = await fetchCatalogAt(folder, await enter(repo), commit)
  if ('none' in found) throw new Error('there is no catalog')
  return found
}
const requests = async () => (await shop.github.requests()).map(({ path }) => path)

test('a catalog is laid out byte by byte, pictures too, and what is too large only as long as it is', async () => {
  const { folder: laid, tree } = await at('pictures')
  expect(laid).toBe(join(folder, 'catalogs', tree))
  expect(readFileSync(join(laid, 'shop.yaml'), 'utf8')).toBe(SAMPLE['catalog/shop.yaml'])
  expect(readFileSync(join(laid, 'images/dot.png'))).toEqual(PNG)
  expect(lstatSync(join(laid, 'images/large.png'))).toMatchObject({ size: 4 * 1024 * 1024 + 1, blocks: 0 })
  expect(readdirSync(laid)).not.toContain('notes.md')
  expect(await loadCatalog(laid)).toMatchObject({ problems: [{ file: 'images/large.png' }] })
})

test('what is on the disk is not fetched again', async () => {
  await at('pictures')
  const before = (await requests()).length
  await at('pictures')
  expect((await requests()).slice(before).filter((path) => !/git\/(trees|ref)/.test(path))).toEqual([])
  const change = { 'catalog/shop.yaml': `${SAMPLE['catalog/shop.yaml']}# new\n` }
  const next = await push(shop.github.as('ada'), place, {
    branch: 'next',
    change,
    on: await tip(shop.github.as('ada'), place),
  })
  const later = (await requests()).length
  await at('pictures', next)
  expect((await requests()).slice(later).filter((path) => /graphql|blobs/.test(path))).toEqual(['/graphql'])
})

test('a thousand products come within seconds', async () => {
  const start = performance.now()
  const { folder: laid } = await at('large')
  const fetched = performance.now()
  const loaded = await loadCatalog(laid)
  expect('catalog' in loaded && loaded.catalog.products.size).toBe(1009)
  expect(fetched - start).toBeLessThan(15_000)
}, 30_000)

test('a commit without a catalog has none', async () => {
  const sha = await tip(shop.github.as('ada'), { ...place, repo: 'none' })
  expect(await fetchCatalogAt(folder, await enter('none'), sha)).toEqual({ none: true })
})

test('bytes that are not the blob are refused, and nothing half is left', async () => {
  const { octokit, ...entered } = await enter()
  const lying = Object.assign(Object.create(octokit), {
    graphql: async () => ({ repository: { b0: { text: 'something else', isTruncated: false } } }),
    rest: {
      ...octokit.rest,
      git: { ...octokit.rest.git, getBlob: async () => ({ data: { content: 'bm8=', encoding: 'base64' } }) },
    },
  })
  const sha = await tip(shop.github.as('ada'), place)
  await expect(fetchCatalogAt(folder, { ...entered, octokit: lying }, sha)).rejects.toThrow('other bytes')
  expect(readdirSync(folder).filter((name) => name === 'catalogs')).toEqual([])
})

test('a listing that GitHub cuts off is walked folder by folder, and names that escape are refused', async () => {
  const entered = await enter()
  const { octokit } = entered
  const getTree = octokit.rest.git.getTree
  const answering = (change: (data: { truncated: boolean; tree: { path?: string }[] }, recursive: boolean) => void) =>
    Object.assign(Object.create(octokit), {
      rest: {
        ...octokit.rest,
        git: {
          ...octokit.rest.git,
          getTree: async (asked: never) => {
            const answer = await getTree(asked)
            change(answer.data, 'recursive' in (asked as object))
            return answer
          },
        },
      },
    })
  const sha = await tip(shop.github.as('ada'), place)
  const whole = await readCatalogTree(entered, sha)
  const cut = answering((data, isRecursive) => {
    if (isRecursive) Object.assign(data, { truncated: true, tree: [] })
  })
  expect(await readCatalogTree({ ...entered, octokit: cut }, sha)).toEqual(whole)
  for (const path of [
    'products/../../../evil.yaml',
    'products//x.yaml',
    'images/a\0.png',
    `images/${'x'.repeat(300)}`,
  ]) {
    const odd = answering((data, isRecursive) => {
      if (isRecursive) data.tree.push({ path, type: 'blob', mode: '100644', sha: 'a'.repeat(40), size: 1 } as never)
    })
    await expect(fetchCatalogAt(folder, { ...entered, octokit: odd }, sha)).rejects.toThrow(CatalogRefusedError)
  }
})

test('old catalogs are forgotten, with the blobs that none uses', async () => {
  const { folder: laid, tree } = await at('pictures')
  const old = new Date(Date.now() - (CATALOG_KEPT_DAYS + 1) * 86_400_000)
  const age = () => {
    for (const path of readdirSync(folder, { recursive: true })) utimesSync(join(folder, String(path)), old, old)
  }
  age()
  await forgetOldCatalogs(folder, new Set([tree]), new Date())
  expect(readFileSync(join(laid, 'shop.yaml'), 'utf8')).toBe(SAMPLE['catalog/shop.yaml'])
  await forgetOldCatalogs(folder, new Set(), new Date())
  expect(readdirSync(join(folder, 'catalogs'))).toEqual([])
  expect(readdirSync(join(folder, 'blobs')).flatMap((name) => readdirSync(join(folder, 'blobs', name)))).toEqual([])
})

test('nothing is fetched when that would leave less than the reserve', async () => {
  const free = async () => DISK_RESERVE_BYTES + 100
  await requireRoom(folder, 100, free)
  await expect(requireRoom(folder, 101, free)).rejects.toThrow('no room for a catalog')
})

/** A catalog of a pull request as it lies on the disk: one blob, and a folder that uses it. */
function lay(tree: string, bytes: number, minutesAgo: number) {
  const sha = tree.slice(0, 40)
  const [blob, catalog] = [join(folder, 'blobs', sha.slice(0, 2), sha.slice(2)), join(folder, 'catalogs', tree)]
  for (const path of [join(blob, '..'), catalog]) mkdirSync(path, { recursive: true })
  writeFileSync(blob, Buffer.alloc(bytes))
  linkSync(blob, join(catalog, 'shop.yaml'))
  const at = new Date(Date.now() - minutesAgo * 60_000)
  for (const path of [blob, catalog]) utimesSync(path, at, at)
}
const catalogs = () => readdirSync(join(folder, 'catalogs')).toSorted()
const blobs = () => readdirSync(join(folder, 'blobs')).flatMap((name) => readdirSync(join(folder, 'blobs', name)))

test('the cache is capped: what pull requests made goes first, the oldest of it', async () => {
  const [older, newer, live] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(40)]
  lay(older, 1000, 300)
  lay(newer, 1000, 200)
  lay(live, 1000, 400)
  const trim = (bytes: number) => trimCatalogs(folder, new Date(), bytes)
  await trim(3000)
  expect(catalogs()).toEqual([older, newer, live])
  await trim(2999)
  expect([catalogs(), blobs().length]).toEqual([[newer, live], 2])
  await trim(1)
  expect([catalogs(), blobs().length]).toEqual([[live], 1])
})

test('a pull request has one catalog on the disk, and none once it is closed', async () => {
  const [first, second] = ['a'.repeat(64), 'b'.repeat(64)]
  const pull = (number: number) => ({ repository: 'Heron/shop', number })
  for (const tree of [first, second]) lay(tree, 10, 0)
  await rememberPull(folder, pull(1), first)
  await rememberPull(folder, pull(2), first)
  await rememberPull(folder, pull(1), second)
  expect(catalogs()).toEqual([first, second]) // the other one still makes it
  await forgetPull(folder, pull(2))
  await forgetPull(folder, pull(2))
  expect(catalogs()).toEqual([second])
  await forgetPull(folder, { repository: 'heron/SHOP', number: 1 })
  expect(catalogs()).toEqual([])
})

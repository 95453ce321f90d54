import { cp, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadCatalog } from '../../catalog/load.ts'
import { type CatalogProblem, inReadingOrder } from '../../catalog/problem/problem.ts'
import { parseYaml } from '../../catalog/yaml.ts'

// The bad catalogs that a text file can't hold: odd bytes, links, and great sizes and numbers.

const GOOD = join(import.meta.dirname, '../fixtures/bad-catalogs/_good')
const GUIDE = 'products/guide.yaml'
const guide = await readFile(join(GOOD, GUIDE), 'utf8')
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagsale-catalog-'))
  await cp(GOOD, folder, { recursive: true })
})
afterEach(() => rm(folder, { recursive: true }))

async function problems(): Promise<CatalogProblem[]> {
  const result = await loadCatalog(folder)
  return 'problems' in result ? result.problems : []
}

async function told(): Promise<string[]> {
  return (await problems()).map(
    ({ file, line, column, found, expected }) => `${file}:${line}:${column} ${found} ${expected}`,
  )
}

test.each<[string, string | Buffer, string]>([
  [
    'Latin-1',
    Buffer.from(guide.replace('terns', 'T\u00e9rns'), 'latin1'),
    '2:28 This character is not UTF-8. Save the file as UTF-8.',
  ],
  ['UTF-16', Buffer.from(guide, 'utf16le'), '1:2 There is a control character here that nobody sees. Remove it.'],
  ['a byte order mark', `\ufeff${guide}`, '1:1 A byte order mark begins this file. Save it as UTF-8 without BOM.'],
  ['a NUL', guide.replace('terns', 'te\0rns'), '2:29 There is a control character here that nobody sees. Remove it.'],
  [
    'an escape sequence',
    guide.replace('terns', '\u001b[2Jterns'),
    '2:27 There is a control character here that nobody sees. Remove it.',
  ],
  ['300 KB', `${guide}# ${'x'.repeat(300 * 1024)}\n`, '1:1 This file has 301 KB. A catalog file has at most 256 KB.'],
  [
    '100,000 brackets',
    `tags: ${'['.repeat(100_000)}`,
    '1:1 This is nested too deep. A few levels are enough for everything a catalog says.',
  ],
])('a product file with %s', async (_, bytes, message) => {
  await writeFile(join(folder, GUIDE), bytes)
  expect(await told()).toEqual([`${GUIDE}:${message}`])
})

test('symbolic links, for a product, a picture, the shop and a folder', async () => {
  for (const file of [GUIDE, 'images/guide.svg', 'shop.yaml']) {
    await rm(join(folder, file))
    await symlink('/etc/hostname', join(folder, file))
  }
  await symlink('/etc', join(folder, 'images/more'))
  const message = 'This is a symbolic link. The catalog is made of plain files: put the file itself here.'
  const links = (await told()).filter((line) => line.includes('symbolic'))
  expect(links).toEqual([
    `images/guide.svg:1:1 ${message}`,
    `images/more:1:1 ${message}`,
    `products/guide.yaml:1:1 ${message}`,
    `shop.yaml:1:1 ${message}`,
  ])
})

test('pictures that are too large, in bytes or in pixels', async () => {
  const { default: sharp } = await import('sharp')
  const create = { width: 9000, height: 2, channels: 3, background: 'red' } as const
  await writeFile(join(folder, 'images/wide.png'), await sharp({ create }).png().toBuffer())
  await writeFile(join(folder, 'images/large.jpg'), '')
  await truncate(join(folder, 'images/large.jpg'), 5 * 1024 * 1024)
  await writeFile(join(folder, 'images/large.svg'), ' '.repeat(300 * 1024))
  expect(await told()).toEqual([
    'images/large.jpg:1:1 This picture has 5120 KB. It has at most 4096 KB.',
    'images/large.svg:1:1 This picture has 300 KB. It has at most 256 KB.',
    'images/wide.png:1:1 This picture is 9000 by 2 pixels. No side is longer than 8000 pixels.',
  ])
})

test('a folder that is not there, and one without a shop', async () => {
  const expected = 'Name the folder that has shop.yaml in it.'
  const nowhere = await loadCatalog(join(folder, 'nowhere'))
  expect(nowhere).toMatchObject({ problems: [{ file: '.', found: 'There is no catalog in this folder.', expected }] })
  await rm(join(folder, 'shop.yaml'))
  expect(await told()).toEqual(['shop.yaml:1:1 shop.yaml is missing. Every catalog has one.'])
})

test('the folder around the catalog', async () => {
  await mkdir(join(folder, 'catalog'))
  await cp(join(GOOD, 'shop.yaml'), join(folder, 'catalog/shop.yaml'))
  await rm(join(folder, 'shop.yaml'))
  expect(await told()).toEqual([
    '.:1:1 There is no shop.yaml in this folder, but there is one in its folder "catalog". Name that folder.',
  ])
})

test('mended lines, put in place, mend the catalog', async () => {
  await writeFile(
    join(folder, GUIDE),
    guide
      .replace('name: Field guide\n', '')
      .replace('summary:', 'sumary:')
      .replace('"19.00"', '19')
      .replace('[guide-pdf]', '[guide-pfd]')
      .replace('category: books', 'category: Books'),
  )
  const lines = (await readFile(join(folder, GUIDE), 'utf8')).split('\n')
  const found = inReadingOrder(await problems())
  expect(found).toHaveLength(5)
  for (const { mended } of found.toReversed().toSorted((a, b) => (b.mended?.line ?? 0) - (a.mended?.line ?? 0))) {
    if (mended) lines.splice(mended.line - 1, mended.replaces, ...mended.lines)
  }
  await writeFile(join(folder, GUIDE), lines.join('\n'))
  expect(await told()).toEqual([])
})

test('a free product that is sent by post is fine', async () => {
  const shirt = await readFile(join(folder, 'products/shirt.yaml'), 'utf8')
  await writeFile(
    join(folder, 'products/sticker.yaml'),
    shirt.replace('"25.00"', '"0.00"').replace('"27.00"', '"0.00"'),
  )
  expect(await told()).toEqual([])
})

test('1,000 products are read within seconds', async () => {
  await mkdir(join(folder, 'products'), { recursive: true })
  for (let number = 0; number < 1000; number++) {
    await writeFile(join(folder, `products/book-${String(number).padStart(4, 'z')}${number}.yaml`), guide)
  }
  const before = process.cpuUsage()
  const result = await loadCatalog(folder)
  const { user } = process.cpuUsage(before) // not the clock: others may be using the machine
  expect(user / 1_000_000).toBeLessThan(3)
  expect('catalog' in result && result.catalog.products.size).toBe(1003)
})

test.each([
  ['a map of so many keys that comparing them takes minutes', '', (i: number) => `k${i}: 1\n`],
  ['the same on one line', 'a: {', (i: number) => `k${i}: 1,`],
  [
    'a mistake after thousands of lines, which would be mended again and again',
    'a: "b" c\n',
    (i: number) => `- ${i}\n`,
  ],
])('%s is refused at once', (_, start, piece) => {
  const text = start + Array.from({ length: 18_000 }, (_, index) => piece(index)).join('')
  const before = process.cpuUsage()
  expect(parseYaml('products/x.yaml', text)).toHaveProperty('problems')
  expect(process.cpuUsage(before).user / 1_000_000).toBeLessThan(5) // it took 14 seconds and more
})

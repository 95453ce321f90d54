import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadCatalog } from '../../../catalog/load.ts'
import type { Catalog } from '../../../catalog/offer.ts'
import { paintProblems } from '../../../catalog/picture/painted.ts'
import { drawPicture } from '../../../catalog/picture/picture.ts'
import { FIXTURE_CATALOG } from '../../support/shop.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagsale-painted-'))
  await cp(FIXTURE_CATALOG, folder, { recursive: true })
})
afterEach(() => rm(folder, { recursive: true }))

async function load(): Promise<Catalog> {
  const loaded = await loadCatalog(folder)
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ file, found }) => `${file}: ${found}`).join('\n'))
  return loaded.catalog
}
const svg = (inside: string, more = '') =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"${more}>${inside}</svg>`
const noise = () => {
  const raw = { width: 300, height: 200, channels: 3 } as const
  return sharp(Buffer.alloc(300 * 200 * 3, 'a colourful bird, '), { raw })
}
const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)

async function drawAll(bytes: Buffer): Promise<void> {
  for await (const { data } of drawPicture(bytes)) expect(data.length).toBeGreaterThan(0)
}

const ODD: [string, string, () => string | Promise<Buffer>][] = [
  ['an unclosed tag', 'svg', () => svg('<g><path d="M0 0h4v3z"/>')],
  ['a bare &', 'svg', () => svg('<text y="9">You & me</text>')],
  ['an entity of HTML', 'svg', () => svg('<text y="9">You&nbsp;</text>')],
  ['xlink without its namespace', 'svg', () => svg('<path id="a" d="M0 0h4v3z"/><use xlink:href="#a"/>')],
  ['half a PNG', 'png', async () => half(await noise().png({ compressionLevel: 0 }).toBuffer())],
  ['half a JPEG', 'jpg', async () => half(await noise().jpeg({ quality: 100 }).toBuffer())],
]

test('what the shop could not draw is a problem of its file, and the others are drawn', async () => {
  const catalog = await load()
  const product = catalog.products.get('sticker') ?? expect.unreachable()
  const images: { alt: string; file: string }[] = []
  for (const [alt, ending, make] of ODD) {
    const file = `images/odd-${images.length}.${ending}`
    await writeFile(join(folder, file), await make())
    images.push({ alt, file })
  }
  const odd = { ...catalog, products: new Map([['sticker', { ...product, images: [...images, ...product.images] }]]) }
  const problems = await paintProblems(odd)
  expect(problems.map(({ file }) => file)).toEqual(images.map(({ file }) => file))
  for (const { file } of images) {
    const drawn = drawAll(await readFile(join(folder, file)))
    await expect(drawn, file).rejects.toThrow()
  }
  expect(await paintProblems(odd, { only: new Set(['images/any.svg']) })).toEqual([])
  expect(await paintProblems(odd, { drawn: odd })).toEqual([])
}, 30_000)

test('a picture that takes too long costs its seconds, and the next one is drawn', async () => {
  const catalog = await load()
  const product = catalog.products.get('sticker') ?? expect.unreachable()
  const blur = '<filter id="f"><feTurbulence numOctaves="9999" baseFrequency=".9"/></filter>'
  await writeFile(
    join(folder, 'images/slow.svg'),
    svg(`${blur}${'<rect width="40" height="30" filter="url(#f)"/>'.repeat(500)}`),
  )
  const images = ['images/any.svg', 'images/slow.svg'].map((file) => ({ file, alt: 'A bird' }))
  const slow = { ...catalog, products: new Map([['sticker', { ...product, images }]]) }
  const problems = await paintProblems(slow, { secondsMax: 3 })
  expect(problems.map(({ file, found }) => [file, found])).toEqual([
    ['images/slow.svg', expect.stringContaining('longer than 3 seconds')],
  ])
}, 30_000)

test('the check refuses what the shop has no room for, and empty files', async () => {
  await writeFile(join(folder, 'images/empty.png'), '')
  await writeFile(join(folder, 'images/empty.svg'), '')
  await writeFile(join(folder, 'images/text.svg'), svg(`<text>${'tern '.repeat(30_000)}</text>`))
  const large = sharp({ create: { width: 7600, height: 7600, channels: 3, background: 'white' } })
  await writeFile(join(folder, 'images/large.png'), await large.png({ palette: true, compressionLevel: 1 }).toBuffer())
  const loaded = await loadCatalog(folder)
  const problems = 'problems' in loaded ? loaded.problems : []
  expect(problems.map(({ file, found }) => [file, found])).toEqual([
    ['images/empty.png', 'This file is empty.'],
    ['images/empty.svg', 'This file is empty.'],
    ['images/large.png', 'This picture is 7600 by 7600 pixels.'],
    ['images/text.svg', expect.stringContaining('characters of text')],
  ])
}, 30_000)

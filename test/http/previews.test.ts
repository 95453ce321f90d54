import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenAPIHono } from '@hono/zod-openapi'
import sharp from 'sharp'
import { beforeEach, expect, test } from 'vitest'
import type { Config } from '../../app/config.ts'
import type { HttpEnv } from '../../app/http/context.ts'
import { createLimits } from '../../app/http/limit.ts'
import { previewRoutes } from '../../app/http/maintainers/previews.ts'
import { problem, Refusal } from '../../app/http/problem.ts'
import { previewUrl } from '../../app/link.ts'
import type { Parts } from '../../app/parts.ts'

const TREE = 'a'.repeat(64)
let config: Config
let catalog: string
let api: OpenAPIHono<HttpEnv>

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'tagsale-preview-'))
  catalog = join(folder, 'catalogs', TREE)
  cpSync(join(import.meta.dirname, '../fixtures/catalog'), catalog, { recursive: true })
  config = { DATA_FOLDER: folder, SHOP_URL: 'http://shop.example', LINK_SECRET: 'k'.repeat(32) } as Config
  api = new OpenAPIHono<HttpEnv>()
  api.use((c, next) => {
    c.set('parts', { config } as Parts)
    return next()
  })
  previewRoutes(api, createLimits({ CHECKOUTS_PER_MINUTE: 9, CHECKOUTS_PER_MINUTE_PER_ADDRESS: 9 } as Config))
  api.onError((error, c) => {
    if (!(error instanceof Refusal)) throw error
    return problem(c, error.input)
  })
  return () => rmSync(folder, { recursive: true, force: true })
})

const get = (id: string, change = (url: string) => url) => api.request(change(previewUrl(config, TREE, id)))
const drawn = async (id: string) => (await get(id)).text()
const put = (path: string, content: string | Buffer) => {
  mkdirSync(join(catalog, path, '..'), { recursive: true })
  writeFileSync(join(catalog, path), content)
}
const product = (name: string, image = 'images/any.svg') =>
  `name: ${name}\nsummary: S\ndescription: D\ncategory: books\nstatus: draft\nimages: [{ file: ${image}, alt: A }]\nprice: { eur: "9.00" }\n`

test('a card has name, price and picture, and is a picture itself', async () => {
  const answer = await get('guide')
  expect(answer.status).toBe(200)
  const svg = await answer.text()
  expect(svg).toContain('>The Heron Guide<')
  expect(svg).toContain('>From €19.00<')
  expect(svg).toContain('prefers-color-scheme:dark')
  expect(svg).toMatch(/href="data:image\/png;base64,[A-Za-z0-9+/=]+"/)
  expect(await sharp(Buffer.from(svg)).metadata()).toMatchObject({ format: 'svg', width: 360, height: 400 })
})

test('nothing in it may load or run anything, and caches may keep it', async () => {
  const { headers } = await get('guide')
  expect(headers.get('content-type')).toMatch('image/svg+xml')
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'.* sandbox$/)
  expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin') // GitHub's pages show it
  expect(headers.get('cache-control')).toContain('immutable')
})

test('it is drawn only for those who have its link', async () => {
  expect((await get('guide', (url) => url.replace(/key=.*/, 'key=wrong'))).status).toBe(404)
  expect((await get('guide', (url) => url.replace(/\?.*/, ''))).status).toBe(404)
  expect((await get('guide', (url) => url.replace('guide.svg', 'sticker.svg'))).status).toBe(404)
  expect((await get('guide', (url) => url.replace(TREE, 'b'.repeat(64)))).status).toBe(404)
  expect((await get('nothing')).status).toBe(404)
})

test('it leads nowhere else', async () => {
  for (const id of ['../shop', '..%2fshop', '%2e%2e', 'guide.yaml', 'Guide']) {
    expect((await get(id)).status, id).not.toBe(200)
  }
})

test('text is escaped', async () => {
  put('products/evil.yaml', product(`'</text><script>alert("1")</script>&amp;'`))
  const svg = await (await get('evil')).text()
  expect(svg).not.toContain('<script')
  expect(svg).toContain('&lt;script&gt;')
  await sharp(Buffer.from(svg)).metadata()
})

test.each<[string, string, string | Buffer | null]>([
  ['a drawing with a script', 'images/x.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'],
  ['bytes that are no picture', 'images/x.png', 'nothing'],
  ['a picture that is too heavy', 'images/x.png', Buffer.alloc(5 * 1024 * 1024)],
  ['a file that is not there', 'images/x.png', null],
])('%s is left blank', async (_, image, content) => {
  if (content) put(image, content)
  put('products/other.yaml', product('Other', image))
  expect(await drawn('other')).toContain('class="blank"')
})

test('a link is not followed', async () => {
  cpSync(join(catalog, 'images/any.svg'), join(catalog, 'outside.svg'))
  symlinkSync('../outside.svg', join(catalog, 'images/x.svg'))
  put('products/other.yaml', product('Other', 'images/x.svg'))
  expect(await drawn('other')).toContain('class="blank"')
})

test('a crowd gets one drawing, and a crowd for many drawings is asked to wait', async () => {
  for (let index = 0; index < 60; index += 1) put(`products/p-${index}.yaml`, product('P', 'images/none.svg'))
  const same = await Promise.all(Array.from({ length: 200 }, () => get('guide')))
  expect(new Set(same.map(({ status }) => status))).toEqual(new Set([200]))
  const many = await Promise.all(Array.from({ length: 60 }, (_, index) => get(`p-${index}`)))
  expect(many.filter(({ status }) => status === 503)).toHaveLength(20)
  expect(many.find(({ status }) => status === 503)?.headers.get('retry-after')).toBe('10')
  expect((await get('p-59')).status).toBe(200)
})

test('a drawing that would take hours is given up, and the next one is drawn', { timeout: 30_000 }, async () => {
  const noise = '<feTurbulence numOctaves="100" baseFrequency="0.9"/>'.repeat(50)
  put(
    'images/x.svg',
    `<svg xmlns="http://www.w3.org/2000/svg" width="4000" height="3000"><filter id="f" x="0" y="0" width="1" height="1">${noise}</filter><rect width="4000" height="3000" filter="url(#f)"/></svg>`,
  )
  put('products/other.yaml', product('Other', 'images/x.svg'))
  const [slow, next] = await Promise.all([drawn('other'), drawn('guide')])
  expect(slow).toContain('class="blank"')
  expect(next).toContain('<image')
})

import { execFile } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const HOME_BYTES_MAX = 40_000
const PAGE_SCRIPT_BYTES_MAX = 10_000
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const out = join(ROOT, '.tagsale', `test-site-${process.pid}`)

let files: string[]

beforeAll(async () => {
  const env = {
    ...process.env,
    ASTRO_TELEMETRY_DISABLED: '1',
    TAGSALE_CATALOG: join(ROOT, 'test/site/catalog'),
    TAGSALE_SITE_URL: 'https://shop.example',
    TAGSALE_API_URL: 'https://api.example/',
  }
  const astro = join(ROOT, 'node_modules/astro/bin/astro.mjs')
  await promisify(execFile)(process.execPath, [astro, 'build', '--outDir', out], { cwd: ROOT, env })
  const entries = await readdir(out, { recursive: true, withFileTypes: true })
  files = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name).slice(out.length))
}, 60_000)
afterAll(() => rm(out, { recursive: true, force: true }))

const read = (path: string) => readFile(join(out, path), 'utf8')
const pages = () => files.filter((path) => path.endsWith('.html'))

test('every page is there, and none for a draft or an empty category', () => {
  expect(pages().sort()).toEqual([
    '/404.html',
    '/cart/index.html',
    '/categories/books/index.html',
    '/categories/things/index.html',
    '/index.html',
    '/order/index.html',
    '/problem/index.html',
    '/products/guide/index.html',
    '/products/old-mug/index.html',
    '/products/poster/index.html',
    '/products/shirt/index.html',
    '/products/sticker/index.html',
    '/products/support/index.html',
    '/thanks/index.html',
  ])
})

test('no draft is named anywhere, and its picture is not drawn', async () => {
  for (const path of files.filter((path) => /\.(html|json|xml|txt)$/.test(path))) {
    expect(await read(path), path).not.toMatch(/next-thing|Next thing/)
  }
  expect(files.filter((path) => path.startsWith('/pictures/'))).toHaveLength(4)
  expect(files.filter((path) => path.endsWith('.svg'))).toEqual(['/icon.svg'])
})

test('nothing is inline that a strict Content-Security-Policy would refuse', async () => {
  for (const path of pages()) {
    const page = await read(path)
    const scripts = [...page.matchAll(/<script\b([^>]*)>([^<]*)/g)]
    const run = scripts.filter(([, attributes]) => !attributes?.includes('application/ld+json'))
    expect(run.length, path).toBeGreaterThan(0)
    expect(
      run.filter(([, attributes, body]) => !attributes?.includes('src="/assets/') || body),
      path,
    ).toEqual([])
    expect(page, path).not.toMatch(/<style\b|\sstyle=|\son[a-z]+=|javascript:/)
  }
})

test('a thing is bought with a plain form that names a price, not an amount of money', async () => {
  const page = await read('/products/sticker/index.html')
  expect(page).toContain('<form class="buy" method="post" action="https://api.example/api/v1/checkouts"')
  expect(fieldsOf(page)).toEqual(['currency=eur', 'price=sticker', 'quantity=1', 'shipTo'])
})

test('variants are radio buttons, the sold out one disabled', async () => {
  const page = await read('/products/shirt/index.html')
  const radios = [...page.matchAll(/<input type="radio"[^>]*>/g)].map(([tag]) => tag)
  expect(radios.map((tag) => /value="([^"]*)"/.exec(tag)?.[1])).toHaveLength(5)
  expect(radios.filter((tag) => / disabled/.test(tag)).join()).toContain('value="shirt/m-black"')
  expect(radios.filter((tag) => / checked/.test(tag)).join()).toContain('value="shirt/s-black"')
})

test('who may name the price is asked for it, and for an address in case it is nothing', async () => {
  const page = await read('/products/support/index.html')
  expect(fieldsOf(page)).toEqual(['currency=eur', 'price=support', 'amount=10.00', 'email', 'quantity=1'])
})

test('what is sold out or retired says so and has no form', async () => {
  const [poster, mug] = await Promise.all([read('/products/poster/index.html'), read('/products/old-mug/index.html')])
  expect(poster).toContain('Sold out.')
  expect(mug).toContain('This is no longer sold.')
  expect(poster + mug).not.toContain('<form')
})

test('first pages open larger by a plain link, and say what they show', async () => {
  const page = await read('/products/guide/index.html')
  expect(page).toContain('<li>4 min 5 s</li>')
  expect(page).toMatch(/<a href="\/pictures\/[0-9a-f]{20}-\d+\.webp">\s*<img[^>]*alt="The first page"/)
})

test('a description is rendered from Markdown', async () => {
  const page = await read('/products/guide/index.html')
  expect(page).toContain('<p>A <strong>whole</strong> book.</p>')
  expect(page).toContain('<code>wren build</code>')
})

test('the shells hold the one comment that the app replaces', async () => {
  for (const path of ['/thanks/index.html', '/order/index.html']) {
    expect((await read(path)).split('<div id="order" data-order><!--tagsale:order--></div>')).toHaveLength(2)
  }
  const problem = await read('/problem/index.html')
  expect(problem.split('<div id="problem" data-problem><!--tagsale:problem--></div>')).toHaveLength(2)
  expect(problem).toContain('<meta name="robots" content="noindex">')
})

test('the price list gives each price id its amounts, in minor units', async () => {
  const list = JSON.parse(await read('/prices.json'))
  expect(list.currencies).toEqual(['eur', 'usd'])
  expect(list.prices.sticker).toEqual({
    name: 'Sticker',
    href: '/products/sticker/',
    picture: expect.stringMatching(/^\/pictures\/[0-9a-f]{20}-300\.webp$/),
    amounts: { eur: 400, usd: 450 },
    ships: true,
    available: 40,
  })
  expect(list.prices.support).toMatchObject({ minimum: { eur: 0, usd: 0 }, suggested: { eur: 1000, usd: 1200 } })
  expect(list.zones[1]).toEqual({
    countries: ['US'],
    rates: [{ name: 'Airmail', amounts: { eur: 900, usd: 1000 }, days: [6, 14] }],
  })
  expect(files).toContain(list.prices.sticker.picture)
})

test('pages give their whole address, and the sitemap lists what is for sale', async () => {
  expect(await read('/products/guide/index.html')).toContain(
    '<link rel="canonical" href="https://shop.example/products/guide/">',
  )
  const locations = [...(await read('/sitemap.xml')).matchAll(/<loc>([^<]*)/g)].map(([, address]) => address)
  expect(locations).toContain('https://shop.example/products/sticker/')
  expect(locations).not.toContain('https://shop.example/products/old-mug/')
})

test('every link and file that a page names exists', async () => {
  const missing: string[] = []
  for (const path of pages()) {
    const page = await read(path)
    const named = [...page.matchAll(/(?:href|src)="(\/[^"#]*)"/g)].map(([, address]) => address ?? '')
    const sets = [...page.matchAll(/srcset="([^"]*)"/g)].flatMap(([, set]) => (set ?? '').split(', '))
    for (const address of [...named, ...sets.map((one) => one.split(' ')[0] ?? '')]) {
      if (!files.includes(address.endsWith('/') ? `${address}index.html` : address)) missing.push(`${path}: ${address}`)
    }
  }
  expect(missing).toEqual([])
})

test('the front page weighs little, and no page loads many scripts', async () => {
  const home = await read('/index.html')
  const styles = files.filter((path) => path.endsWith('.css'))
  const weight = home.length + (await scriptBytes(home)) + (await bytesOf(styles))
  expect(weight).toBeLessThan(HOME_BYTES_MAX)
  for (const path of pages()) expect(await scriptBytes(await read(path)), path).toBeLessThan(PAGE_SCRIPT_BYTES_MAX)
})

/** Names of the form's fields, with their values where they have one. */
function fieldsOf(page: string): string[] {
  const form = /<form[\s\S]*?<\/form>/.exec(page)?.[0] ?? ''
  return [...form.matchAll(/<(?:input|select)[^>]*>/g)].flatMap(([tag]) => {
    const name = / name="([^"]*)"/.exec(tag)?.[1]
    const value = / value="([^"]*)"/.exec(tag)?.[1]
    return name ? [value ? `${name}=${value}` : name] : []
  })
}

/** Bytes of the scripts a page loads, with all that they import. */
async function scriptBytes(page: string): Promise<number> {
  const wanted = new Set([...page.matchAll(/<script[^>]* src="([^"]*)"/g)].map(([, path]) => path ?? ''))
  for (const path of wanted) {
    for (const [, name] of (await read(path)).matchAll(/["']\.\/([^"']+\.js)["']/g)) wanted.add(`/assets/${name}`)
  }
  return bytesOf([...wanted])
}

async function bytesOf(paths: readonly string[]): Promise<number> {
  const contents = await Promise.all(paths.map((path) => readFile(join(out, path))))
  return contents.reduce((sum, content) => sum + content.length, 0)
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tagsale } from '../../app/cli/tagsale.ts'

const GOOD = 'test/fixtures/catalog'
let out = ''
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'tagsale-out-'))
})
afterAll(() => rm(out, { recursive: true, force: true }))

async function run(...args: string[]) {
  let said = ''
  const code = await tagsale(['build', ...args], { out: (text) => (said += text), error: (text) => (said += text) })
  return { code, said }
}

// That one is built is in workflows.test.ts.
test.each([
  ['no address', () => ['--out', out], /^Where will the storefront be\? Say --url/],
  ['no folder', () => ['--url', 'https://www.example.org'], /^Where should it be put\? Say --out/],
  [
    'an address below a path',
    () => ['--url', 'https://example.org/shop', '--out', out],
    /^"https:\/\/example.org\/shop" is no address/,
  ],
  [
    'an app that is no address',
    () => ['--url', 'https://a.example', '--app', 'shop', '--out', out],
    /^"shop" is no address/,
  ],
  ['two catalogs', () => [GOOD, GOOD, '--url', 'https://a.example', '--out', out], /^One catalog/],
  ['an option that there is not', () => ['--quick'], /^Unknown option '--quick'/],
  ['a folder with files in it', () => ['--url', 'https://a.example', '--out', 'app'], /^app is not empty/],
  [
    'a file for a folder',
    () => ['--url', 'https://a.example', '--out', 'README.md'],
    /^README.md can't be used \(ENOTDIR\)/,
  ],
])('refused: %s', async (_, args, said) => {
  expect(await run(...args())).toEqual({ code: 2, said: expect.stringMatching(said) })
})

test('a catalog with mistakes is not built', async () => {
  const { code, said } = await run('test/fixtures/bad-catalogs/tab', '--url', 'https://a.example', '--out', out)
  expect(code).toBe(1)
  expect(said).toContain('products/guide.yaml:12:1')
})

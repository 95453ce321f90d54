import { expect, test } from 'vitest'
import { ownersOf, parseCodeowners } from '../../app/github/pulls/codeowners.ts'

const owners = (text: string, path: string) => {
  const found = ownersOf(parseCodeowners(text), path)
  return found && [...found.people, ...found.others].join(' ')
}
const ASSET = 'catalog/assets/guide.yaml'

// From the examples in GitHub's documentation of code owners, with paths of ours.
test.each([
  ['* @ann', ASSET, 'ann'],
  ['*.yaml @ann', ASSET, 'ann'],
  ['*.js @ann', ASSET, null],
  ['/catalog/ @ann', ASSET, 'ann'],
  ['catalog/* @ann', 'catalog/shop.yaml', 'ann'],
  ['catalog/* @ann', ASSET, null],
  ['assets/ @ann', ASSET, 'ann'],
  ['/assets/ @ann', ASSET, null],
  ['catalog/assets @ann', ASSET, 'ann'],
  ['/catalog/**/guide.yaml @ann', ASSET, 'ann'],
  ['**/assets @ann', ASSET, 'ann'],
  ['/catalog/** @ann', ASSET, 'ann'],
  ['/catalog/asset?/guide.yaml @ann', ASSET, 'ann'],
  ['/catalog/assets/guide.yam @ann', ASSET, null],
  ['* @ann\n/catalog/assets/ @Ben', ASSET, 'ben'],
  ['* @ann\n/catalog/assets/', ASSET, null],
  ['# * @ann\n* @ben # @ann', ASSET, 'ben'],
  ['/catalog/ @org/team ann@example.org @ann', ASSET, 'ann @org/team ann@example.org'],
  ['!catalog @ann\n[abc] @ann', ASSET, null],
  ['/my\\ files/ @ann', 'my files/a', 'ann'],
  ['* @ann', 'a.b/c(d)+e', 'ann'],
  ['/a.b/c(d)+e @ann', 'a.b/c(d)+e', 'ann'],
  ['/a.b @ann', 'axb', null],
])('%j, for %s: %s', (text, path, expected) => expect(owners(text, path)).toBe(expected))

test('a pattern of many stars costs nothing', () => {
  const start = performance.now()
  expect(owners(`${'*a'.repeat(20)}b @ann`, `${'a'.repeat(250)}`)).toBe(null)
  expect(performance.now() - start).toBeLessThan(2000)
})

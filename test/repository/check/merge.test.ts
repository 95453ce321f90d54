import { expect, test } from 'vitest'
import { differingPaths, mergeCatalogs } from '../../../app/repository/check/merge.ts'

const tree = (text: string) =>
  new Map(
    text
      .split(' ')
      .filter(Boolean)
      .map((pair) => {
        const [path = '', sha = ''] = pair.split('=')
        return [path, { sha, kind: 'file' }]
      }),
  )
const written = (entries: ReadonlyMap<string, { sha: string }>) =>
  [...entries].map(([path, { sha }]) => `${path}=${sha}`).join(' ')

test.each([
  ['nothing changed', 'a=1', 'a=1', 'a=1', 'a=1', []],
  ['the head changed it', 'a=1', 'a=1', 'a=2', 'a=2', []],
  ['the base changed it', 'a=1', 'a=2', 'a=1', 'a=2', []],
  ['both changed it alike', 'a=1', 'a=2', 'a=2', 'a=2', []],
  ['both changed it differently', 'a=1', 'a=2', 'a=3', 'a=3', ['a']],
  ['each added one', '', 'a=1', 'b=1', 'a=1 b=1', []],
  ['both added another', '', 'a=1', 'a=2', 'a=2', ['a']],
  ['the head deleted it', 'a=1 b=1', 'a=1 b=1', 'b=1', 'b=1', []],
  ['the base deleted it', 'a=1 b=1', 'b=1', 'a=1 b=1', 'b=1', []],
  ['the head deleted what the base changed', 'a=1 b=1', 'a=2 b=1', 'b=1', 'b=1', ['a']],
  ['the base deleted what the head changed', 'a=1 b=1', 'b=1', 'a=2 b=1', 'a=2 b=1', ['a']],
  ['the head renamed what the base left', 'a=1', 'a=1 c=1', 'b=1', 'b=1 c=1', []],
])('%s', (_, origin, base, head, merged, conflicts) => {
  const result = mergeCatalogs(tree(origin), tree(base), tree(head))
  expect(written(result.merged)).toBe(merged)
  expect(result.conflicts).toEqual(conflicts)
})

test('a file that became a link differs, and so does one that is gone', () => {
  const link = new Map([['a', { sha: '1', kind: 'link' }]])
  expect([...differingPaths(tree('a=1 b=1 c=1'), new Map([...link, ...tree('c=1')]))]).toEqual(['a', 'b'])
})

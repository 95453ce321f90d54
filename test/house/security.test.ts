import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './source.ts'

const rows = readFileSync(join(ROOT, '.github/SECURITY.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| Promise'))
const proofsIn = (row: string) => [...row.matchAll(/`(test\/[\w/.-]+\.ts)`: “([^”]+)”/g)]

test('there are promises, and each of them names a test', () => {
  expect(rows.length).toBeGreaterThan(8)
  expect(rows.filter((row) => proofsIn(row).length === 0)).toEqual([])
})

test.each(rows.flatMap(proofsIn).map(([, file = '', title = '']) => [file, title]))('%s has “%s”', (file, title) => {
  expect(existsSync(join(ROOT, file))).toBe(true)
  const text = readFileSync(join(ROOT, file), 'utf8')
  const titles = [...text.matchAll(/\b(?:test|it)\b[^'"`]*?(['"])(.*?)\1,/g)].map(([, , found]) => found)
  const cases = [...text.matchAll(/^ *'([^']+)': /gm)].map(([, found]) => found) // of a table of tests
  expect([...titles, ...cases]).toContain(title)
})

import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadCatalog } from '../../catalog/load.ts'
import { printProblems } from '../../catalog/problem/problem.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/bad-catalogs')
/** A catalog without problems; each folder beside it holds only the files that differ, and what is printed then. */
const GOOD = join(FOLDER, '_good')
const EXPECTED = 'printed.txt'

const kinds = (await readdir(FOLDER)).filter((name) => name !== '_good')

test('the catalog that the bad ones are made from is good', async () => {
  expect(await loadCatalog(GOOD)).toHaveProperty('catalog')
})

test.each(kinds)('%s', async (kind) => {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-catalog-'))
  try {
    await cp(GOOD, folder, { recursive: true })
    await cp(join(FOLDER, kind), folder, { recursive: true, filter: (source) => !source.endsWith(EXPECTED) })
    const result = await loadCatalog(folder)
    const printed = 'problems' in result ? printProblems(result.problems, 'catalog') : 'no problem\n'
    expect(printed).not.toBe('no problem\n')
    await expect(printed).toMatchFileSnapshot(join(FOLDER, kind, EXPECTED))
  } finally {
    await rm(folder, { recursive: true })
  }
})

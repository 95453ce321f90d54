import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { loadCatalog } from '../../catalog/load.ts'
import { printProblems } from '../../catalog/problem/problem.ts'
import { EDITOR_SCHEMAS } from '../../catalog/schema/json-schema.ts'

const README = await readFile(join(import.meta.dirname, '../../catalog/README.md'), 'utf8')
const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><path d="M0 0h4v3z"/></svg>\n'

/** The examples of the guide by the file that it says they are. */
function examples(): Map<string, string> {
  const found = README.matchAll(/`([\w/-]+\.yaml)`[^`]*\n\n```yaml\n([\s\S]*?)```/g)
  const files = new Map([...found].map((match) => [match[1] ?? '', match[2] ?? '']))
  const shop = /```yaml\n(# yaml-language-server: \$schema=schema[\s\S]*?)```/.exec(README)?.[1] ?? ''
  return files.set('shop.yaml', shop)
}

test('the examples of the guide make a catalog without problems', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-readme-'))
  const files = examples().set('images/field-guide.svg', PICTURE).set('images/shirt.svg', PICTURE)
  for (const [file, text] of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
  const result = await loadCatalog(folder)
  await rm(folder, { recursive: true })
  expect('problems' in result ? printProblems(result.problems) : '').toBe('')
  expect(files.size).toBe(README.match(/```yaml/g)?.length ? 10 : 0)
})

test('the guide names every field', () => {
  const fields = Object.values(EDITOR_SCHEMAS).flatMap((schema) => Object.keys(schema.properties ?? {}))
  for (const field of fields) expect(README).toContain(`\`${field}\``)
})

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tagsale } from '../../app/cli/tagsale.ts'
import { loadCatalog } from '../../catalog/load.ts'

const BAD = join(import.meta.dirname, '../fixtures/bad-catalogs')

test('the SHA-256 of a file is written into its asset, and nothing else is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-sha256-'))
  const said: string[] = []
  const terminal = { out: (text: string) => said.push(text), error: (text: string) => said.push(text), isScreen: false }
  try {
    await cp(join(BAD, '_good'), folder, { recursive: true })
    await cp(join(BAD, 'approved-without-bytes/assets'), join(folder, 'assets'), { recursive: true })
    const asset = join(folder, 'assets/guide-pdf.yaml')
    const before = await readFile(asset, 'utf8')
    const file = join(folder, 'guide.pdf')
    await writeFile(file, 'A')
    const run = (...args: string[]) => tagsale(['sha256', ...args, '--catalog', folder], terminal)
    expect(await run('guide-pdf', file)).toBe(0)
    const digest = '559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd'
    expect(await readFile(asset, 'utf8')).toBe(before.replace('v1.0.0', `v1.0.0\n  sha256: "${digest}"`))
    expect(await loadCatalog(folder)).toHaveProperty('catalog')
    expect([await run('nobody', file), await run('guide-pdf', join(folder, 'gone.pdf'))]).toEqual([1, 1])
    expect([await run('guide-pdf'), await run('../guide-pdf', file)]).toEqual([2, 2])
    expect(said[0]).toBe(`${asset}: ${digest}\n`)
  } finally {
    await rm(folder, { recursive: true })
  }
})

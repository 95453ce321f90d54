import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCatalogReader } from '../../app/live/reader.ts'
import { loadCatalog } from '../../catalog/load.ts'
import { COMPARISONS_MAX } from '../../catalog/problem/spelling.ts'
import { FIXTURE_CATALOG } from '../support/shop.ts'

const readApart = createCatalogReader()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tagsale-reader-'))
  await cp(FIXTURE_CATALOG, folder, { recursive: true })
  await mkdir(join(folder, 'products'), { recursive: true })
  const keys = Array.from({ length: 900 }, (_, n) => `key-${n}: ${n}`).join('\n')
  for (let n = 0; n < 60; n += 1) await writeFile(join(folder, `products/heavy-${n}.yaml`), `${keys}\n`)
})
afterAll(() => rm(folder, { recursive: true }))

test('a catalog that is read apart is the same, and so are its problems', async () => {
  expect(await readApart(FIXTURE_CATALOG)).toEqual(await loadCatalog(FIXTURE_CATALOG))
  expect(await readApart(join(folder, 'products'))).toEqual(await loadCatalog(join(folder, 'products')))
})

test('buyers are served meanwhile', async () => {
  let longest = 0
  let isDone = false
  const start = performance.now()
  const reading = readApart(folder).finally(() => {
    isDone = true
  })
  while (!isDone) {
    const began = performance.now()
    await sleep(5)
    longest = Math.max(longest, performance.now() - began - 5)
  }
  expect(await reading).toHaveProperty('problems')
  expect(longest).toBeLessThan((performance.now() - start) / 3) // in this thread it is one long stretch
})

test('one that takes too long is given up, said so, and the next is read all the same', async () => {
  const [slow, next] = await Promise.allSettled([readApart(folder, 0.05), readApart(FIXTURE_CATALOG)])
  expect(slow).toMatchObject({
    reason: { name: 'CatalogRefusedError', found: expect.stringContaining('0.05 seconds') },
  })
  expect(next).toMatchObject({ value: { catalog: {} } })
})

test('a thousand wrong references among a thousand ids stop nobody, and get as many guesses as there is time for', async () => {
  const wrong = await mkdtemp(join(tmpdir(), 'tagsale-wrong-'))
  await cp(FIXTURE_CATALOG, wrong, { recursive: true })
  const id = (n: number) => `${'abcdefghij'.repeat(4)}-${n}x`
  const asset = await readFile(join(FIXTURE_CATALOG, 'assets/guide-pdf.yaml'), 'utf8')
  const product = await readFile(join(FIXTURE_CATALOG, 'products/sticker.yaml'), 'utf8')
  const kept = product.split('\n').filter((line) => line !== '' && !/^( |gives:)/.test(line))
  const text = (n: number) => `${kept.join('\n')}\ngives: { downloads: [${id(n)}-y] }\n`
  for (let n = 0; n < 1000; n += 1) {
    await writeFile(join(wrong, `assets/${id(n)}.yaml`), asset)
    await writeFile(join(wrong, `products/p-${n}x.yaml`), text(n))
  }
  const { max, result } = await watchingThisThread(() => readApart(wrong, 50))
  await rm(wrong, { recursive: true })
  const problems = 'problems' in result ? result.problems : []
  const references = problems.filter(({ found }) => found.startsWith('There is no asset'))
  expect(references).toHaveLength(1000)
  const guesses = references.filter(({ expected }) => expected.startsWith('Did you mean'))
  expect(guesses.length).toBeGreaterThan(0)
  expect(guesses.length).toBeLessThanOrEqual(COMPARISONS_MAX / 1000)
  expect(max.readMs / max.stopMs).toBeGreaterThan(3) // in this thread it is one long stretch
}, 60_000)

/** The longest stretch in which nobody else was served here, and how long it took. */
async function watchingThisThread<Result>(work: () => Promise<Result>) {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const began = performance.now()
  const result = await work()
  delay.disable()
  return { result, max: { stopMs: delay.max / 1e6, readMs: performance.now() - began } }
}

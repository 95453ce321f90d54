import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCatalogReader } from '../../app/live/reader.ts'
import { loadCatalog } from '../../catalog/load.ts'
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

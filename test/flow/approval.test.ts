import { afterEach, test } from 'vitest'
import { startWorker, type Worker } from '../../app/worker.ts'
import { FILES } from '../support/files.ts'
import { SAMPLE } from '../support/repository.ts'
import { eventually } from '../support/sandbox.ts'
import { openTestShop, type TestShop } from '../support/shop.ts'

// With the worker as it runs for real: it is woken by the very write that makes a catalog live, before anything shows it.

let shop: TestShop
let worker: Worker
afterEach(async () => {
  await worker.stop(1)
  await shop.close()
})

test('the files of a catalog are approved as soon as it is live, and not by the next one', async () => {
  shop = await openTestShop({ follow: { files: SAMPLE } })
  worker = startWorker(shop.parts)
  const approved = async () => (await shop.store.shopEvents()).filter(({ type }) => type === 'asset.approved').length
  await eventually(async () => shop.parts.shop.isOpen(), Boolean)
  await eventually(approved, (count) => count === Object.keys(FILES).length, 5)
})

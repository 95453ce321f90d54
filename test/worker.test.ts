import { afterAll, beforeAll, expect, test } from 'vitest'
import { jobDueAt, type Work } from '../app/job/job.ts'
import type { Store } from '../app/store/store.ts'
import { startWorker } from '../app/worker.ts'
import { eventually } from './support/sandbox.ts'
import { openTestShop, type TestShop } from './support/shop.ts'

// The worker over a real store, in real time: what wakes it, and that nothing else does.

let shop: TestShop
beforeAll(async () => {
  shop = await openTestShop()
})
afterAll(() => shop.close())

const order = 'ord_nobody' as const // such an order is not there, so its jobs are done as soon as they are begun
const later = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString()
const ask = (id: string, dueAt = later(0), work: Work = { kind: 'close-checkout', order }) =>
  shop.store.transact({}, () => ({ jobs: [jobDueAt(dueAt, work, id)] }))
const isDone = async (id: string) => (await shop.store.job(id)) === undefined
const untilDone = (id: string) => eventually(() => isDone(id), Boolean)

/** The shop's store, with its calls counted. */
function countingStore(changes: Partial<Store> = {}) {
  const calls: string[] = []
  const counted = Object.entries({ ...shop.store, ...changes }).map(([name, call]) => [
    name,
    (...given: unknown[]) => {
      calls.push(name)
      return (call as (...given: unknown[]) => unknown)(...given)
    },
  ])
  return { calls, store: Object.fromEntries(counted) as Store }
}
const sleep = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds))

test('a job that is written is begun at once, one for later when it is due, and many of a queue side by side', async () => {
  const worker = startWorker(shop.parts)
  await sleep(50)
  await ask('now')
  await untilDone('now')
  await ask('later', later(700))
  await sleep(300)
  expect(await isDone('later')).toBe(false)
  await untilDone('later')
  for (let count = 0; count < 30; count += 1) await ask(`many-${count}`)
  for (let count = 0; count < 30; count += 1) await untilDone(`many-${count}`)
  await worker.stop(1)
})

test('an idle worker asks the store nothing', async () => {
  await ask('in-an-hour', later(3_600_000))
  const { calls, store } = countingStore()
  const worker = startWorker({ ...shop.parts, store })
  await eventually(
    async () => calls.filter((name) => name === 'nextDueAt').length,
    (count) => count >= 5,
  )
  const before = calls.length
  await sleep(1_500)
  expect(calls.slice(before)).toEqual([])
  await worker.stop(1)
})

test('two workers over one store are both woken, and do each job once', async () => {
  const workers = [startWorker(shop.parts), startWorker(shop.parts)]
  const done = shop.logged.length
  for (let count = 0; count < 20; count += 1) await ask(`shared-${count}`)
  for (let count = 0; count < 20; count += 1) await untilDone(`shared-${count}`)
  expect(shop.logged.slice(done).join('')).not.toContain('could not be dispatched')
  for (const worker of workers) await worker.stop(1)
})

test('a store that fails is said, left alone for a second, and then asked again', async () => {
  let isBroken = true
  const { claimJobs } = shop.store
  const { calls, store } = countingStore({
    claimJobs: (...given) => (isBroken ? Promise.reject(new Error('gone')) : claimJobs(...given)),
  })
  const worker = startWorker({ ...shop.parts, store })
  await sleep(500)
  expect(calls.filter((name) => name === 'claimJobs')).toHaveLength(5) // once for each queue
  expect(shop.logged.join('')).toContain('a job could not be dispatched')
  isBroken = false
  await ask('after-it')
  await untilDone('after-it')
  await worker.stop(1)
})

test('stopped, it lets what it has begun end, and begins nothing more', async () => {
  const worker = startWorker(shop.parts)
  await worker.stop(1)
  await ask('too-late')
  await sleep(300)
  expect(await isDone('too-late')).toBe(false)
})

test('a queue that is full of work that hangs is left alone until some of it ends', async () => {
  const hanging = Promise.withResolvers<never>()
  const { calls, store } = countingStore({ order: () => hanging.promise })
  for (let count = 0; count < 8; count += 1) await ask(`hangs-${count}`, later(300))
  const worker = startWorker({ ...shop.parts, store })
  await sleep(700)
  await ask('another-queue', later(0), { kind: 'fulfill', order })
  const before = calls.length
  await sleep(700)
  expect(calls.length - before).toBeLessThan(20)
  hanging.reject(new Error('it hung for long enough'))
  await worker.stop(1)
})

import { describe, expect, it } from 'vitest'
import { openLowdbStore } from '../../app/store/lowdb.ts'
import type { Store } from '../../app/store/store.ts'
import { orderNumber, wholeSale } from './sale.ts'
import { FAULTS, type Fault, type SimulatedDisk, seeded, simulatedDisk } from './simulated-disk.ts'

// The same sales over and over, and each time another call to the disk goes wrong, in every way a call can. Then the
// store is opened again and must hold what was acknowledged, and of the rest a first part or nothing.

const SALES = 9
const SEEDS_PER_POWER_CUT = 4

type Run = { acknowledged: number[]; afterFailure: number[]; failures: number }

const openOn = async (disk: SimulatedDisk, onFailure: (error: Error) => void = () => {}) =>
  (await openLowdbStore({ folder: '/shop', disk, now: () => new Date(0), onFailure })).store

/** Sells one by one, then many at once, then after a restart. Ends where the disk ends it. */
async function sellOn(disk: SimulatedDisk): Promise<Run> {
  const run: Run = { acknowledged: [], afterFailure: [], failures: 0 }
  const open = () => openOn(disk, () => run.failures++)
  const sell = async (store: Store, n: number) => {
    const lateBy = disk.failed()
    await store.transact({ order: orderNumber(n) }, () => wholeSale(orderNumber(n)))
    run.acknowledged.push(n)
    if (lateBy) run.afterFailure.push(n)
  }
  const together = async (sales: Promise<void>[]) => {
    const failed = (await Promise.allSettled(sales)).find((sale) => sale.status === 'rejected')
    if (failed) throw failed.reason
  }
  try {
    const store = await open()
    await sell(store, 0)
    await sell(store, 1)
    await together([2, 3, 4, 5, 6].map((n) => sell(store, n)))
    await store.close()
    const again = await open()
    await together([7, 8].map((n) => sell(again, n)))
  } catch {
    return run // what went wrong is judged by what is left
  }
  return run
}

/** What is wrong with what the disk holds after the run; nothing when the store kept its word. */
async function brokenPromise(disk: SimulatedDisk, run: Run): Promise<string | undefined> {
  if (run.afterFailure.length > 0) return `acknowledged ${run.afterFailure} after a failure`
  if (run.failures > 1) return `told of ${run.failures} failures`
  try {
    const store = await openOn(disk)
    const { orders, jobsWaiting, deliveries } = await store.counts()
    if (jobsWaiting !== 3 * orders || deliveries !== orders) return 'half a transaction'
    for (let n = 0; n < SALES; n++) {
      const order = await store.order(orderNumber(n))
      if (order && order.version !== 2) return `half an order: ${n}`
      if (!order && run.acknowledged.includes(n)) return `lost ${n}, which was acknowledged`
      if ((order !== undefined) !== n < orders) return `kept a later sale, and not ${n}`
    }
    await store.transact({}, () => wholeSale(orderNumber(99)))
    await store.close()
    const again = await openOn(disk)
    return (await again.counts()).orders === orders + 1 ? undefined : 'lost the sale after the restart'
  } catch (error) {
    return `does not open again: ${(error as Error).message}`
  }
}

/** Every call × every fault × what comes after it; what went wrong, with what repeats it. */
async function brokenPromises(lies: readonly ('datasync' | 'syncFolder')[] = []) {
  const healthy = simulatedDisk({}, lies)
  const whole = await sellOn(healthy)
  const broken: string[] = []
  for (let call = 0; call < healthy.calls.length; call++) {
    for (const fault of FAULTS) {
      const seeds = Array.from({ length: SEEDS_PER_POWER_CUT }, (_, n) => call * 1000 + n)
      for (const seed of fault.startsWith('power cut') ? seeds : [undefined, ...seeds.slice(0, 2)]) {
        const problem = await afterFault(lies, call, fault, seed)
        if (problem) broken.push(`call ${call} (${healthy.calls[call]}) ${fault}, seed ${seed}: ${problem}`)
      }
    }
  }
  return { whole, calls: healthy.calls, broken }
}

async function afterFault(
  lies: readonly ('datasync' | 'syncFolder')[],
  call: number,
  fault: Fault,
  seed: number | undefined,
): Promise<string | undefined> {
  const disk = simulatedDisk({}, lies)
  disk.failAt(call, fault)
  const run = await sellOn(disk)
  disk.restart()
  if (seed !== undefined) disk.powerCut(seeded(seed))
  return brokenPromise(disk, run)
}

describe('whatever call to the disk goes wrong', () => {
  it('keeps what was acknowledged, acknowledges nothing more, and opens again', async () => {
    const { whole, calls, broken } = await brokenPromises()
    expect(whole.acknowledged).toHaveLength(SALES)
    expect(new Set(calls)).toEqual(
      new Set(['makeFolder', 'lock', 'open', 'create', 'read', 'write', 'datasync', 'syncFolder', 'rename', 'close']),
    )
    expect(broken).toEqual([])
  })

  it('mends an unfinished line, whatever goes wrong while it does', async () => {
    const disk = simulatedDisk()
    const store = await openOn(disk)
    for (const n of [0, 1, 2]) await store.transact({}, () => wholeSale(orderNumber(n)))
    const files = disk.files()
    const journal = files['/shop/orders.journal'] as Buffer
    const torn = { ...files, '/shop/orders.journal': journal.subarray(0, journal.length - 40) }
    const healthy = simulatedDisk(torn)
    await openOn(healthy)
    expect(healthy.calls).toContain('truncate')
    for (let call = 0; call < healthy.calls.length; call++) {
      for (const fault of FAULTS) {
        const mended = simulatedDisk(torn)
        mended.failAt(call, fault)
        await openOn(mended).catch(() => undefined)
        mended.restart()
        mended.powerCut(seeded(call))
        expect(
          await brokenPromise(mended, { acknowledged: [0, 1], afterFailure: [], failures: 0 }),
          `call ${call}, ${fault}`,
        ).toBeUndefined()
      }
    }
  })

  it.each(['datasync', 'syncFolder'] as const)(
    'is noticed by these tests when %s does nothing, so they can fail',
    async (lie) => {
      const { whole, broken } = await brokenPromises([lie])
      expect(whole.acknowledged).toHaveLength(SALES)
      expect(broken.filter((problem) => /lost|does not open/.test(problem)).length).toBeGreaterThan(10)
    },
  )
})

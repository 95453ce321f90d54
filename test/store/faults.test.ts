import { describe, expect, it } from 'vitest'
import { openLowdbStore } from '../../app/store/lowdb.ts'
import type { Store } from '../../app/store/store.ts'
import { orderNumber, wholeSale } from './sale.ts'
import { FAULTS, type Fault, type Lies, type SimulatedDisk, seeded, simulatedDisk } from './simulated-disk.ts'

// The same sales over and over, and each time another call to the disk goes wrong, in every way a call can. Then the
// store is opened again and must hold what was acknowledged, and of the rest a first part or nothing.

const SALES = 9
const SEEDS_PER_POWER_CUT = 3
const SEEDS_PER_OPENING = 8

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
    disk.restart()
    disk.powerCut(() => 0)
    const again = await openOn(disk)
    if ((await again.counts()).orders !== orders) return 'took back in a power cut what it had shown after the restart'
    await again.transact({}, () => wholeSale(orderNumber(99)))
    await again.close()
    return (await (await openOn(disk)).counts()).orders === orders + 1 ? undefined : 'lost the sale after the restart'
  } catch (error) {
    return `does not open again: ${(error as Error).message}`
  }
}

/** Every call × every fault × what comes after it; what went wrong, with what repeats it. */
async function brokenPromises(lies: Lies = []) {
  const healthy = simulatedDisk({}, lies)
  const whole = await sellOn(healthy)
  const broken: string[] = []
  for (let call = 0; call < healthy.calls.length; call++) {
    for (const fault of FAULTS) {
      const seeds = Array.from({ length: SEEDS_PER_POWER_CUT }, (_, n) => call * 1000 + n)
      for (const seed of fault.startsWith('power cut') ? seeds : [undefined, seeds[0]]) {
        const problem = await afterFault(lies, call, fault, seed)
        if (problem) broken.push(`call ${call} (${healthy.calls[call]}) ${fault}, seed ${seed}: ${problem}`)
      }
    }
  }
  return { whole, calls: healthy.calls, broken }
}

async function afterFault(
  lies: Lies,
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

/** Every call of opening a store with these files × every fault; then the power goes too. */
async function brokenOpenings(files: Record<string, Buffer>, acknowledged: number[]) {
  const { calls } = await opened(simulatedDisk(files))
  const broken: string[] = []
  for (const [call, fault] of calls.flatMap((_, call) => FAULTS.map((fault) => [call, fault] as const))) {
    for (let seed = 0; seed < SEEDS_PER_OPENING; seed++) {
      const disk = simulatedDisk(files)
      disk.failAt(call, fault)
      await opened(disk)
      disk.restart()
      disk.powerCut(seeded(seed))
      const problem = await brokenPromise(disk, { acknowledged, afterFailure: [], failures: 0 })
      if (problem) broken.push(`call ${call} (${calls[call]}) ${fault}, seed ${seed}: ${problem}`)
    }
  }
  return { calls, broken }
}

/** The disk, after a store was opened on it or failed to. */
const opened = (disk: SimulatedDisk) =>
  openOn(disk).then(
    () => disk,
    () => disk,
  )

describe('whatever call to the disk goes wrong', { timeout: 60_000 }, () => {
  it('keeps what was acknowledged, acknowledges nothing more, and opens again', async () => {
    const { whole, calls, broken } = await brokenPromises()
    expect(whole.acknowledged).toHaveLength(SALES)
    expect(new Set(calls)).toEqual(
      new Set(['makeFolder', 'lock', 'open', 'create', 'read', 'write', 'datasync', 'syncFolder', 'rename', 'close']),
    )
    expect(broken).toEqual([])
  })

  it('makes a store, whatever goes wrong while it does', async () => {
    const { calls, broken } = await brokenOpenings({}, [])
    expect(calls).toContain('rename')
    expect(broken).toEqual([])
  })

  it('mends an unfinished line, whatever goes wrong while it does', async () => {
    const disk = simulatedDisk()
    const store = await openOn(disk)
    for (const n of [0, 1, 2]) await store.transact({}, () => wholeSale(orderNumber(n)))
    const files = disk.files()
    const journal = files['/shop/orders.journal'] as Buffer
    const torn = { ...files, '/shop/orders.journal': journal.subarray(0, journal.length - 40) }
    const { calls, broken } = await brokenOpenings(torn, [0, 1])
    expect(calls).toContain('truncate')
    expect(broken).toEqual([])
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

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Disk, nodeDisk } from '../../app/store/disk.ts'
import { LINES_WAITING_MAX } from '../../app/store/group-commit.ts'
import { openLowdbStore } from '../../app/store/lowdb.ts'
import { StoreBusyError } from '../../app/store/refusal.ts'
import { describeStore } from './contract.ts'
import { orderNumber, placed, wholeSale } from './sale.ts'
import { simulatedDisk } from './simulated-disk.ts'

const now = () => new Date('2026-03-01T09:00:00Z')
const unexpected = (error: Error) => {
  throw error
}

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tagsale-store-'))
})
afterAll(() => rm(root, { recursive: true }))

let folders = 0
describeStore('the embedded store', async () => {
  const parts = { folder: join(root, 'new', `${folders++}`), now, onFailure: unexpected }
  let { store } = await openLowdbStore(parts)
  const reopen = async () => {
    await store.close()
    store = (await openLowdbStore(parts)).store
    return store
  }
  return { store, reopen }
})

/** A disk whose syncs wait until they are let go; one of them may fail, and those after it succeed again. */
function gatedDisk() {
  const gate = { shut: false, failNext: false, waiting: [] as (() => void)[], syncs: 0, writes: 0 }
  const disk: Disk = simulatedDisk()
  const gated: Disk = {
    ...disk,
    async create(path) {
      const file = await disk.create(path)
      const datasync = async () => {
        gate.syncs++
        if (gate.shut) await new Promise<void>((resolve) => gate.waiting.push(resolve))
        if (gate.failNext) {
          gate.failNext = false
          throw new Error('EIO')
        }
        await file.datasync()
      }
      const write = (bytes: Buffer, position: number) => {
        gate.writes++
        return file.write(bytes, position)
      }
      return { ...file, datasync, write }
    },
  }
  const open = () => {
    gate.shut = false
    for (const go of gate.waiting.splice(0)) go()
  }
  return { gate, disk: gated, open }
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 20))
const openOn = async (disk: Disk, onFailure: (error: Error) => void = unexpected) =>
  (await openLowdbStore({ folder: '/shop', disk, now, onFailure })).store

describe('durability', { timeout: 30_000 }, () => {
  const order = orderNumber(1)

  it('answers nothing that it has seen before that is on the disk', async () => {
    const { disk, gate, open } = gatedDisk()
    const store = await openOn(disk)
    gate.shut = true
    const calls = {
      transact: store.transact({ order }, () => wholeSale(order)),
      order: store.order(order),
      events: store.events(order),
      customer: store.customer(order),
      job: store.job(`receipt:${order}`),
      claimJobs: store.claimJobs(new Date('2030-01-01T00:00:00Z'), 10, 60, ['mail']),
      nextDueAt: store.nextDueAt(['mail']),
      counts: store.counts(),
      nothingToWrite: store.transact({ order }, () => ({})),
      refused: store.transact({ order }, () => unexpected(new Error('placed already'))).catch(() => 'refused'),
    }
    const answered: string[] = []
    for (const [name, call] of Object.entries(calls)) void call.then(() => answered.push(name))
    await settled()
    expect(answered).toEqual([])
    open()
    await Promise.all(Object.values(calls))
    expect(answered.toSorted()).toEqual(Object.keys(calls).toSorted())
    expect(await calls.order).toMatchObject({ id: order, version: 2 })
  })

  it('tells who watches of a change once it is on the disk', async () => {
    const { disk, gate, open } = gatedDisk()
    const store = await openOn(disk)
    let told = 0
    store.watch(() => told++)
    gate.shut = true
    const writing = store.transact({ order }, () => wholeSale(order))
    await settled()
    expect(told).toBe(0)
    open()
    await writing
    expect(told).toBe(1)
  })

  it('writes nothing for a change without content', async () => {
    const { disk, gate } = gatedDisk()
    const store = await openOn(disk)
    const { writes, syncs } = gate
    await store.transact({ order }, () => ({ events: [], jobs: [], settled: [], answer: 42 }))
    expect([gate.writes, gate.syncs]).toEqual([writes, syncs])
  })

  it('shares one sync among all who arrive while another is under way', async () => {
    const { disk, gate, open } = gatedDisk()
    const store = await openOn(disk)
    const before = gate.syncs
    gate.shut = true
    const first = store.transact({}, () => wholeSale(orderNumber(0)))
    await settled()
    const others = Array.from({ length: 200 }, (_, n) => store.transact({}, () => wholeSale(orderNumber(n + 1))))
    open()
    await Promise.all([first, ...others])
    expect(gate.syncs - before).toBe(2)
  })

  it('refuses as busy when too much waits, and takes more once it has drained', async () => {
    const { disk, gate, open } = gatedDisk()
    const store = await openOn(disk)
    gate.shut = true
    const job = (n: number) => ({ settled: [{ id: `job-${n}`, revision: n }] })
    const taken = Array.from({ length: LINES_WAITING_MAX }, (_, n) => store.transact({}, () => job(n)))
    const refused = store.transact({ order }, () => wholeSale(order))
    open()
    await expect(refused).rejects.toThrow(StoreBusyError)
    await Promise.all(taken)
    expect(await store.order(order)).toBeUndefined()
    await store.transact({ order }, () => wholeSale(order))
    expect(await store.order(order)).toBeDefined()
  })

  it('refuses a change that is longer than a line may be, and stays whole', async () => {
    const store = await openOn(simulatedDisk())
    const endless = { ...placed(order), shop: 'x'.repeat(1_000_000) }
    await expect(store.transact({ order }, () => ({ events: [endless] }))).rejects.toThrow(
      'more than one line may hold',
    )
    expect(await store.order(order)).toBeUndefined()
  })

  it('stops at the first failure: nobody is answered, it is told once, and the file is not synced again', async () => {
    const { disk, gate, open } = gatedDisk()
    const onFailure = vi.fn()
    const store = await openOn(disk, onFailure)
    await store.transact({}, () => wholeSale(orderNumber(7)))
    Object.assign(gate, { shut: true, failNext: true })
    const first = store.transact({ order }, () => wholeSale(order))
    await settled()
    const waiting = [store.transact({}, () => wholeSale(orderNumber(2))), store.order(orderNumber(7))]
    const { syncs } = gate
    open()
    for (const call of [first, ...waiting]) await expect(call).rejects.toThrow('takes no more writes')
    await expect(store.transact({}, () => wholeSale(orderNumber(3)))).rejects.toThrow('takes no more writes')
    await expect(store.order(orderNumber(7))).rejects.toThrow('takes no more writes')
    await store.close()
    expect(onFailure).toHaveBeenCalledTimes(1)
    expect(gate.syncs).toBe(syncs)
  })
})

describe('one folder', () => {
  it('is used by one store at a time', async () => {
    const parts = { folder: join(root, 'shared'), disk: nodeDisk, now, onFailure: unexpected }
    const { store } = await openLowdbStore(parts)
    await expect(openLowdbStore(parts)).rejects.toThrow(
      /^Another process is using the store in .*shared\. Stop that one/,
    )
    await store.close()
    const again = await openLowdbStore(parts)
    await again.store.close()
  })
})

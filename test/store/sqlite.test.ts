import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { OrderId } from '../../app/order/id.ts'
import { factsQuery } from '../../app/store/queries.ts'
import { StoreUnavailableError } from '../../app/store/refusal.ts'
import { MIGRATIONS } from '../../app/store/schema.ts'
import { sql } from '../../app/store/sql.ts'
import { STEPS_WAITING_MAX } from '../../app/store/sqlite/engine.ts'
import { openSqliteReader } from '../../app/store/sqlite/file.ts'
import { openSqliteStore, openSqliteTables, type SqliteParts } from '../../app/store/sqlite/sqlite.ts'
import { eventually } from '../support/sandbox.ts'
import { describeStore } from './contract.ts'
import { customerOf, orderNumber, placed, sell } from './sale.ts'

const KEY = 'k'.repeat(32)
const JOURNAL = join(import.meta.dirname, '../fixtures/journal')

const unexpected = (error: Error) => {
  throw error
}
const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 20))

let root = ''
let folders = 0
const newFolder = () => join(root, 'new', `${folders++}`)
const open = (folder: string, more: Partial<SqliteParts> = {}) =>
  openSqliteStore({ folder, key: KEY, random: randomBytes, onFailure: unexpected, ...more })
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tagsale-store-'))
})
afterAll(() => rm(root, { recursive: true }))

describeStore('the embedded store', async () => {
  const folder = newFolder()
  let store = await open(folder)
  const reopen = async () => {
    await store.close()
    store = await open(folder)
    return store
  }
  return { store, reopen }
})

/** A flush that waits until it is let go; one of them may fail, and those after it succeed again. */
function gatedFlush() {
  const gate = { shut: false, failNext: false, waiting: [] as (() => void)[], flushes: 0 }
  const flush: SqliteParts['flush'] = async (file) => {
    gate.flushes++
    if (gate.shut) await new Promise<void>((resolve) => gate.waiting.push(resolve))
    if (gate.failNext) {
      gate.failNext = false
      throw new Error('EIO')
    }
    await file.datasync()
  }
  const letGo = () => {
    gate.shut = false
    for (const go of gate.waiting.splice(0)) go()
  }
  return { gate, flush, letGo }
}

describe('durability', { timeout: 30_000 }, () => {
  const order = orderNumber(1)

  it('answers nothing that it has seen before that is on the disk', async () => {
    const { flush, gate, letGo } = gatedFlush()
    const store = await open(newFolder(), { flush })
    gate.shut = true
    const selling = sell(store, order)
    await settled()
    const calls = {
      selling,
      order: store.order(order),
      events: store.events(order),
      customer: store.customer(order),
      orders: store.orders({}),
      job: store.job(`receipt:${order}`),
      claimJobs: store.claimJobs(new Date('2030-01-01T00:00:00Z'), 10, 60, 'mail'),
      nextDueAt: store.nextDueAt('mail'),
      counts: store.counts(),
      nothingToWrite: store.transact({ order }, () => ({})),
      refused: store.transact({ order }, () => unexpected(new Error('placed already'))).catch(() => 'refused'),
    }
    const answered: string[] = []
    for (const [name, call] of Object.entries(calls)) void call.then(() => answered.push(name))
    await settled()
    expect(answered).toEqual([])
    letGo()
    await Promise.all(Object.values(calls))
    expect(answered.toSorted()).toEqual(Object.keys(calls).toSorted())
    expect(await calls.order).toMatchObject({ id: order, version: 2 })
    await store.close()
  })

  it('tells who watches of a change once it is on the disk', async () => {
    const { flush, gate, letGo } = gatedFlush()
    const store = await open(newFolder(), { flush })
    let told = 0
    store.watch(() => told++)
    gate.shut = true
    const writing = sell(store, order)
    await settled()
    expect(told).toBe(0)
    letGo()
    await writing
    expect(told).toBe(1)
    await store.close()
  })

  it('is made sure of when a store is opened: a flush before may have failed', async () => {
    const [killed, folder] = [newFolder(), newFolder()]
    const before = await open(killed)
    await sell(before, order)
    await cp(killed, folder, { recursive: true })
    await before.close()
    const { flush, gate, letGo } = gatedFlush()
    gate.shut = true
    let isOpen = false
    const opening = open(folder, { flush }).finally(() => {
      isOpen = true
    })
    await eventually(async () => gate.flushes, Boolean)
    await settled()
    expect([isOpen, gate.flushes]).toEqual([false, 1])
    letGo()
    const store = await opening
    expect(await store.order(order)).toBeDefined()
    await store.close()
  })

  it('flushes nothing for a change without content', async () => {
    const { flush, gate } = gatedFlush()
    const store = await open(newFolder(), { flush })
    const { flushes } = gate
    await store.transact({ order }, () => ({ events: [], jobs: [], settled: [], answer: 42 }))
    expect(gate.flushes).toBe(flushes)
    await store.close()
  })

  it('shares one flush among all who arrive while another is under way', async () => {
    const { flush, gate, letGo } = gatedFlush()
    const store = await open(newFolder(), { flush })
    const before = gate.flushes
    gate.shut = true
    const first = sell(store, orderNumber(0))
    await settled()
    const others = Array.from({ length: 100 }, (_, n) => sell(store, orderNumber(n + 1)))
    for (let turn = 0; turn < 20; turn += 1) await nextTurn() // all are committed, some in each turn
    letGo()
    await Promise.all([first, ...others])
    expect(gate.flushes - before).toBe(2)
    await store.close()
  })

  it('refuses as busy when too much waits, and takes more once it has drained', async () => {
    const { flush, gate, letGo } = gatedFlush()
    const store = await open(newFolder(), { flush })
    gate.shut = true
    const first = sell(store, orderNumber(0))
    await settled()
    const job = (n: number) => ({ settled: [{ id: `job-${n}`, revision: n }] })
    const taken = Array.from({ length: STEPS_WAITING_MAX - 1 }, (_, n) => store.transact({}, () => job(n)))
    const refused = sell(store, order)
    letGo()
    await expect(refused).rejects.toThrow(StoreUnavailableError)
    await Promise.all([first, ...taken])
    expect(await store.order(order)).toBeUndefined()
    await sell(store, order)
    expect(await store.order(order)).toBeDefined()
    await store.close()
  })

  it('stops at the first failure: nobody is answered, it is told once, and nothing is flushed again', async () => {
    const { flush, gate, letGo } = gatedFlush()
    const onFailure = vi.fn()
    const store = await open(newFolder(), { flush, onFailure })
    await sell(store, orderNumber(7))
    Object.assign(gate, { shut: true, failNext: true })
    const first = sell(store, order)
    await settled()
    const waiting = [sell(store, orderNumber(2)), store.order(orderNumber(7))]
    const { flushes } = gate
    letGo()
    for (const call of [first, ...waiting]) await expect(call).rejects.toThrow('takes no more writes')
    await expect(sell(store, orderNumber(3))).rejects.toThrow('takes no more writes')
    await expect(store.order(orderNumber(7))).rejects.toThrow('takes no more writes')
    await store.close().catch(() => {})
    expect(onFailure).toHaveBeenCalledTimes(1)
    expect(gate.flushes).toBe(flushes)
  })

  it('lets one bad step go, and keeps those that came with it', async () => {
    const store = await open(newFolder())
    const known = { id: 'stripe:evt_1', type: 'test', receivedAt: '2026-03-01T09:00:00.000Z' }
    await store.transact({ delivery: known.id }, () => ({ delivery: known }))
    const sales = [sell(store, orderNumber(1)), sell(store, orderNumber(2))]
    const again = store.transact({ delivery: known.id }, () => ({ delivery: known }))
    sales.push(sell(store, orderNumber(3)))
    await expect(again).rejects.toThrow('UNIQUE')
    await Promise.all(sales)
    expect(await store.counts()).toEqual({ orders: 3, jobsWaiting: 9, deliveries: 4 })
    await store.close()
  })
})

describe('a folder', () => {
  it('is used by one store at a time', async () => {
    const folder = newFolder()
    const store = await open(folder)
    await expect(open(folder)).rejects.toThrow(/^Another process is using the store in .*\. Stop that one/)
    await store.close()
    await (await open(folder)).close()
  })

  it.each([
    [
      'that is another program’s',
      (file: string) => writeFile(file, 'not a database, but long enough to be one'.repeat(200)),
      /is damaged/,
    ],
    ['whose head is overwritten', (file: string) => writeFile(file, Buffer.alloc(100), { flag: 'r+' }), /is damaged/],
    ['that lost its end', (file: string) => truncate(file, 8192), /is damaged/],
  ])('with a file %s is refused by name, and left as it was', async (_, harm, words) => {
    const folder = newFolder()
    const store = await open(folder)
    for (let n = 0; n < 50; n++) await sell(store, orderNumber(n))
    await store.close()
    const file = join(folder, 'shop.sqlite')
    await harm(file)
    const before = await readFile(file)
    await expect(open(folder)).rejects.toThrow(words)
    await expect(open(folder)).rejects.toThrow(file)
    expect(before.equals(await readFile(file))).toBe(true)
  })

  it('of a newer version, or with another key, is refused by name', async () => {
    const folder = newFolder()
    await (await open(folder)).close()
    await expect(open(folder, { key: 'another key of thirty-two characters' })).rejects.toThrow(
      /^STORE_KEY is not the one/,
    )
    const file = join(folder, 'shop.sqlite')
    const { DatabaseSync } = await import('node:sqlite')
    const db = new DatabaseSync(file)
    db.exec('pragma user_version = 99')
    db.close()
    await expect(open(folder)).rejects.toThrow(/was written by a newer version of Tagsale \(format 99/)
  })

  it('holds nothing personal that can be read', async () => {
    const folder = newFolder()
    const store = await open(folder)
    const order = orderNumber(1)
    await sell(store, order)
    await store.transact({ order }, () => ({
      customer: { ...customerOf(order), name: 'Zebulon', email: 'zebulon@example.org' },
    }))
    for (const name of await readdir(folder)) {
      expect((await readFile(join(folder, name))).includes('ebulon'), name).toBe(false)
    }
    await store.close()
  })
})

describe('who is erased', { timeout: 30_000 }, () => {
  it('is not even sealed in any file of the folder', async () => {
    const folder = newFolder()
    const store = await open(folder)
    const orders = Array.from({ length: 3_000 }, (_, n) => orderNumber((n * 7919) % 3_001))
    const buyerOf = (order: OrderId) => ({
      ...customerOf(order),
      email: `zebulon.${order}@example.org`,
      name: `Zebulon ${'x'.repeat(Number.parseInt(order.slice(-2), 36) % 400)}`,
    })
    await Promise.all(
      orders.map((order) => store.transact({ order }, () => ({ events: [placed(order)], customer: buyerOf(order) }))),
    )
    const reader = await openSqliteReader(folder)
    const rows = await reader.ask(sql`select id, sealed from customers`)
    await reader.close()
    const erased = orders.slice(0, 300)
    const secrets = rows.flatMap(({ id, sealed }) => (erased.includes(id as OrderId) ? [sealed as Uint8Array] : []))
    expect(secrets).toHaveLength(300)
    expect(await traces(folder, secrets)).toBeGreaterThan(0)
    expect(await store.erase(erased)).toHaveLength(300)
    expect(await traces(folder, secrets)).toBe(0)
    expect(await store.customer(orders[300] as OrderId)).toEqual(buyerOf(orders[300] as OrderId))
    await store.close()
    expect(await traces(folder, secrets)).toBe(0)
  })

  it('may have to wait for somebody who reads the store', async () => {
    const folder = newFolder()
    const store = await open(folder)
    await sell(store, orderNumber(1))
    const reader = await openSqliteReader(folder)
    await reader.ask(sql`select 1 from facts`)
    await expect(store.erase([orderNumber(1)])).rejects.toThrow('Somebody is reading the store')
    await reader.close()
    expect(await store.erase([orderNumber(1)])).toEqual([orderNumber(1)])
    await store.close()
  })
})

/** How many of these, by the middle of their bytes, are in the folder's files. */
async function traces(folder: string, secrets: readonly Uint8Array[]): Promise<number> {
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))))
  return secrets.filter((secret) => files.some((file) => file.includes(Buffer.from(secret.subarray(28, 60))))).length
}

describe('a journal of the first version', () => {
  const withJournal = async () => {
    const folder = newFolder()
    await cp(JOURNAL, folder, { recursive: true })
    return folder
  }

  it('is taken in whole at the first start, once, and then deleted, with all that tells who bought', async () => {
    const folder = await withJournal()
    for (const _ of ['first', 'second']) {
      const store = await open(folder)
      expect(await store.counts()).toEqual({ orders: 21, jobsWaiting: 56, deliveries: 21 })
      expect(await store.order(orderNumber(100))).toMatchObject({ version: 2, canceled: { reason: 'expired' } })
      expect(await store.customer(orderNumber(3))).toMatchObject({ email: 'new@example.org' })
      expect((await store.shop()).closed?.reason).toBe('suspended')
      expect(await store.job('refresh-shop')).toBeDefined()
      const { reserved } = await store.transact({ prices: ['pin', 'poster'] }, (before) => ({
        events: [],
        reserved: before.reserved,
      }))
      expect([...reserved]).toEqual([
        ['pin', 20],
        ['poster', 0],
      ])
      await store.close()
    }
    expect((await readdir(folder)).toSorted()).toEqual(['lock.sqlite', 'shop.sqlite'])
  })

  it('that was left when the power went is deleted at the next start, and another one never', async () => {
    const folder = await withJournal()
    await (await open(folder)).close()
    await cp(JOURNAL, folder, { recursive: true })
    await (await open(folder)).close()
    expect(existsSync(join(folder, 'orders.journal'))).toBe(false)
    await cp(JOURNAL, folder, { recursive: true })
    await writeFile(join(folder, 'orders.journal'), 'another line', { flag: 'a' })
    await (await open(folder)).close()
    expect(existsSync(join(folder, 'orders.journal'))).toBe(true)
  })

  it.each(['store.json', 'orders.journal.taken-in', 'shop.sqlite-wal'])(
    'or a store that is lost is missed where %s is left, and no empty one is made',
    async (trace) => {
      const folder = newFolder()
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, trace), 'something')
      const missing = /held orders: .* is there, but shop\.sqlite is missing/
      await expect(open(folder)).rejects.toThrow(missing)
      await expect(openSqliteTables(folder, { make: true })).rejects.toThrow(missing)
      expect(existsSync(join(folder, 'shop.sqlite'))).toBe(false)
    },
  )

  it.skipIf(spawnSync('unshare', ['-rm', 'true']).status !== 0)(
    'is taken in or left as it was, however little room the disk has',
    async () => {
      const folder = newFolder()
      await mkdir(folder, { recursive: true })
      const script = join(import.meta.dirname, 'full-disk.sh')
      const { stdout } = spawnSync('unshare', ['-rm', script, folder, JOURNAL, process.execPath], { encoding: 'utf8' })
      const runs = stdout.trim().split('\n')
      expect(runs).toHaveLength(6)
      for (const run of runs) expect(run).toMatch(/^\d+ kB: (refused|21), then 21$/)
      expect(runs.some((run) => run.includes('refused'))).toBe(true)
    },
    60_000,
  )

  it.skipIf(spawnSync('unshare', ['-rm', 'true']).status !== 0)(
    'or a store is read while there is no room to write, keeps nothing meanwhile, and sells when there is; who may not write is told in a sentence',
    async () => {
      const folder = newFolder()
      await mkdir(folder, { recursive: true })
      const script = join(import.meta.dirname, 'room.sh')
      const { stdout } = spawnSync('unshare', ['-rm', script, folder, process.execPath], { encoding: 'utf8' })
      const lines = stdout.trim().split('\n')
      const read = 'StoreFullError'
      expect(lines.slice(0, -1)).toEqual([
        ...['0 orders, sold', `1 orders, ${read}`, `1 orders, ${read}`, '1 orders, sold'],
        ...[`2 orders, ${read}`, '2 orders, sold'],
      ])
      expect(lines.at(-1)).toMatch(
        /^StoreRefusedError: the folder can't be written: EROFS: .* Let the shop write there\.$/,
      )
    },
    60_000,
  )

  it('with a half-written last line is taken in without it', async () => {
    const folder = await withJournal()
    await writeFile(join(folder, 'orders.journal'), '0badc0de 99 {"seq":', { flag: 'a' })
    const store = await open(folder)
    expect((await store.counts()).orders).toBe(21)
    await store.close()
  })

  it('that is damaged is refused by line, and nothing is begun', async () => {
    const folder = await withJournal()
    const file = join(folder, 'orders.journal')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('"amount":1200', '"amount":9900'))
    await expect(open(folder)).rejects.toThrow(/^Line 1 of .*orders\.journal is damaged: the checksum does not match\./)
    expect(existsSync(join(folder, 'shop.sqlite'))).toBe(false)
  })
})

/** Sells in a process of its own that may write only so much; what it printed, and how it ended. */
function sellUntilFull(folder: string, kilobytes: number) {
  const seller = join(import.meta.dirname, 'seller.ts')
  const command = `ulimit -f ${kilobytes}; exec "$0" "$@"`
  const run = spawnSync('bash', ['-c', command, process.execPath, seller, folder], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  return {
    ...run,
    sold: run.stdout
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
      .map(Number),
  }
}

describe('a disk', () => {
  it('that takes no more ends the process, and keeps all that was acknowledged', async () => {
    const folder = newFolder()
    const { sold, status } = sellUntilFull(folder, 1_000)
    expect(status).toBe(2)
    expect(sold.length).toBeGreaterThan(0)
    const store = await open(folder)
    for (const n of sold) expect(await store.order(orderNumber(n)), `order ${n}`).toMatchObject({ version: 2 })
    await store.close()
  })

  it('that may not be written is refused by name', async () => {
    const file = newFolder()
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, '')
    await expect(open(join(file, 'store'))).rejects.toThrow(
      /store can't be written: ENOTDIR.* Let the shop write there\.$/,
    )
  })
})

it('reads facts in their order by the primary key, without sorting', () => {
  const db = new DatabaseSync(':memory:')
  db.exec(MIGRATIONS.join(';'))
  const { sql: text, values } = factsQuery('main', 7, 10)
  const plan = db.prepare(`explain query plan ${text.replaceAll('$', '?')}`).all(...(values as (string | number)[]))
  expect(plan.map(({ detail }) => detail)).toEqual(['SEARCH facts USING INTEGER PRIMARY KEY (rowid>?)'])
})

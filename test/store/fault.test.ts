import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Job } from '../../app/job/job.ts'
import { StoreUnavailableError } from '../../app/store/refusal.ts'
import { sql } from '../../app/store/sql.ts'
import { databaseOver } from '../../app/store/sqlite/engine.ts'
import { openSqliteStore } from '../../app/store/sqlite/sqlite.ts'
import { orderNumber, placed, sell } from './sale.ts'

// Whose fault it is when something goes wrong: a step's, then only that one is refused; another process's, then the shop waits for it.

const order = orderNumber(1)
const job = (id: string, kind = 'fulfill') =>
  ({ id, work: { kind, order }, dueAt: '2026-03-01T09:00:00.000Z', attempts: 0 }) as Job

let root = ''
let folders = 0
const failures: Error[] = []
const newFolder = () => join(root, String(folders++))
const open = (folder = newFolder()) =>
  openSqliteStore({ folder, key: 'k'.repeat(32), random: randomBytes, onFailure: (error) => failures.push(error) })
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tagsale-fault-'))
})
afterAll(() => rm(root, { recursive: true }))

/** The engine alone, over one table. */
async function openEngine() {
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(':memory:')
  db.exec('create table kept (word text not null, number integer) strict')
  const nothing = async () => {}
  return databaseOver({
    db,
    onFailure: (error) => failures.push(error),
    flush: nothing,
    committed: () => {},
    closed: nothing,
  })
}

it('a step that asks for work nobody does is refused, and leaves nothing', async () => {
  const store = await open()
  const jobs = [job('x', 'of a newer version')]
  await expect(store.transact({ order }, () => ({ events: [placed(order)], jobs }))).rejects.toThrow(
    'This is no change to keep',
  )
  expect(await store.order(order)).toBeUndefined()
  await store.close()
})

it.each([
  ['that no column takes', sql`insert into kept values ('other', ${undefined as never})`],
  ['of another type', sql`insert into kept values ('other', 'no number')`],
  ['in a table that is not there', sql`insert into nowhere values ('other')`],
  ['in more places than there may be', sql`insert into kept values ${Array.from({ length: 33_000 }, () => ['x', 1])}`],
])('a step with a value %s is refused alone, and leaves nothing', async (_, bad) => {
  const engine = await openEngine()
  const step = (...statements: ReturnType<typeof sql>[]) =>
    engine.transact([], () => ({ statements, written: { jobs: [], shop: false } }))
  const good = sql`insert into kept values ('good', 1)`
  const steps = [step(good), step(sql`insert into kept values ('half', 1)`, bad), step(good)]
  const ends = await Promise.allSettled(steps)
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(await engine.ask(sql`select word from kept`)).toEqual([{ word: 'good' }, { word: 'good' }])
  expect(failures).toEqual([])
  await engine.close()
})

it('a step may hold very much', async () => {
  const store = await open()
  const jobs = Array.from({ length: 10_000 }, (_, n) => job(`job-${n}`))
  await store.transact({}, () => ({ jobs }))
  expect((await store.counts()).jobsWaiting).toBe(10_000)
  await store.close()
})

it('another process that holds the file for a while makes steps come again, and neither stops nor ends the shop', async () => {
  const folder = newFolder()
  const store = await open(folder)
  const holds = `const db = new (require('node:sqlite').DatabaseSync)(process.argv[1]); db.exec('begin immediate'); console.log('held'); setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['-e', holds, join(folder, 'shop.sqlite')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  const started = performance.now()
  await expect(sell(store, order)).rejects.toThrow(StoreUnavailableError)
  await expect(store.claimJobs(new Date(), 1, 60, 'mail')).rejects.toThrow(StoreUnavailableError)
  expect(performance.now() - started).toBeLessThan(2_000)
  holder.kill()
  await once(holder, 'close')
  await sell(store, order)
  expect(failures).toEqual([])
  await store.close()
})

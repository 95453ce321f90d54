import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { jobDueAt } from '../../app/job/job.ts'
import { openPostgresStore } from '../../app/store/postgres/postgres.ts'
import type { Limit, Store } from '../../app/store/store.ts'
import { newDatabase } from '../support/database.ts'
import { eventually } from '../support/sandbox.ts'
import { orderNumber } from './sale.ts'

// What several processes over one PostgreSQL owe each other.

const LEASE_SECONDS = 120
/** A process that is gone is seen to be within two looks. */
const FREED_SECONDS_MAX = 15

let url: string
let one: Store
let other: Store
const open = () => openPostgresStore({ url, key: 'k'.repeat(32), random: randomBytes, log: { warn: () => {} } })
beforeEach(async () => {
  url = await newDatabase()
  ;[one, other] = await Promise.all([open(), open()])
})
afterEach(() => Promise.all([one.close(), other.close()]))

/** Asks the database itself. */
async function ask(text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

describe('jobs', () => {
  const keep = (...ids: string[]) =>
    one.transact({}, () => ({
      jobs: ids.map((id) => jobDueAt(new Date().toISOString(), { kind: 'fulfill', order: orderNumber(1) }, id)),
    }))
  const claim = (store: Store, now = new Date()) => store.claimJobs(now, 100, LEASE_SECONDS, 'github')

  it('of a process that was killed are given to others long before their lease is over, and those are woken', async () => {
    await keep('a', 'b')
    const claimer = spawn(process.execPath, [join(import.meta.dirname, 'claimer.ts'), url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [said] = await once(claimer.stdout, 'data')
    expect(String(said)).toBe('2\n')
    await sleep(6_000) // three looks, and more
    expect(await claim(one)).toEqual([])
    const told: object[] = []
    other.watch((written) => void told.push(written))
    claimer.kill('SIGKILL')
    await eventually(
      async () => told,
      ({ length }) => length > 0,
      FREED_SECONDS_MAX,
    )
    expect(told[0]).toEqual({ jobs: ['fulfill'], shop: false })
    expect((await claim(one)).map(({ id }) => id).toSorted()).toEqual(['a', 'b'])
  }, 40_000)

  it('claimed by a clock that was a day ahead are not held for a day, though that process lives', async () => {
    await keep('a')
    expect(await claim(one, new Date(Date.now() + 86_400_000))).toHaveLength(1)
    await eventually(
      () => claim(other),
      ({ length }) => length === 1,
      FREED_SECONDS_MAX,
    )
  })
})

describe('limits', () => {
  const limit: Limit = { name: 'tries', points: 5, seconds: 60 }
  const refused = (waits: readonly number[]) => waits.filter((wait) => wait > 0).length

  it('hold for all processes together', async () => {
    const counters = [one.limiter(limit), other.limiter(limit)]
    const waits = await Promise.all(counters.flatMap((count) => Array.from({ length: 5 }, () => count('192.0.2.1'))))
    expect(refused(waits)).toBe(5)
    expect(await counters[0]?.('192.0.2.2')).toBe(0)
  })

  it('cost the database nothing for a key that asks too much of one process', async () => {
    const count = one.limiter(limit)
    for (let n = 0; n < 50; n += 1) await count('192.0.2.1')
    expect(await ask('select points from limits')).toEqual([{ points: '5' }])
  })

  it('hold in each process when the database does not answer', async () => {
    await ask('drop table limits')
    const count = one.limiter(limit)
    const waits = await Promise.all(Array.from({ length: 8 }, () => count('192.0.2.1')))
    expect(refused(waits)).toBe(3)
  })

  it('keep no address that can be read, and nothing after a crash', async () => {
    await one.limiter(limit)('192.0.2.1')
    const [row] = await ask('select * from limits')
    expect(JSON.stringify(row)).not.toContain('192.0.2.1')
    expect(await ask("select relpersistence from pg_class where relname = 'limits'")).toEqual([{ relpersistence: 'u' }])
  })

  it('that a clock put far ahead end when they would if they began now', async () => {
    const count = one.limiter({ ...limit, points: 1 })
    await count('192.0.2.1')
    await ask('update limits set ends_at = ends_at + 86400000')
    expect(await other.limiter({ ...limit, points: 1 })('192.0.2.1')).toBeLessThanOrEqual(60)
  })
})

import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { jobDueAt } from '../../app/job/job.ts'
import { startFollowing } from '../../app/live/live-shop.ts'
import { openStore } from '../../app/store/open.ts'
import { openPostgresStore } from '../../app/store/postgres/postgres.ts'
import { StoreRefusedError, StoreUnavailableError } from '../../app/store/refusal.ts'
import type { Store } from '../../app/store/store.ts'
import { between } from '../support/between.ts'
import { newDatabase } from '../support/database.ts'
import { eventually } from '../support/sandbox.ts'
import { orderNumber, sell } from './sale.ts'

// What a store in PostgreSQL does while the way to it, or what comes along it, is bad.

const order = orderNumber(1)
const log = { warn: () => {} }
const key = 'k'.repeat(32)
/** A sixth of what a shop has. */
const patience = { statement: 1_700, answer: 2_000, listener: 5_000, close: 2_500 }
const open = (url: string) => openPostgresStore({ url, key, random: randomBytes, log, patience })
const aJob = (id: string) => jobDueAt(new Date().toISOString(), { kind: 'fulfill', order }, id)

let url: string
let way: Awaited<ReturnType<typeof between>>
let store: Store
let other: pg.Client
beforeEach(async () => {
  url = await newDatabase()
  way = await between(url)
  store = await open(way.url)
  other = new pg.Client({ connectionString: url })
  await other.connect()
})
afterEach(async () => {
  await store.close()
  await other.end()
})

/** A step that waits inside of its transaction, since another one holds its order. */
async function stuckStep(): Promise<{ step: Promise<unknown> }> {
  await sell(store, order)
  await other.query('begin; select 1 from orders for update')
  const step = store.transact({ order }, () => ({})).catch((error: unknown) => error)
  await sleep(300)
  return { step }
}

describe('a network that is cut', () => {
  it('in the middle of a transaction does not end the process', async () => {
    const uncaught = vi.fn()
    process.prependListener('uncaughtException', uncaught)
    const { step } = await stuckStep()
    way.cut()
    expect(await step).toBeInstanceOf(StoreUnavailableError)
    await sleep(200)
    process.removeListener('uncaughtException', uncaught)
    expect(uncaught).not.toHaveBeenCalled()
    await other.query('rollback')
    await sell(store, orderNumber(2))
  })

  it('before the answer to a commit tells others all the same of what may be kept', async () => {
    const neighbor = await open(url)
    try {
      const told = vi.fn()
      neighbor.watch(told)
      const step = store.transact({}, () => {
        way.loseAnswers()
        return { jobs: [aJob('a')] }
      })
      await Promise.all([expect(step).rejects.toThrow(StoreUnavailableError), sleep(500).then(way.cut)])
      expect(await neighbor.job('a')).toBeDefined()
      await eventually(
        async () => told.mock.calls,
        ({ length }) => length > 0,
        15,
      )
      expect(told).toHaveBeenCalledWith({ jobs: ['fulfill'], shop: false })
    } finally {
      await neighbor.close()
    }
  }, 30_000)

  it('before others could be told only delays what they are told', async () => {
    const neighbor = await open(url)
    try {
      const told = vi.fn()
      neighbor.watch(told)
      await store.transact({}, () => ({ jobs: [aJob('a')] }))
      way.fallSilent()
      way.cut() // pg_notify and all that follows it
      await sleep(1_500)
      expect(told).not.toHaveBeenCalled()
      way.wakeUp()
      await eventually(
        async () => told.mock.calls,
        ({ length }) => length > 0,
        15,
      )
      expect(told).toHaveBeenCalledWith({ jobs: ['fulfill'], shop: false })
    } finally {
      await neighbor.close()
    }
  }, 30_000)
})

describe('a network that is silent', () => {
  it('to who listens is noticed, and what was missed is told', async () => {
    const told = vi.fn()
    store.watch(told)
    const neighbor = await open(url)
    try {
      way.fallSilent()
      await neighbor.transact({}, () => ({ jobs: [aJob('a')] }))
      way.wakeUp()
      await eventually(
        async () => told.mock.calls,
        ({ length }) => length > 0,
        15,
      )
      expect(told).toHaveBeenCalledWith(expect.objectContaining({ shop: true }))
    } finally {
      await neighbor.close()
    }
  }, 90_000)

  it('costs callers seconds, and nothing once it is back', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, n) => sell(store, orderNumber(n))))
    way.fallSilent()
    const began = Date.now()
    const times: number[] = []
    const counted = store
      .limiter({ name: 'tries', points: 5, seconds: 60 })('a')
      .then(() => Date.now() - began)
    const answers = await Promise.all(
      Array.from({ length: 40 }, () =>
        store
          .transact({ order }, () => ({}))
          .catch((error: unknown) => error)
          .finally(() => times.push(Date.now() - began)),
      ),
    )
    for (const answer of answers) expect(answer).toBeInstanceOf(StoreUnavailableError)
    expect(Math.max(...times)).toBeLessThan(7_500)
    expect(await counted).toBeLessThan(1_500)
    way.wakeUp()
    const back = Date.now()
    await Promise.all(Array.from({ length: 30 }, (_, n) => sell(store, orderNumber(100 + n))))
    expect(Date.now() - back).toBeLessThan(5_000)
  }, 40_000)

  it('does not keep it from closing', async () => {
    await sell(store, order)
    way.fallSilent()
    const began = Date.now()
    await store.close().catch(() => {})
    expect(Date.now() - began).toBeLessThan(3_500)
  }, 30_000)
})

describe('what comes along the channel', () => {
  it.each(['hello', '{}', '', 'null', '{"from":"x","jobs":[1],"shop":true}'])(
    'may mean anything where it is not understood: %s',
    async (payload) => {
      const told = vi.fn()
      store.watch(told)
      await other.query('select pg_notify($1, $2)', ['tagsale', payload])
      await eventually(
        async () => told.mock.calls,
        ({ length }) => length > 0,
        5,
      )
      expect(told).toHaveBeenCalledWith(expect.objectContaining({ shop: true }))
    },
  )
})

describe('a database that is not the right one', () => {
  const changed = (change: (there: URL) => void) => {
    const there = new URL(url)
    change(there)
    return there.href
  }
  it.each([
    [
      'name',
      (there: URL) => {
        there.pathname = '/nowhere'
      },
    ],
    ['user', (there: URL) => void there.searchParams.set('user', 'nobody-here')],
    ['folder', (there: URL) => void there.searchParams.set('host', '/nowhere')],
  ])('is refused in a sentence: another %s', async (_, change) => {
    const refusal = await open(changed(change)).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(StoreRefusedError)
    expect((refusal as Error).message).toMatch(/^The database at DATABASE_URL can't be used: ./)
  })

  it('is refused while it is empty and a file beside it holds orders', async () => {
    const DATA_FOLDER = await mkdtemp(join(tmpdir(), 'tagsale-data-'))
    const parts = { log, onFailure: () => expect.unreachable() }
    const file = await openStore({ DATA_FOLDER, STORE_KEY: key }, parts)
    const settings = { DATA_FOLDER, STORE_KEY: key, DATABASE_URL: await newDatabase() }
    await (await openStore(settings, parts)).close() // neither holds any yet
    await sell(file, order)
    await file.close()
    await expect(openStore(settings, parts)).rejects.toThrow(/npx tagsale store copy --from .* --to /)
    await sell(store, order)
    await (await openStore({ ...settings, DATABASE_URL: url }, parts)).close()
  })
})

describe('a role that does not wait for the disk', () => {
  it('waits here', async () => {
    const name = new URL(url).pathname.slice(1)
    await other.query(`alter database "${name}" set synchronous_commit = off`)
    const careful = await open(url)
    try {
      await other.query(
        "create table seen (how text); create function note() returns trigger language plpgsql as $$ begin insert into seen values (current_setting('synchronous_commit')); return new; end $$; create trigger note after insert on orders for each row execute function note()",
      )
      await sell(careful, order)
      expect((await other.query('select how from seen')).rows).toEqual([{ how: 'on' }])
    } finally {
      await careful.close()
    }
  })
})

describe('a text with a NUL character', () => {
  it('finds nothing, and is not kept', async () => {
    await sell(store, order)
    expect(await store.orders({ text: `${order}\0` })).toEqual({ orders: [] })
    expect(await store.orders({ price: 'pin\0' })).toEqual({ orders: [] })
    expect(await store.order(`${order}\0` as never)).toBeUndefined()
    await expect(store.transact({}, () => ({ jobs: [aJob('a\0')] }))).rejects.toThrow()
    expect(await store.job('a')).toBeUndefined()
  })
})

describe('a process that was told nothing', () => {
  afterEach(() => void vi.useRealTimers())

  it('looks every minute at what is live, and not more often', async () => {
    vi.useFakeTimers()
    const follow = vi.fn(async () => {})
    const parts = { store: { watch: () => () => {} }, shop: { follow } as never, log: { error: () => {} } }
    const { stop } = await startFollowing(parts)
    await vi.advanceTimersByTimeAsync(59_000)
    expect(follow).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(121_000)
    expect(follow).toHaveBeenCalledTimes(4)
    stop()
    await vi.advanceTimersByTimeAsync(300_000)
    expect(follow).toHaveBeenCalledTimes(4)
  })
})

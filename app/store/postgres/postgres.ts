import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Random } from '../../order/id.ts'
import { type Database, type Decide, newProcessNumber, openSealer, storeOver } from '../database.ts'
import { sharedLimiter } from '../limits.ts'
import { StoreRefusedError } from '../refusal.ts'
import { type Row, type Statement, sql } from '../sql.ts'
import type { Limit, Store, Written } from '../store.ts'
import {
  asUnavailable,
  createPool,
  findsNothing,
  isOvertaken,
  newListener,
  PATIENCE,
  type Patience,
  withClient,
} from './connections.ts'
import { startFreeingLeases } from './leases.ts'
import { createNews } from './news.ts'
import { grouped, preparer } from './statements.ts'
import { forget, openPostgresTables, unreachable } from './tables.ts'

// The engine for several processes. A transaction is two round trips: what is asked goes out together, and so does what is written.
// What a step is about is locked while it decides; whoever comes between in spite of that makes the database refuse, and the step
// is run again on what is true then.

const TRIES_MAX = 10

export type PostgresParts = {
  url: string
  /** From the environment: what seals the key of the store. */
  key: string
  shop?: string
  random: Random
  log: Pick<Logger, 'warn'>
  now?: () => Date
  patience?: Patience
}

/** Opens the store in this PostgreSQL database, and makes its tables where they are missing. Rejects with `StoreRefusedError`. */
export async function openPostgresStore(parts: PostgresParts): Promise<Store> {
  const { key, shop = 'main', random, now = () => new Date(), patience = PATIENCE } = parts
  const process = newProcessNumber(random)
  await (await openPostgresTables(parts.url, { make: true })).close()
  const database = openPostgres(parts, process)
  try {
    const sealer = await openSealer(database, key, random)
    await database.listen()
    const limiter = (limit: Limit) => sharedLimiter({ ask: database.ask, shop, sealer }, limit)
    const store = storeOver(database, { shop, sealer, process, limiter })
    const stop = startFreeingLeases({ ask: database.ask, shop, by: process, now, tell: database.tell })
    let closing: Promise<void> | undefined
    const close = () => {
      stop()
      closing ??= Promise.race([store.close(), sleep(patience.close, undefined, { ref: false })])
      return closing
    }
    return { ...store, close }
  } catch (error) {
    await database.close()
    throw error instanceof StoreRefusedError ? error : unreachable(error as Error)
  }
}

type Postgres = Database & {
  listen(): Promise<void>
  tell: (written: Written) => void
}

function openPostgres({ url, log, patience = PATIENCE }: PostgresParts, process: number): Postgres {
  const pool = createPool(url, log, patience)
  const prepare = preparer()
  const inFlight = new Set<Promise<unknown>>()
  const news = createNews({ pool, connect: () => newListener(url), process, askEvery: patience.listener, log })
  let isClosed = false
  let closing: Promise<void> | undefined

  async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
    if (isClosed) throw new Error('The store is closed.')
    const running = work()
    inFlight.add(running)
    return running.finally(() => inFlight.delete(running))
  }

  async function ask(statement: Statement): Promise<Row[]> {
    try {
      return (await pool.query(prepare(statement))).rows as Row[]
    } catch (error) {
      if (findsNothing(error)) return []
      throw asUnavailable(error)
    }
  }

  async function transact(reads: readonly Statement[], decide: Decide): Promise<void> {
    for (let tries = 1; ; tries++) {
      let written: Written | undefined
      const noted: Decide = (answers) => {
        const change = decide(answers)
        written = change?.written
        return change
      }
      const run = (client: pg.PoolClient) =>
        attempt((...group: Statement[]) => client.query(prepare(...group)), reads, noted)
      const end = await withClient(pool, run).catch((error: unknown) => {
        if (isOvertaken(error) && tries < TRIES_MAX) return undefined
        if (written) news.tell(written) // it may be kept all the same: the answer may be what was lost
        throw asUnavailable(error)
      })
      if (end?.refusal) throw end.refusal.error
      if (end) return written && news.tell(written)
      await sleep(Math.random() * 2 ** tries) // apart from whoever was in the way
    }
  }

  async function close(): Promise<void> {
    isClosed = true
    await Promise.allSettled(inFlight)
    await news.stop()
    await pool.end()
  }

  return {
    ask: (statement) => guarded(() => ask(statement)),
    transact: (reads, decide) => guarded(() => transact(reads, decide)),
    watch: news.watch,
    forget: () => guarded(() => withClient(pool, forget)),
    close: () => (closing ??= close()),
    listen: news.listen,
    tell: news.tell,
  }
}

/** How a transaction ended: it is written, or its step refused. */
type End = { refusal?: { error: unknown } }

/** One transaction, in two round trips; in one where nothing is asked first. */
async function attempt(
  run: (...group: Statement[]) => Promise<pg.QueryResult>,
  reads: readonly Statement[],
  decide: Decide,
): Promise<End> {
  const isBegun = reads.length > 0
  const [, ...answers] = isBegun ? await Promise.all([BEGIN, ...reads].map((one) => run(one))) : []
  let writes: Statement[][]
  try {
    writes = grouped(decide(answers.map(({ rows }) => rows as Row[]))?.statements ?? [])
  } catch (error) {
    if (isBegun) await run(ROLLBACK)
    return { refusal: { error } }
  }
  const isOne = !isBegun && writes.length <= 1 // a statement is a transaction by itself
  const around = isOne ? writes : [...(isBegun ? [] : [[BEGIN]]), ...writes, [COMMIT]]
  await Promise.all(around.map((group) => run(...group)))
  return {}
}

const BEGIN = sql`begin`
const COMMIT = sql`commit`
const ROLLBACK = sql`rollback`

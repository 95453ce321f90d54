import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import type { Random } from '../../order/id.ts'
import { type Database, type Decide, newProcessNumber, openSealer, storeOver } from '../database.ts'
import { sharedLimiter } from '../limits.ts'
import { StoreRefusedError, StoreUnavailableError } from '../refusal.ts'
import { type Row, type Statement, sql } from '../sql.ts'
import type { Limit, Store, Written } from '../store.ts'
import { startFreeingLeases } from './leases.ts'
import { createNews } from './news.ts'
import { CONNECT_MILLISECONDS_MAX, forget, migrate, TYPES, unreachable } from './tables.ts'

// The engine for several processes. A transaction is two round trips: what is asked goes out together, and so does what is written.
// What a step is about is locked while it decides; whoever comes between in spite of that makes the database refuse, and the step
// is run again on what is true then.

const CONNECTIONS_MAX = 20
/** A statement, or a transaction that says nothing, for longer than this is stuck. */
const STATEMENT_MILLISECONDS_MAX = 15_000
const TRIES_MAX = 10
export type PostgresParts = {
  url: string
  /** From the environment: what seals the key of the store. */
  key: string
  shop?: string
  random: Random
  log: Pick<Logger, 'warn'>
  now?: () => Date
}

/** Opens the store in this PostgreSQL database, and makes its tables where they are missing. Rejects with `StoreRefusedError`. */
export async function openPostgresStore(parts: PostgresParts): Promise<Store> {
  const { key, shop = 'main', random, now = () => new Date() } = parts
  const process = newProcessNumber(random)
  const database = openPostgres(parts, process)
  try {
    await database.migrate()
    const sealer = await openSealer(database, key, random)
    await database.listen()
    const limiter = (limit: Limit) => sharedLimiter({ ask: database.ask, shop, sealer }, limit)
    const store = storeOver(database, { shop, sealer, process, limiter })
    const stop = startFreeingLeases({ ask: database.ask, shop, by: process, now, tell: database.tell })
    const close = () => {
      stop()
      return store.close()
    }
    return { ...store, close }
  } catch (error) {
    await database.close()
    throw error instanceof StoreUnavailableError ? unreachable(error) : error
  }
}

type Postgres = Database & {
  migrate(): Promise<void>
  listen(): Promise<void>
  tell: (written: Written) => void
}

function openPostgres({ url, log }: PostgresParts, process: number): Postgres {
  const settings = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MILLISECONDS_MAX,
    keepAlive: true,
    types: TYPES,
  }
  const pool = new pg.Pool({
    ...settings,
    max: CONNECTIONS_MAX,
    pipeline: true,
    statement_timeout: STATEMENT_MILLISECONDS_MAX,
    idle_in_transaction_session_timeout: STATEMENT_MILLISECONDS_MAX,
  })
  pool.on('error', (error) => log.warn({ err: error }, 'a connection to the database was lost'))
  const prepare = preparer()
  const inFlight = new Set<Promise<unknown>>()
  const news = createNews({ pool, connect: () => new pg.Client(settings), process, log })
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
      throw asUnavailable(error)
    }
  }

  async function transact(reads: readonly Statement[], decide: Decide): Promise<void> {
    for (let tries = 1; ; tries++) {
      const end = await withClient(pool, (client) => attempt((one) => client.query(prepare(one)), reads, decide)).catch(
        (error: unknown) => {
          if (!isOvertaken(error) || tries === TRIES_MAX) throw asUnavailable(error)
        },
      )
      if (end?.refusal) throw end.refusal.error
      if (end) return end.written && news.tell(end.written)
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
    migrate: () => withClient(pool, migrate).catch((error: unknown) => Promise.reject(asUnavailable(error))),
    listen: news.listen,
    tell: news.tell,
  }
}

/** A connection on which something went wrong is not used again: nobody knows what it is in the middle of. */
async function withClient<Result>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect()
  let isLost = true
  try {
    const result = await work(client)
    isLost = false
    return result
  } catch (error) {
    if (isAnswer(error))
      isLost = await client.query('rollback').then(
        () => false,
        () => true,
      )
    throw error
  } finally {
    client.release(isLost)
  }
}

/** How a transaction ended: it is written, or its step refused. */
type End = { written?: Written; refusal?: { error: unknown } }

/** One transaction, in two round trips. */
async function attempt(
  run: (statement: Statement) => Promise<pg.QueryResult>,
  reads: readonly Statement[],
  decide: Decide,
): Promise<End> {
  const [, ...answers] = await Promise.all([sql`begin`, ...reads].map(run))
  let change: ReturnType<Decide>
  try {
    change = decide(answers.map(({ rows }) => rows as Row[]))
  } catch (error) {
    await run(sql`rollback`)
    return { refusal: { error } }
  }
  await Promise.all([...(change?.statements ?? []), sql`commit`].map(run))
  return { ...(change && { written: change.written }) }
}

/** Statements with names, so that each connection prepares each of them once. */
function preparer(): (statement: Statement) => pg.QueryConfig {
  const names = new Map<string, string>()
  return ({ sql: text, values }) => {
    const name = names.get(text) ?? `s${names.size}`
    names.set(text, name)
    return { name, text, values: [...values] }
  }
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const SERIALIZATION_FAILURE = '40001'
const DEADLOCK = '40P01'
const UNIQUE_VIOLATION = '23505'
/** Connection lost, no resources, shutting down or starting, a standby that takes no writes. */
const UNAVAILABLE = /^(08|53|57)|^25006$/

const stateOf = (error: unknown): string | undefined => {
  const { code } = error as { code?: string }
  return /^[0-9A-Z]{5}$/.test(code ?? '') ? code : undefined
}
/** Whether the database answered, and is well: then the connection is as it was. All that has no code is of the connection. */
const isAnswer = (error: unknown): boolean => {
  const state = stateOf(error)
  return error instanceof StoreRefusedError || (state !== undefined && !UNAVAILABLE.test(state))
}
/** Somebody else wrote meanwhile. */
const isOvertaken = (error: unknown): boolean =>
  [SERIALIZATION_FAILURE, DEADLOCK, UNIQUE_VIOLATION].includes(stateOf(error) ?? '')

function asUnavailable(error: unknown): unknown {
  if (isAnswer(error)) return error
  return new StoreUnavailableError(`The database does not answer: ${(error as Error).message}`, { cause: error })
}

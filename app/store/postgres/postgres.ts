import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import type { Random } from '../../order/id.ts'
import { type Database, type Decide, newProcessNumber, openSealer, storeOver } from '../database.ts'
import { sharedLimiter } from '../limits.ts'
import { StoreRefusedError, StoreUnavailableError } from '../refusal.ts'
import { FORMAT, forPostgres, migrationsAfter } from '../schema.ts'
import { type Row, type Statement, sql } from '../sql.ts'
import type { Limit, Store, Written } from '../store.ts'
import { startFreeingLeases } from './leases.ts'
import { createNews } from './news.ts'

// The engine for several processes. A transaction is two round trips: what is asked goes out together, and so does what is written.
// What a step is about is locked while it decides; whoever comes between in spite of that makes the database refuse, and the step
// is run again on what is true then.

const CONNECTIONS_MAX = 20
const CONNECT_MILLISECONDS_MAX = 5_000
/** A statement, or a transaction that says nothing, for longer than this is stuck. */
const STATEMENT_MILLISECONDS_MAX = 15_000
const TRIES_MAX = 10
/** Any number that is ours: who migrates holds it. */
const MIGRATION_LOCK = 20261124

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

/** The database to look at: nothing is changed in it. Rejects with `StoreRefusedError` where it can't be reached. */
export async function openPostgresReader(url: string): Promise<Pick<Database, 'ask' | 'close'>> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MILLISECONDS_MAX,
    types: TYPES,
  })
  try {
    await client.connect()
    await client.query('set default_transaction_read_only = on')
  } catch (error) {
    throw unreachable(error as Error)
  }
  return {
    ask: async ({ sql: text, values }) => (await client.query(text, [...values])).rows,
    close: () => client.end(),
  }
}

const unreachable = (cause: Error) =>
  new StoreRefusedError(`The database at DATABASE_URL can't be used: ${cause.message}`, { cause })

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

/** Forward, one process at a time, and all of it or nothing. */
async function migrate(client: pg.PoolClient): Promise<void> {
  await client.query('begin')
  await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
  await client.query('create table if not exists formats (format bigint primary key)')
  const { rows } = await client.query('select coalesce(max(format), 0) as format from formats')
  const known = rows[0].format as number
  if (known > FORMAT) {
    throw new StoreRefusedError(
      `The database at DATABASE_URL was written by a newer version of Tagsale (format ${known}; this one reads up to ${FORMAT}). Start that version.`,
    )
  }
  for (const { format, migration } of migrationsAfter(known)) {
    await client.query(`${forPostgres(migration)}; insert into formats values (${format})`)
  }
  await client.query('commit')
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

/** Counts are numbers here; all that is not text or bytes is one. */
const TYPES = {
  getTypeParser: ((oid: number) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid))) as never,
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

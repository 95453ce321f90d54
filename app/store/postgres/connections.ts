import pg from 'pg'
import type { Logger } from 'pino'
import { StoreRefusedError, StoreUnavailableError } from '../refusal.ts'

// Connections to PostgreSQL: how long each may take, which of them are still good, and what their errors mean.

/** A connection that takes longer is none. */
const CONNECT_MILLISECONDS_MAX = 5_000
const CONNECTIONS_MAX = 20
/** How long somebody may be silent who may be gone; milliseconds. A test waits less. */
export type Patience = {
  /** A statement, or a transaction that says nothing, for longer than this is stuck. */
  statement: number
  /** Longer than any statement: who is silent until then is not there any more. Pipelined, `pg` then drops the connection. */
  answer: number
  /** Nothing to hear is also what a dead connection says, so it is asked so often. */
  listener: number
  /** What a silent database keeps open until then goes with the process. */
  close: number
}
export const PATIENCE: Patience = { statement: 10_000, answer: 12_000, listener: 30_000, close: 15_000 }
const KEEP_ALIVE_MILLISECONDS = 10_000
/** For what takes as long as it takes: the most that a timer can wait. */
export const ANY_TIME = 2 ** 31 - 1

/** A server, a database or a role may say that a commit need not be on the disk to be answered. Here it must, at least. */
export const DURABLE = `select set_config('synchronous_commit', 'on', false)
  where current_setting('synchronous_commit') in ('off', 'local', 'remote_write')`

/** What every connection has in common. Counts are numbers here; all that is not text or bytes is one. */
export const settingsFor = (url: string) => ({
  connectionString: url,
  connectionTimeoutMillis: CONNECT_MILLISECONDS_MAX,
  keepAlive: true,
  keepAliveInitialDelayMillis: KEEP_ALIVE_MILLISECONDS,
  types: {
    getTypeParser: ((oid: number) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid))) as never,
  },
})

/** The connections of a shop. */
export function createPool(url: string, log: Pick<Logger, 'warn'>, { statement, answer }: Patience): pg.Pool {
  const pool = new pg.Pool({
    ...settingsFor(url),
    max: CONNECTIONS_MAX,
    pipeline: true,
    query_timeout: answer,
    statement_timeout: statement,
    idle_in_transaction_session_timeout: statement,
  })
  pool.on('error', (error) => log.warn({ err: error }, 'a connection to the database was lost'))
  pool.on('connect', (client) => {
    client.on('error', () => {}) // in use, the pool does not listen: the statement under way says so
    client.query(DURABLE).catch(() => {}) // ahead of all others; where it fails, they do too
  })
  return pool
}

/** A connection that listens, still to be made. */
export const newListener = (url: string): pg.Client =>
  new pg.Client({ ...settingsFor(url), pipeline: true, query_timeout: CONNECT_MILLISECONDS_MAX })

/** A connection on which something went wrong is not used again: nobody knows what it is in the middle of. */
export async function withClient<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
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

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const SERIALIZATION_FAILURE = '40001'
const DEADLOCK = '40P01'
const UNIQUE_VIOLATION = '23505'
/** A text with a NUL character in it, which no text here has. */
const NO_CHARACTER = '22021'
/** Connection lost, no resources, shutting down or starting, a standby that takes no writes. */
const UNAVAILABLE = /^(08|53|57)|^25006$/

/** What the database itself answered; what the connection says (`EPIPE`) has other names. */
const stateOf = (error: unknown): string | undefined => (error instanceof pg.DatabaseError ? error.code : undefined)
/** Whether the database answered, and is well: then the connection is as it was. All else is of the connection. */
const isAnswer = (error: unknown): boolean => {
  const state = stateOf(error)
  return error instanceof StoreRefusedError || (state !== undefined && !UNAVAILABLE.test(state))
}
/** Somebody else wrote meanwhile. */
export const isOvertaken = (error: unknown): boolean =>
  [SERIALIZATION_FAILURE, DEADLOCK, UNIQUE_VIOLATION].includes(stateOf(error) ?? '')

/** Whether nothing can be found by what was asked for. */
export const findsNothing = (error: unknown): boolean => stateOf(error) === NO_CHARACTER

/** What a caller is told: that the store does not answer, unless the database says what is wrong with what it was asked. */
export function asUnavailable(error: unknown): unknown {
  if (isAnswer(error)) return error
  return new StoreUnavailableError(`The database does not answer: ${(error as Error).message}`, { cause: error })
}

import pg from 'pg'
import type { StoreReader, StoreTables } from '../database.ts'
import { StoreRefusedError } from '../refusal.ts'
import { FORMAT, forPostgres, migrationsAfter } from '../schema.ts'
import type { Row, Statement } from '../sql.ts'
import { ANY_TIME, DURABLE, settingsFor } from './connections.ts'

// The tables in PostgreSQL: made, looked at, and worked on as a whole.

/** Any number that is ours: who migrates holds it. */
const MIGRATION_LOCK = 20261124

/**
 * The database to look at: as it stands at the first question, and nothing is changed in it. Rejects with `StoreRefusedError` where it
 * can't be reached.
 */
export async function openPostgresReader(url: string): Promise<StoreReader> {
  const { client, ask } = await connect(url)
  try {
    await client.query('begin isolation level repeatable read read only')
    // Its pages carry checksums, which it looks at as it reads them.
    return { ask, damage: async () => [], close: () => client.end(), format: await formatOf(client) }
  } catch (error) {
    await client.end()
    throw error
  }
}

/** The tables themselves, for commands. Rejects with `StoreRefusedError` where there are none, and none are to be made. */
export async function openPostgresTables(url: string, { make }: { make: boolean }): Promise<StoreTables> {
  const { client, ask } = await connect(url)
  try {
    if (make) await migrate(client)
    else if ((await formatOf(client)) === 0)
      throw new StoreRefusedError('There is no store in the database at that address.')
  } catch (error) {
    await client.end()
    throw error instanceof StoreRefusedError ? error : unreachable(error as Error)
  }
  return {
    ask,
    numberFactsAfter: async (position) => {
      await client.query("select setval(pg_get_serial_sequence('facts', 'position'), $1)", [position])
    },
    forget: () => forget(client),
    close: () => client.end(),
  }
}

async function connect(url: string) {
  const client = new pg.Client(settingsFor(url))
  client.on('error', () => {}) // the statement under way says so
  try {
    await client.connect()
    await client.query(DURABLE)
  } catch (error) {
    void client.end()
    throw unreachable(error as Error)
  }
  const ask = async ({ sql: text, values }: Statement): Promise<Row[]> => (await client.query(text, [...values])).rows
  return { client, ask }
}

/** The format of the tables; 0 where there are none. */
async function formatOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query("select to_regclass('formats') is not null as known")
  if (!rows[0].known) return 0
  return (await client.query('select coalesce(max(format), 0) as format from formats')).rows[0].format
}

/**
 * What is deleted gives its place to others. PostgreSQL's log, and unused pages, keep theirs until they are written over. It takes as long as
 * it takes, and holds up no sale.
 */
export async function forget(client: pg.PoolClient | pg.Client): Promise<void> {
  await client.query('set statement_timeout = 0')
  try {
    await client.query(VACUUM)
  } finally {
    await client.query('reset statement_timeout')
  }
}

const VACUUM = { text: 'vacuum customers, order_terms, jobs, settings', query_timeout: ANY_TIME }

/** Why a database is not used, in a sentence for a person. */
export const unreachable = (cause: Error): StoreRefusedError =>
  new StoreRefusedError(`The database at DATABASE_URL can't be used: ${cause.message}`, { cause })

/** Forward, one process at a time, and all of it or nothing. */
async function migrate(client: pg.Client): Promise<void> {
  await client.query('begin')
  await client.query("set local idle_in_transaction_session_timeout = '10s'") // nobody waits for one that is gone
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

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { Database } from './database.ts'
import { openPostgresReader, openPostgresStore } from './postgres/postgres.ts'
import { openSqliteReader, openSqliteStore } from './sqlite/sqlite.ts'
import type { Store } from './store.ts'

/** Where orders are kept: PostgreSQL when there is a `DATABASE_URL`, a file in `DATA_FOLDER` else. */
export type StoreSettings = Pick<Config, 'DATABASE_URL' | 'DATA_FOLDER' | 'STORE_KEY'>

type OpenParts = { log: Pick<Logger, 'warn'>; onFailure: (error: Error) => void; now?: () => Date }

/**
 * Opens the store that the settings name. Rejects with `StoreRefusedError`, which says what to do. `onFailure` is told once when the
 * embedded store can't write any more: then the process must stop.
 */
export function openStore(
  { DATABASE_URL: url, DATA_FOLDER, STORE_KEY: key }: StoreSettings,
  { log, onFailure, now = () => new Date() }: OpenParts,
): Promise<Store> {
  if (url) return openPostgresStore({ url, key, random: randomBytes, log, now })
  return openSqliteStore({ folder: join(DATA_FOLDER, 'store'), key, random: randomBytes, onFailure })
}

/** The same store to look at, whether or not a shop is using it; nothing in it is changed. Rejects with `StoreRefusedError`. */
export const openStoreReader = ({
  DATABASE_URL: url,
  DATA_FOLDER,
}: Pick<StoreSettings, 'DATABASE_URL' | 'DATA_FOLDER'>): Promise<Pick<Database, 'ask' | 'close'>> =>
  url ? openPostgresReader(url) : openSqliteReader(join(DATA_FOLDER, 'store'))

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { StoreReader, StoreTables } from './database.ts'
import { openPostgresStore } from './postgres/postgres.ts'
import { openPostgresReader, openPostgresTables } from './postgres/tables.ts'
import { StoreRefusedError } from './refusal.ts'
import { sql } from './sql.ts'
import { FILE, openSqliteReader } from './sqlite/file.ts'
import { openSqliteStore, openSqliteTables } from './sqlite/sqlite.ts'
import type { Store } from './store.ts'

/** Where orders are kept: PostgreSQL when there is a `DATABASE_URL`, a file in `DATA_FOLDER` else. */
export type StoreSettings = Pick<Config, 'DATABASE_URL' | 'DATA_FOLDER' | 'STORE_KEY'>

type OpenParts = { log: Pick<Logger, 'warn'>; onFailure: (error: Error) => void; now?: () => Date }

/**
 * Opens the store that the settings name. Rejects with `StoreRefusedError`, which says what to do. `onFailure` is told once when the
 * embedded store can't write any more: then the process must stop.
 */
export async function openStore(
  { DATABASE_URL: url, DATA_FOLDER, STORE_KEY: key }: StoreSettings,
  { log, onFailure, now = () => new Date() }: OpenParts,
): Promise<Store> {
  if (url) {
    await refuseForgotten(url, { DATA_FOLDER })
    return openPostgresStore({ url, key, random: randomBytes, log, now })
  }
  return openSqliteStore({ folder: storeFolder({ DATA_FOLDER }), key, random: randomBytes, onFailure })
}

/** A shop that moved to a database and left its orders behind would sell as if there had never been any. */
async function refuseForgotten(url: string, file: StorePlace): Promise<void> {
  if (!existsSync(join(storeFolder(file), FILE))) return
  if ((await holdsOrders({ ...file, DATABASE_URL: url })) || !(await holdsOrders(file))) return
  throw new StoreRefusedError(
    `${storeFolder(file)} holds orders, and the database at DATABASE_URL none. Take them along: ` +
      `\`npx tagsale store copy --from ${file.DATA_FOLDER} --to "$DATABASE_URL"\`. To begin anew, use another DATA_FOLDER.`,
  )
}

async function holdsOrders(place: StorePlace): Promise<boolean> {
  const reader = await openStoreReader(place)
  try {
    return reader.format > 0 && (await reader.ask(sql`select 1 as known from orders limit 1`)).length > 0
  } finally {
    await reader.close()
  }
}

/** Where a store is, without what opens its customers. */
export type StorePlace = Pick<StoreSettings, 'DATABASE_URL' | 'DATA_FOLDER'>

/** The folder of the embedded store. */
export const storeFolder = ({ DATA_FOLDER }: Pick<StoreSettings, 'DATA_FOLDER'>): string => join(DATA_FOLDER, 'store')

/** The same store to look at, whether or not a shop is using it; nothing in it is changed. Rejects with `StoreRefusedError`. */
export const openStoreReader = (place: StorePlace): Promise<StoreReader> =>
  place.DATABASE_URL ? openPostgresReader(place.DATABASE_URL) : openSqliteReader(storeFolder(place))

/** Its tables, for commands; an embedded one while no shop runs. Made where they are missing, if they may be. Rejects with `StoreRefusedError`. */
export const openStoreTables = (place: StorePlace, may: { make: boolean }): Promise<StoreTables> =>
  place.DATABASE_URL ? openPostgresTables(place.DATABASE_URL, may) : openSqliteTables(storeFolder(place), may)

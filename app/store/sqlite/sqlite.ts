import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Random } from '../../order/id.ts'
import { newProcessNumber, openSealer, type StoreTables, storeOver } from '../database.ts'
import { memoryLimiter } from '../limits.ts'
import { releaseJobs } from '../queries.ts'
import { StoreFullError, StoreRefusedError } from '../refusal.ts'
import type { Store } from '../store.ts'
import { createCheckpoints } from './checkpoint.ts'
import { checkpointWhole, databaseOver, forget, runner } from './engine.ts'
import {
  BUSY_MILLISECONDS_MAX,
  FILE,
  flushLog,
  flushPath,
  hasRoom,
  lockFolder,
  makeFolder,
  migrate,
  refusalOf,
} from './file.ts'
import { hasJournal } from './journal.ts'
import { refuseLost, takeInEarlierOrders } from './take-in.ts'

// The embedded engine: one file in `DATA_FOLDER/store`, and one process at it.

/** Nothing else goes on in the process while a commit waits for another one, such as a shell: it is tried again later instead. */
const COMMIT_WAITS_MILLISECONDS = 250

export type SqliteParts = {
  folder: string
  /** From the environment: what seals the key of the store. */
  key: string
  shop?: string
  random: Random
  /** Told once, when writing fails. The store takes nothing more: the process must stop and start again. */
  onFailure: (error: Error) => void
  /** Makes what was written to that file durable; a test gives its own. */
  flush?: (file: { datasync(): Promise<void> }) => Promise<void>
}

/**
 * Opens the embedded store, and makes it when the folder has never held one. Rejects with `StoreRefusedError` when another process
 * has the folder, or what is in it can't be used.
 */
export async function openSqliteStore(parts: SqliteParts): Promise<Store> {
  const { folder } = parts
  await makeFolder(folder)
  const unlock = lockFolder(folder)
  try {
    await takeInEarlierOrders(folder, (apart) => openFile({ ...parts, onFailure: () => {} }, apart, () => {}))
    return await openFile(parts, folder, unlock)
  } catch (error) {
    unlock()
    throw refusalOf(error, folder)
  }
}

async function openFile(parts: SqliteParts, folder: string, closed: () => void): Promise<Store> {
  const { key, shop = 'main', random, onFailure, flush = (file) => file.datasync() } = parts
  const path = join(folder, FILE)
  // What was kept stays readable when nothing more can be. Alone with the file, SQLite needs no room for what processes share.
  const isReadOnly = existsSync(path) && !(await hasRoom(folder))
  const db = new DatabaseSync(path, { timeout: BUSY_MILLISECONDS_MAX })
  if (isReadOnly) db.exec('pragma locking_mode = exclusive')
  migrate(db, path)
  const log = await open(`${path}-wal`, 'r+')
  const checkpoints = createCheckpoints(path)
  const engine = databaseOver({
    db,
    onFailure,
    flush: () => flush(log),
    committed: checkpoints.committed,
    closed: () => Promise.all([log.close(), checkpoints.stop()]).then(closed, closed),
  })
  const database = { ...engine, forget: () => checkpoints.ended().then(() => forget(db)) }
  try {
    await flushLog(db, log, () => flush(log))
    await flushPath(folder)
    if (isReadOnly) db.exec('pragma query_only = on')
    const sealer = await openSealer(database, key, random)
    if (!isReadOnly) await database.ask(releaseJobs(shop)) // whoever had them is gone
    db.exec(`pragma busy_timeout = ${COMMIT_WAITS_MILLISECONDS}`)
    const over = isReadOnly ? { ...database, transact: refuseAsFull } : database
    return storeOver(over, { shop, sealer, process: newProcessNumber(random), limiter: memoryLimiter, isReadOnly })
  } catch (error) {
    await database.close()
    throw error
  }
}

const refuseAsFull = () => Promise.reject(new StoreFullError('There is no room to write.'))

/**
 * The tables themselves, for commands, while no shop runs. Rejects with `StoreRefusedError` where one does, or where there is no store
 * and none is to be made.
 */
export async function openSqliteTables(folder: string, { make }: { make: boolean }): Promise<StoreTables> {
  if (!make && !existsSync(join(folder, FILE))) throw new StoreRefusedError(`There is no store in ${folder}.`)
  if (hasJournal(folder) && !existsSync(join(folder, FILE)))
    throw new StoreRefusedError(
      `${folder} holds orders of an earlier version. Start the shop there once: it takes them in.`,
    )
  if (!existsSync(join(folder, FILE))) refuseLost(folder)
  await makeFolder(folder)
  const unlock = lockFolder(folder)
  try {
    const path = join(folder, FILE)
    const db = new DatabaseSync(path, { timeout: BUSY_MILLISECONDS_MAX })
    migrate(db, path)
    const run = runner(db)
    return {
      ask: async (statement) => run(statement),
      numberFactsAfter: async () => {}, // SQLite goes on after the highest by itself
      forget: async () => forget(db),
      async close() {
        try {
          checkpointWhole(db)
        } finally {
          db.close()
          unlock()
        }
      },
    }
  } catch (error) {
    unlock()
    throw refusalOf(error, folder)
  }
}

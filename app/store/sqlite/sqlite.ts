import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Random } from '../../order/id.ts'
import { type Database, newProcessNumber, openSealer, storeOver } from '../database.ts'
import { memoryLimiter } from '../limits.ts'
import { releaseJobs } from '../queries.ts'
import { StoreRefusedError } from '../refusal.ts'
import { FORMAT, migrationsAfter } from '../schema.ts'
import type { Statement } from '../sql.ts'
import type { Store } from '../store.ts'
import { checkpoint } from './checkpoint.ts'
import { codeOf, databaseOver, runner } from './engine.ts'
import { hasJournal, setJournalAside, takeInJournal } from './journal.ts'

// The embedded engine: one file in `DATA_FOLDER/store`, and one process at it.

/** Says that a file is ours: "Tags", as SQLite keeps it in the file's head. */
const APPLICATION_ID = 0x54616773
const FILE = 'shop.sqlite'
const LOCK = 'lock.sqlite'
/** A backup, or a command in another process, may have the file for a moment. */
const BUSY_MILLISECONDS_MAX = 5_000
const BUSY = 5
/** Each writes about 100 kB to the log. */
const STEPS_A_CHECKPOINT = 200
/** Should it outgrow the checkpoints all the same, a commit does one: 64 MB. */
const LOG_PAGES_MAX = 16_000

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
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: Error) =>
    Promise.reject(unwritable(folder, error)),
  )
  const unlock = lockFolder(folder)
  try {
    if (hasJournal(folder) && !existsSync(join(folder, FILE))) await takeIn(parts)
    return await openFile(parts, folder, unlock)
  } catch (error) {
    unlock()
    throw refusalOf(error, folder)
  }
}

/** Orders of an earlier version come in apart, and in place when all of them are there. */
async function takeIn(parts: SqliteParts): Promise<void> {
  const apart = join(parts.folder, 'taken-in')
  await rm(apart, { recursive: true, force: true })
  await mkdir(apart, { mode: 0o700 })
  const store = await openFile(parts, apart, () => {})
  try {
    await takeInJournal(parts.folder, store)
  } finally {
    await store.close()
  }
  await rename(join(apart, FILE), join(parts.folder, FILE))
  await setJournalAside(parts.folder)
  await rm(apart, { recursive: true })
}

async function openFile(parts: SqliteParts, folder: string, closed: () => void): Promise<Store> {
  const { key, shop = 'main', random, onFailure, flush = (file) => file.datasync() } = parts
  const path = join(folder, FILE)
  const db = new DatabaseSync(path, { timeout: BUSY_MILLISECONDS_MAX })
  migrate(db, path)
  const log = await open(`${path}-wal`)
  const checkpoints = createCheckpoints(path)
  const database = databaseOver({
    db,
    onFailure,
    flush: () => flush(log),
    committed: checkpoints.committed,
    closed: () => Promise.all([log.close(), checkpoints.ended()]).then(closed, closed),
  })
  try {
    const sealer = await openSealer(database, key, random)
    await database.ask(releaseJobs(shop)) // whoever had them is gone
    return storeOver(database, { shop, sealer, process: newProcessNumber(random), limiter: memoryLimiter })
  } catch (error) {
    await database.close()
    throw error
  }
}

/**
 * Makes this process the only one that uses the folder, until it lets go or dies: SQLite locks the file, and the system takes the lock
 * away with the process. It holds between containers that share a volume, too.
 */
function lockFolder(folder: string): () => void {
  const lock = new DatabaseSync(join(folder, LOCK))
  try {
    lock.exec('begin exclusive')
    return () => void (lock.isOpen && lock.close())
  } catch (error) {
    lock.close()
    throw refusalOf(error, folder)
  }
}

/** After so many steps were written, a checkpoint; one at a time. */
function createCheckpoints(path: string) {
  let steps = 0
  let running: Promise<void> | undefined
  return {
    committed(more: number): void {
      steps += more
      if (steps < STEPS_A_CHECKPOINT || running) return
      steps = 0
      running = checkpoint(path).then(() => {
        running = undefined
      })
    },
    ended: async () => running,
  }
}

function migrate(db: DatabaseSync, path: string): void {
  // A commit waits for no flush, a checkpoint for all that it needs; what is deleted is gone from the file.
  db.exec(`
    pragma journal_mode = wal; pragma synchronous = normal; pragma wal_autocheckpoint = ${LOG_PAGES_MAX};
    pragma cache_size = -16000; pragma temp_store = memory; pragma secure_delete = on`)
  const pragma = (name: string) => Object.values(db.prepare(`pragma ${name}`).get() ?? {})[0] as number
  const version = pragma('user_version')
  if (version > 0 && pragma('application_id') !== APPLICATION_ID)
    throw new StoreRefusedError(`${path} is not a store of Tagsale.`)
  if (version > FORMAT) {
    throw new StoreRefusedError(
      `${path} was written by a newer version of Tagsale (format ${version}; this one reads up to ${FORMAT}). Start that version.`,
    )
  }
  for (const { format, migration } of migrationsAfter(version)) {
    db.exec(
      `begin immediate; ${migration}; pragma application_id = ${APPLICATION_ID}; pragma user_version = ${format}; commit`,
    )
  }
}

/**
 * The embedded store to look at, whether or not a shop is using it: nothing is changed. Rejects with `StoreRefusedError` where there is
 * none, or it can't be read.
 */
export async function openSqliteReader(folder: string): Promise<Pick<Database, 'ask' | 'close'>> {
  try {
    const db = new DatabaseSync(join(folder, FILE), { readOnly: true, timeout: BUSY_MILLISECONDS_MAX })
    const run = runner(db)
    const ask = async (statement: Statement) => {
      try {
        return run(statement)
      } catch (error) {
        throw refusalOf(error, folder)
      }
    }
    return { ask, close: async () => db.close() }
  } catch (error) {
    throw refusalOf(error, folder)
  }
}

const DAMAGED = 'Nothing was changed. Keep a copy of the folder, then put back your last backup: `npx tagsale restore`.'

/** Why a store is not opened, in a sentence for a person. */
function refusalOf(error: unknown, folder: string): unknown {
  switch ((codeOf(error) ?? 0) & 0xff) {
    case BUSY:
      return new StoreRefusedError(
        `Another process is using the store in ${folder}. Stop that one first, or give this one a folder of its own.`,
        { cause: error },
      )
    case 11:
    case 26:
      return new StoreRefusedError(`${join(folder, FILE)} is damaged: ${(error as Error).message}. ${DAMAGED}`, {
        cause: error,
      })
    case 8:
    case 14:
      return unwritable(folder, error as Error)
    default:
      return error
  }
}

const unwritable = (folder: string, cause: Error) =>
  new StoreRefusedError(`${folder} can't be written: ${cause.message}. Let the shop write there.`, { cause })

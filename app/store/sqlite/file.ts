import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { StoreReader } from '../database.ts'
import { StoreRefusedError } from '../refusal.ts'
import { FORMAT, migrationsAfter } from '../schema.ts'
import { type Statement, sql } from '../sql.ts'
import { codeOf, runner } from './engine.ts'

// The file of the embedded store: who may have it, what makes it ours, and why it is not opened.

/** Says that a file is ours: "Tags", as SQLite keeps it in the file's head. */
const APPLICATION_ID = 0x54616773
/** Where SQLite keeps that, in bytes from the file's beginning. */
export const APPLICATION_ID_AT = 68
/** The store's file in its folder. */
export const FILE = 'shop.sqlite'
const LOCK = 'lock.sqlite'
/** A backup, or a command in another process, may have the file for a moment. */
export const BUSY_MILLISECONDS_MAX = 5_000
const BUSY = 5
/** Should the log outgrow the checkpoints, a commit does one: 128 MB. */
const LOG_PAGES_MAX = 32_000

/**
 * Makes this process the only one that uses the folder, until it lets go or dies: SQLite locks the file, and the system takes the lock
 * away with the process. It holds between containers that share a volume, too. Gives how to let go.
 */
export function lockFolder(folder: string): () => void {
  let lock: DatabaseSync | undefined
  try {
    const held = new DatabaseSync(join(folder, LOCK))
    lock = held
    held.exec('pragma journal_mode = memory; begin exclusive') // nothing is ever written there
    return () => void (held.isOpen && held.close())
  } catch (error) {
    lock?.close()
    throw refusalOf(error, folder)
  }
}

/** The folder of a store, for its owner only. Rejects with `StoreRefusedError`. */
export const makeFolder = (folder: string): Promise<unknown> =>
  mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: Error) => Promise.reject(unwritable(folder, error)))

const ROOM = 'room'
/** Some hundred sales: with less, the first would fail, and end the process. */
const ROOM_BYTES = 256 * 1024

/** Whether there is room to write in the folder. */
export async function hasRoom(folder: string): Promise<boolean> {
  const path = join(folder, ROOM)
  try {
    const file = await open(path, 'w')
    try {
      await file.writeFile(Buffer.alloc(ROOM_BYTES, 1))
      await file.datasync()
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  } finally {
    await rm(path, { force: true }).catch(() => undefined)
  }
}

/** Waits until a file, or what is in a folder, is on the disk. Never of an open store: SQLite's locks on a file end when any handle is closed. */
export async function flushPath(path: string): Promise<void> {
  const handle = await open(path)
  await handle.sync().finally(() => handle.close())
}

/**
 * Makes all that an open store shows durable. After a flush that failed, the system may show what the disk lacks, and take it for written:
 * so the log is written anew, while nobody else can write.
 */
export async function flushLog(db: DatabaseSync, log: FileHandle, flush: () => Promise<void>): Promise<void> {
  db.exec('begin immediate')
  try {
    const bytes = await log.readFile()
    for (let at = 0; at < bytes.length; ) at += (await log.write(bytes, at, bytes.length - at, at)).bytesWritten
    await flush()
  } finally {
    db.exec('rollback')
  }
}

/** Whether that head of a file is one of ours. */
export const isOurs = (head: Buffer): boolean =>
  head.length >= APPLICATION_ID_AT + 4 && head.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID

/** One number that SQLite keeps in the file's head. */
const numberIn = (db: DatabaseSync, name: string) =>
  Object.values(db.prepare(`pragma ${name}`).get() ?? {})[0] as number

/** The format of an open file, 0 when there is nothing in it. Throws `StoreRefusedError` when it is no store, or a newer version's. */
export function formatOf(db: DatabaseSync, path: string): number {
  const format = numberIn(db, 'user_version')
  if (format > 0 && numberIn(db, 'application_id') !== APPLICATION_ID)
    throw new StoreRefusedError(`${path} is not a store of Tagsale.`)
  if (format > FORMAT) {
    throw new StoreRefusedError(
      `${path} was written by a newer version of Tagsale (format ${format}; this one reads up to ${FORMAT}). Start that version.`,
    )
  }
  return format
}

/** Sets how SQLite works with an open file, and brings its tables to the format of this program. */
export function migrate(db: DatabaseSync, path: string): void {
  // A commit waits for no flush, a checkpoint for all that it needs; what is deleted is gone from the file.
  db.exec(`
    pragma journal_mode = wal; pragma synchronous = normal; pragma wal_autocheckpoint = ${LOG_PAGES_MAX};
    pragma cache_size = -16000; pragma temp_store = memory; pragma secure_delete = on`)
  for (const { format, migration } of migrationsAfter(formatOf(db, path))) {
    db.exec(
      `begin immediate; ${migration}; pragma application_id = ${APPLICATION_ID}; pragma user_version = ${format}; commit`,
    )
  }
}

/**
 * The embedded store to look at, whether or not a shop is using it: as it stands at the first question, and nothing in it is changed.
 * Rejects with `StoreRefusedError` where there is none, or it can't be read.
 */
export const openSqliteReader = async (folder: string): Promise<StoreReader> => {
  const path = join(folder, FILE)
  if (!existsSync(path)) throw new StoreRefusedError(`There is no store in ${folder}.`)
  return readerOf(path, folder)
}

/** A store in a file of any name, to look at. */
export function readerOf(path: string, folder: string): StoreReader {
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MILLISECONDS_MAX })
    try {
      const format = formatOf(db, path)
      db.exec('begin') // one moment for all questions
      const run = runner(db)
      const ask = async (statement: Statement) => {
        try {
          return run(statement)
        } catch (error) {
          throw refusalOf(error, folder, path)
        }
      }
      const damage = async () => {
        const rows = await ask(sql`pragma integrity_check`)
        return rows.map((row) => row['integrity_check'] as string).filter((line) => line !== 'ok')
      }
      return { ask, damage, close: async () => db.close(), format }
    } catch (error) {
      db.close()
      throw error
    }
  } catch (error) {
    throw refusalOf(error, folder, path)
  }
}

const UNWRITABLE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'])
const DAMAGED = 'Nothing was changed. Keep a copy of the folder, then put back your last backup: `npx tagsale restore`.'

/** Why a store is not opened, in a sentence for a person. */
export function refusalOf(error: unknown, folder: string, path = join(folder, FILE)): unknown {
  switch ((codeOf(error) ?? 0) & 0xff) {
    case BUSY:
      return new StoreRefusedError(
        `Another process is using the store in ${folder}. Stop that one first, or give this one a folder of its own.`,
        { cause: error },
      )
    case 11:
    case 26:
      return new StoreRefusedError(`${path} is damaged: ${(error as Error).message}. ${DAMAGED}`, { cause: error })
    case 8:
    case 13:
    case 14:
      return unwritable(folder, error as Error)
    default:
      return UNWRITABLE.has((error as NodeJS.ErrnoException).code ?? '') ? unwritable(folder, error as Error) : error
  }
}

const unwritable = (folder: string, cause: Error): StoreRefusedError =>
  new StoreRefusedError(`${folder} can't be written: ${cause.message}. Let the shop write there.`, { cause })

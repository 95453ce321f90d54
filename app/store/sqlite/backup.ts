import { constants, existsSync } from 'node:fs'
import { copyFile, open, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { checkStore, type StoreCheck } from '../check.ts'
import type { StoreReader } from '../database.ts'
import { StoreRefusedError } from '../refusal.ts'
import { sql } from '../sql.ts'
import { codeOf } from './engine.ts'
import {
  APPLICATION_ID_AT,
  BUSY_MILLISECONDS_MAX,
  FILE,
  flushPath,
  formatOf,
  isOurs,
  lockFolder,
  makeFolder,
  openSqliteReader,
  readerOf,
  refusalOf,
} from './file.ts'
import { hasJournal, traceOfOrders } from './journal.ts'

// Copies of the embedded store. `vacuum into` reads one moment of it, all that is committed by then, while a shop in another process
// goes on selling: in the write-ahead log, readers and the writer don't wait for each other. SQLite's backup interface would begin
// again with each write of another process, and not end in a busy shop.

const OWNER_ONLY = 0o600
// https://www.sqlite.org/rescode.html
const FULL = 13

/** Looks at the copy before it is reported: what it holds, and whatever is not as its facts tell it. */
type Look<Seen> = (copy: StoreReader) => Promise<Seen>

/**
 * Copies the store in that folder to a file, while a shop runs or not. What was in the file stays until the copy is whole, read and
 * on the disk. Rejects with `StoreRefusedError`.
 */
export async function backUp<Seen>(
  folder: string,
  file: string,
  look: Look<Seen>,
): Promise<StoreCheck & { seen: Seen }> {
  await (await openSqliteReader(folder)).close()
  await refuseTarget(folder, file)
  const unfinished = `${file}.new`
  try {
    await copyWhole(join(folder, FILE), unfinished)
    const checked = await checkedCopy(unfinished, look)
    await rename(unfinished, file)
    await flushPath(dirname(file))
    return checked
  } catch (error) {
    throw isOfFiles(error)
      ? new StoreRefusedError(`${file} can't be written: ${error.message}.`, { cause: error })
      : error
  } finally {
    await rm(unfinished, { force: true })
  }
}

const isOfFiles = (error: unknown): error is NodeJS.ErrnoException =>
  (error as NodeJS.ErrnoException).syscall !== undefined

/** A backup takes the place of a backup only, and never of what a shop runs on. */
async function refuseTarget(folder: string, file: string): Promise<void> {
  const parent = await realpath(dirname(file)).catch(() => {
    throw new StoreRefusedError(`There is no folder ${dirname(file)}.`)
  })
  if (`${parent}${sep}`.startsWith(`${await realpath(folder)}${sep}`))
    throw new StoreRefusedError(`A backup belongs elsewhere than into ${folder}, on another disk at best.`)
  if (existsSync(file) && !isOurs(await headOf(file)))
    throw new StoreRefusedError(`${file} is there, and no backup of Tagsale’s. Choose another name.`)
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(APPLICATION_ID_AT + 4), position: 0 })
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') return Buffer.alloc(0)
    throw error
  } finally {
    await handle.close()
  }
}

/** One moment of a store as a file of its own, which only its owner may read, on the disk. */
async function copyWhole(path: string, to: string): Promise<void> {
  await rm(to, { force: true })
  await (await open(to, 'wx', OWNER_ONLY)).close()
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MILLISECONDS_MAX })
    try {
      if (formatOf(db, path) === 0) throw new StoreRefusedError(`${path} is not a store of Tagsale.`)
      db.prepare('vacuum into ?').run(to)
    } finally {
      db.close()
    }
  } catch (error) {
    if (codeOf(error) === FULL)
      throw new StoreRefusedError(`${to} can't be written: the disk is full.`, { cause: error })
    throw refusalOf(error, dirname(path), path)
  }
  await flushPath(to)
}

async function checkedCopy<Seen>(path: string, look: Look<Seen>): Promise<StoreCheck & { seen: Seen }> {
  const copy = readerOf(path, dirname(path))
  try {
    const [damage] = await copy.damage()
    if (damage !== undefined) throw new StoreRefusedError(`The copy is damaged: ${damage}. It was not kept.`)
    return { ...(await checkStore(copy)), seen: await look(copy) }
  } finally {
    await copy.close()
  }
}

/**
 * Puts a backup in the place of the store in that folder, while no shop runs. A store that holds orders is kept aside, and replaced only
 * where that is asked for. Rejects with `StoreRefusedError`, and then the store is as it was.
 */
export async function restore<Seen>(
  folder: string,
  file: string,
  { replace, now, look }: { replace: boolean; now: Date; look: Look<Seen> },
): Promise<StoreCheck & { seen: Seen; aside?: string }> {
  if (!existsSync(file)) throw new StoreRefusedError(`There is no file ${file}.`)
  if (!isOurs(await headOf(file))) throw new StoreRefusedError(`${file} is no backup of Tagsale’s.`)
  await makeFolder(folder)
  const unlock = lockFolder(folder)
  const unfinished = join(folder, `${FILE}.new`)
  try {
    if (!replace && (await holdsOrders(folder))) {
      throw new StoreRefusedError(
        `The store in ${folder} holds orders, or can't be read. With --replace it is kept aside, and the backup takes its place.`,
      )
    }
    await copyWhole(file, unfinished)
    const checked = await checkedCopy(unfinished, look)
    const aside = [FILE, `${FILE}-wal`].some((name) => existsSync(join(folder, name)))
      ? await setAside(folder, now)
      : undefined
    await rename(unfinished, join(folder, FILE))
    await flushPath(folder)
    return { ...checked, ...(aside && { aside }) }
  } finally {
    await rm(unfinished, { force: true })
    unlock()
  }
}

/** Also when nobody can tell. */
async function holdsOrders(folder: string): Promise<boolean> {
  if (!existsSync(join(folder, FILE))) return hasJournal(folder) || traceOfOrders(folder) !== undefined
  try {
    const reader = await openSqliteReader(folder)
    if (reader.format === 0) return reader.close().then(() => false)
    const [row] = await reader.ask(sql`select exists (select 1 from facts) as facts`).finally(reader.close)
    return Boolean(row?.['facts'])
  } catch (error) {
    if (error instanceof StoreRefusedError) return true
    throw error
  }
}

/** A copy of the store as it is, under a name that says when; its log comes along where SQLite can't read it, or the store is lost. */
async function setAside(folder: string, now: Date): Promise<string> {
  const path = join(folder, FILE)
  const aside = `${path}.until-${now.toISOString().replaceAll(':', '-')}`
  if (existsSync(path)) {
    intoOneFile(path)
    await copyFile(path, aside, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    await flushPath(aside)
  }
  if (existsSync(`${path}-wal`)) await rename(`${path}-wal`, `${aside}-wal`)
  await rm(`${path}-shm`, { force: true })
  await flushPath(folder)
  return aside
}

/** Brings what is in the log into the file, as far as the file can be read. */
function intoOneFile(path: string): void {
  const db = new DatabaseSync(path)
  try {
    db.exec('pragma wal_checkpoint(truncate)')
  } catch (error) {
    if (codeOf(error) === undefined) throw error
  } finally {
    db.close()
  }
}

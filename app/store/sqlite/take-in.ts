import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreRefusedError } from '../refusal.ts'
import { sql } from '../sql.ts'
import type { Store } from '../store.ts'
import { checkpointWhole } from './engine.ts'
import { FILE, flushPath, readerOf } from './file.ts'
import { deleteJournal, hasJournal, journalMark, takeInJournal, traceOfOrders } from './journal.ts'

// The first start over a journal. A store is made of it apart, compared, and checked on the disk; then it comes in place, and only
// when that would survive a power cut, the journal goes. Wherever it ends between, the next start goes on.

const APART = 'taken-in'
/** The setting that says which journal is in the store. */
const TAKEN_IN = 'journal'

/**
 * Sees to orders of an earlier version, before a store is opened in that folder; `openApart` makes an empty one. Rejects with
 * `StoreRefusedError` where they can't be taken in, or where a store is missing that was there.
 */
export async function takeInEarlierOrders(folder: string, openApart: (apart: string) => Promise<Store>): Promise<void> {
  if (existsSync(join(folder, FILE))) return forgetJournal(folder)
  if (!hasJournal(folder)) return refuseLost(folder)
  try {
    await takeIn(folder, openApart)
  } catch (error) {
    if (error instanceof StoreRefusedError) throw error
    const why = (error as Error).message
    throw new StoreRefusedError(
      `The orders of an earlier version in ${folder} could not be taken in: ${why}. They are as they were. Make room on the disk, then start again.`,
      { cause: error },
    )
  }
  await forgetJournal(folder)
}

/** An empty store in the place of a lost one would sell as if nothing had ever been sold. Throws `StoreRefusedError`. */
export function refuseLost(folder: string): void {
  const trace = traceOfOrders(folder)
  if (trace === undefined) return
  throw new StoreRefusedError(
    `${folder} held orders: ${trace} is there, but ${FILE} is missing. Put back your last backup: \`npx tagsale restore\`. ` +
      `If nothing was ever sold here, move ${trace} away.`,
  )
}

async function takeIn(folder: string, openApart: (apart: string) => Promise<Store>): Promise<void> {
  const apart = join(folder, APART)
  const path = join(apart, FILE)
  await rm(apart, { recursive: true, force: true })
  await mkdir(apart, { mode: 0o700 })
  const mark = await journalMark(folder)
  const store = await openApart(apart)
  await takeInJournal(folder, store).finally(store.close)
  await finish(path, mark)
  await flushPath(path)
  await rename(path, join(folder, FILE))
  await flushPath(folder)
  await rm(apart, { recursive: true })
}

/** Brings all into the one file that is renamed, and says in it which journal it holds. When a store is closed, SQLite says nothing of what fails. */
async function finish(path: string, mark: Buffer): Promise<void> {
  const db = new DatabaseSync(path)
  try {
    db.prepare('insert into settings (name, value) values (?, ?)').run(TAKEN_IN, mark)
    checkpointWhole(db)
  } finally {
    db.close()
  }
  if (existsSync(`${path}-wal`)) throw new Error('some of them are not in the file')
  const reader = readerOf(path, path)
  const [damage] = await reader.damage().finally(reader.close)
  if (damage !== undefined) throw new Error(`what was made of them is damaged: ${damage}`)
}

/** Deletes the journal where the store holds that very one; any other is left alone. */
async function forgetJournal(folder: string): Promise<void> {
  if (!hasJournal(folder)) return
  const reader = readerOf(join(folder, FILE), folder)
  const [row] = await reader.ask(sql`select value from settings where name = ${TAKEN_IN}`).finally(reader.close)
  if (row && Buffer.compare(row['value'] as Uint8Array, await journalMark(folder)) === 0) await deleteJournal(folder)
}

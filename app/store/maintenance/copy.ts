import { createHash } from 'node:crypto'
import { checkStore } from '../check.ts'
import { COPYING, KEY, type StoreReader, type StoreTables } from '../database.ts'
import { StoreRefusedError } from '../refusal.ts'
import { FORMAT } from '../schema.ts'
import { sql } from '../sql.ts'
import {
  countRows,
  deleteRows,
  insertRows,
  rowsAfter,
  rowsIn,
  rowText,
  storeTables,
  type Table,
  type TableRow,
} from './tables.ts'

// A whole store, from one engine to another. Row by row as it is: customers stay sealed by the store's own key, which comes along.
// Each range of rows is compared first, so a copy that was interrupted goes on, and one of what has changed since becomes right.

const ROWS_AT_ONCE = 500

type Ask = Pick<StoreReader, 'ask'>
/** Told after each batch: how many rows of all are done, and what is done with them. */
export type Tell = (progress: { doing: 'copied' | 'compared'; done: number; all: number }) => void

/**
 * Copies every row. The target must be empty, or hold an earlier, unfinished copy of the same store; until `finishCopy`, no shop opens
 * it. Rejects with `StoreRefusedError` else.
 */
export async function copyStore(from: StoreReader, to: StoreTables, tell: Tell = () => {}): Promise<void> {
  if (from.format !== FORMAT) {
    throw new StoreRefusedError(
      `The store to copy is of format ${from.format}, and this program writes ${FORMAT}. Start the shop on it once, and stop it again.`,
    )
  }
  await begin(from, to)
  const tables = storeTables()
  const copied = counter(tell, 'copied', await countAll(from, tables))
  for (const table of tables) await copyTable(from, to, table, copied)
  const [last] = await to.ask(sql`select max(position) as position from facts`)
  if (last?.['position']) await to.numberFactsAfter(last['position'] as number)
}

/** One after the other: there is one connection. */
async function countAll({ ask }: Ask, tables: readonly Table[]): Promise<number> {
  let all = 0
  for (const table of tables) all += Number((await ask(countRows(table)))[0]?.['rows'])
  return all
}

function counter(tell: Tell, doing: Parameters<Tell>[0]['doing'], all: number): (rows: number) => void {
  let done = 0
  return (rows) => {
    done += rows
    tell({ doing, done, all })
  }
}

/** Marks the target as unfinished, if it may be one. */
async function begin(from: Ask, to: StoreTables): Promise<void> {
  const [settings, others] = [await settingsOf(from), await settingsOf(to)]
  const key = settings.get(KEY)
  if (!key || settings.has(COPYING))
    throw new StoreRefusedError('The store to copy is itself an unfinished copy, or nobody has opened it yet.')
  const mark = others.get(COPYING)
  if (mark && Buffer.compare(mark, key) !== 0)
    throw new StoreRefusedError(
      'There is an unfinished copy of another store already. Choose another place, or remove that one.',
    )
  if (!mark && (await holdsAnything(to)))
    throw new StoreRefusedError('There is a store with orders or work of its own already. Choose another place.')
  if (!mark) await to.ask(sql`insert into settings (name, value) values (${COPYING}, ${key})`)
}

async function settingsOf({ ask }: Ask): Promise<Map<string, Uint8Array>> {
  const rows = await ask(sql`select name, value from settings`)
  return new Map(rows.map((row) => [row['name'] as string, row['value'] as Uint8Array]))
}

const holdsAnything = async (to: Ask): Promise<boolean> =>
  (await countAll(
    to,
    storeTables().filter(({ name }) => name !== 'settings'),
  )) > 0

async function copyTable(from: Ask, to: Ask, table: Table, copied: (rows: number) => void): Promise<void> {
  let after: TableRow | undefined
  for (;;) {
    const rows = await from.ask(rowsAfter(table, after, ROWS_AT_ONCE))
    const isEnd = rows.length < ROWS_AT_ONCE
    const range = { after, last: isEnd ? undefined : rows.at(-1) }
    const there = (await to.ask(rowsIn(table, range))).filter((row) => !isMark(table, row))
    if (textOf(table, rows) !== textOf(table, there)) {
      if (there.length > 0) await to.ask(deleteRows(table, range))
      if (rows.length > 0) await to.ask(insertRows(table, rows))
    }
    copied(rows.length)
    if (isEnd) return
    after = rows.at(-1)
  }
}

const isMark = ({ name }: Table, row: TableRow) => name === 'settings' && row['name'] === COPYING
const textOf = (table: Table, rows: readonly TableRow[]) => rows.map((row) => rowText(table, row)).join('\n')

/** Opens the target to shops. */
export async function finishCopy(to: Ask): Promise<void> {
  await to.ask(sql`delete from settings where name = ${COPYING}`)
}

/** What two stores hold, where they differ, and what is wrong with the second by itself: a sentence each. */
export type Comparison = { rows: number; facts: number; orders: number; problems: readonly string[] }

/** Compares the two, row by row in their order, by count and hash; and folds the second's facts anew. O(both). */
export async function compareStores(one: Ask, other: Ask, tell: Tell = () => {}): Promise<Comparison> {
  const tables = storeTables()
  const rows = await countAll(one, tables)
  const compared = counter(tell, 'compared', 2 * rows)
  const problems: string[] = []
  for (const table of tables) {
    const [first, second] = [await digest(one, table, compared), await digest(other, table, compared)]
    if (first.rows !== second.rows) problems.push(`${table.name}: ${first.rows} rows here, ${second.rows} there.`)
    else if (first.hash !== second.hash) problems.push(`${table.name}: as many rows, but not the same.`)
  }
  const { facts, orders, problems: folds } = await checkStore(other)
  return { rows, facts, orders, problems: [...problems, ...folds] }
}

async function digest(from: Ask, table: Table, read: (rows: number) => void) {
  const hash = createHash('sha256')
  let after: TableRow | undefined
  let count = 0
  for (;;) {
    const rows = await from.ask(rowsAfter(table, after, ROWS_AT_ONCE))
    const kept = rows.filter((row) => !isMark(table, row))
    for (const row of kept) hash.update(`${rowText(table, row)}\n`)
    count += kept.length
    read(kept.length)
    if (rows.length < ROWS_AT_ONCE) return { rows: count, hash: hash.digest('hex') }
    after = rows.at(-1)
  }
}

import { DatabaseSync } from 'node:sqlite'
import { MIGRATIONS } from '../schema.ts'
import { literal, type Statement, sql, type Value, words } from '../sql.ts'

/** A table: what it is called, what is kept in it, and what its rows are ordered and told apart by. */
export type Table = { name: string; columns: readonly string[]; key: readonly string[] }
export type TableRow = Readonly<Record<string, Value>>

/** All tables, as the migrations make them; without what a database computes, and who was at work on a job. */
export function storeTables(): Table[] {
  const db = new DatabaseSync(':memory:')
  try {
    for (const migration of MIGRATIONS) db.exec(migration)
    const names = db.prepare(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`).all()
    return names.map(({ name }) => tableOf(db, name as string))
  } finally {
    db.close()
  }
}

const LEASE = /^leased?_/

function tableOf(db: DatabaseSync, name: string): Table {
  const columns = db.prepare(`select name, pk from pragma_table_xinfo(?) where hidden = 0`).all(name)
  const key = columns.filter(({ pk }) => pk !== 0).sort((one, other) => Number(one['pk']) - Number(other['pk']))
  const names = (rows: typeof columns) => rows.map((row) => row['name'] as string)
  return { name, columns: names(columns).filter((column) => !LEASE.test(column)), key: names(key) }
}

/** The next rows of a table in the order of its key, after that row. */
export function rowsAfter({ name, columns, key }: Table, after: TableRow | undefined, most: number): Statement {
  const keys = words(key.join(', '))
  return sql`
    select ${words(columns.join(', '))} from ${words(name)}
    where ${after ? sql`(${keys}) > ${[keyOf({ key }, after)]}` : sql`1 = 1`} order by ${keys} limit ${literal(most)}`
}

/** Which rows: those after one and up to another, without an end where that is missing. */
type Range = { after?: TableRow | undefined; last?: TableRow | undefined }

function inRange({ key }: Pick<Table, 'key'>, { after, last }: Range): Statement {
  const keys = words(key.join(', '))
  const from = after ? sql`(${keys}) > ${[keyOf({ key }, after)]}` : sql`1 = 1`
  return last ? sql`${from} and (${keys}) <= ${[keyOf({ key }, last)]}` : from
}

/** All rows of a range. */
export const rowsIn = (table: Table, range: Range): Statement => sql`
  select ${words(table.columns.join(', '))} from ${words(table.name)}
  where ${inRange(table, range)} order by ${words(table.key.join(', '))}`

/** Removes the rows of a range. */
export const deleteRows = (table: Table, range: Range): Statement =>
  sql`delete from ${words(table.name)} where ${inRange(table, range)}`

/** Writes these rows as they are, positions of facts included. */
export const insertRows = ({ name, columns }: Table, rows: readonly TableRow[]): Statement => sql`
  insert into ${words(name)} (${words(columns.join(', '))}) overriding system value
  values ${rows.map((row) => columns.map((column) => row[column] as Value))}`

/** How many rows there are. */
export const countRows = ({ name }: Table): Statement => sql`select count(*) as rows from ${words(name)}`

const keyOf = ({ key }: Pick<Table, 'key'>, row: TableRow): Value[] => key.map((column) => row[column] as Value)

/** A row as text, the same from either engine. */
export const rowText = ({ columns }: Table, row: TableRow): string =>
  JSON.stringify(
    columns.map((column) => {
      const value = row[column] as Value
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
    }),
  )

// Statements as both engines read them: short, plain SQL with `$1`, `$2` … where the values go.

/** What a column holds. */
export type Value = string | number | null | Uint8Array
export type Row = Readonly<Record<string, Value>>
/** What only this file can put into an object: nothing that came as JSON is taken for SQL. */
const STATEMENT = Symbol('statement')
/** One statement, and the values for `$1`, `$2` … in it. */
export type Statement = { readonly [STATEMENT]: true; sql: string; values: readonly Value[] }
/** Several rows, to stand after `values`. */
export type Rows = readonly (readonly Value[])[]

/** A statement with its values where they are read; rows and parts of statements may stand in it as well. */
export function sql(texts: TemplateStringsArray, ...given: readonly (Value | Rows | Statement)[]): Statement {
  const values: Value[] = []
  const place = (value: Value) => `$${values.push(value)}`
  const text = given.map((one, n) => {
    return (
      texts[n] +
      (isValue(one)
        ? place(one)
        : isRows(one)
          ? one.map((row) => `(${row.map(place).join(', ')})`).join(', ')
          : nested(one, place))
    )
  })
  return { [STATEMENT]: true, sql: text.join('') + texts[given.length], values }
}

const isValue = (one: Value | Rows | Statement): one is Value =>
  typeof one !== 'object' || one === null || one instanceof Uint8Array
const isRows = (one: Rows | Statement): one is Rows => Array.isArray(one)
function nested(part: Statement, place: (value: Value) => string): string {
  if (part[STATEMENT] !== true) throw new TypeError('Neither a value nor a part of a statement can stand here.')
  return part.sql.replace(/\$(\d+)/g, (_, n: string) => place(part.values[Number(n) - 1] as Value))
}

/** Names of tables and columns, to stand in a statement as they are. Never anything from outside. */
export const words = (text: string): Statement => ({ [STATEMENT]: true, sql: text, values: [] })

/** A count, to stand in a statement as it is. Behind `limit`, a value would make SQLite prepare the statement anew each time. */
export const literal = (count: number): Statement => words(String(Math.trunc(count)))

/** So that no statement has more values than SQLite (32,766) and PostgreSQL (65,535) take. */
const ROWS_A_STATEMENT = 1_000

/** As many statements as so many rows need; none for none. */
export const inSlices = <One>(rows: readonly One[], statement: (slice: readonly One[]) => Statement): Statement[] =>
  Array.from({ length: Math.ceil(rows.length / ROWS_A_STATEMENT) }, (_, n) =>
    statement(rows.slice(n * ROWS_A_STATEMENT, (n + 1) * ROWS_A_STATEMENT)),
  )

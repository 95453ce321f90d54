// Statements as both engines read them: short, plain SQL with `$1`, `$2` … where the values go.

/** What a column holds. */
export type Value = string | number | null | Uint8Array
export type Row = Readonly<Record<string, Value>>
/** One statement, and the values for `$1`, `$2` … in it. */
export type Statement = { sql: string; values: readonly Value[] }
/** Several rows, to stand after `values`. */
type Rows = readonly (readonly Value[])[]

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
  return { sql: text.join('') + texts[given.length], values }
}

const isValue = (one: Value | Rows | Statement): one is Value =>
  typeof one !== 'object' || one === null || one instanceof Uint8Array
const isRows = (one: Rows | Statement): one is Rows => Array.isArray(one)
const nested = (part: Statement, place: (value: Value) => string): string =>
  part.sql.replace(/\$(\d+)/g, (_, n: string) => place(part.values[Number(n) - 1] as Value))

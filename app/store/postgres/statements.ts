import type pg from 'pg'
import type { Statement } from '../sql.ts'

// How statements are sent: as few as may be, each with a name.

/**
 * The statements in groups, each to be sent as one: a statement costs Node more than PostgreSQL. Those in one see nothing of each other, so
 * what may be about the same row is kept apart: rows that are inserted, and others of that table.
 */
export function grouped(statements: readonly Statement[]): Statement[][] {
  const groups: Statement[][] = []
  let kinds = new Map<string, string>()
  for (const statement of statements) {
    const [, verb = '', table = ''] = /^\s*(insert|update|delete) (?:into |from )?(\w+)/.exec(statement.sql) ?? []
    const kind = verb === 'insert' ? 'new' : 'known'
    const isApart = (kinds.get(table) ?? kind) !== kind
    if (isApart) kinds = new Map()
    kinds.set(table, kind)
    if (isApart || groups.length === 0) groups.push([statement])
    else groups.at(-1)?.push(statement)
  }
  return groups
}

/** One statement that does what these do. */
function together(texts: readonly string[], counts: readonly number[]): string {
  if (texts.length === 1) return texts[0] as string
  let before = 0
  const parts = texts.map((text, n) => {
    const shifted = text.replace(/\$(\d+)/g, (_, place: string) => `$${Number(place) + before}`)
    before += counts[n] as number
    return `part${n} as (${shifted})`
  })
  return `with ${parts.join(', ')} select`
}

const NAMES_MAX = 500

/** Groups of statements as one with a name, which each connection prepares once; those that differ too much have none. */
export function preparer(): (...group: Statement[]) => pg.QueryConfig {
  const known = new Map<string, { name?: string; text: string }>()
  return (...group) => {
    const key = group.map(({ sql: text }) => text).join(';')
    const values = group.flatMap((statement) => statement.values)
    const prepared = known.get(key)
    if (prepared) return { ...prepared, values }
    const text = together(
      group.map((statement) => statement.sql),
      group.map((statement) => statement.values.length),
    )
    if (known.size >= NAMES_MAX) return { text, values }
    known.set(key, { name: `s${known.size}`, text })
    return { ...known.get(key), text, values }
  }
}

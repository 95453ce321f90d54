import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { figuresQuery } from '../../app/store/desk/figures.ts'
import { openPostgresStore } from '../../app/store/postgres/postgres.ts'
import { claimJobs, forgetReads, forgetWrites, ORDERS_LOOKED_THROUGH, ordersQuery } from '../../app/store/queries.ts'
import { createSealer } from '../../app/store/seal.ts'
import { type Statement, sql } from '../../app/store/sql.ts'
import { forSqlite } from '../../app/store/sqlite/engine.ts'
import { openSqliteStore } from '../../app/store/sqlite/sqlite.ts'
import type { OrderFilter } from '../../app/store/store.ts'
import { newDatabase } from '../support/database.ts'

// What a question costs is its plan: with 100,000 orders, each is answered from an index, and no more rows are looked at than
// with 1,000.

const ORDERS = 100_000
const key = 'k'.repeat(32)
const writer = { shop: 'main', sealer: createSealer(randomBytes(32), randomBytes) }

/** As both engines read it: so many orders, a tenth of them refunded, each with one of a hundred prices and one of 50,000 people. */
const FILL = `
  with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ORDERS})
  insert into orders (shop, id, version, placed_at, status, fulfillment, currency, total, country, fold)
  select 'main', 'ord_' || (100000000 + i), 1, 'T' || (100000000 + i / 2),
    case when i % 10 = 0 then 'REFUNDED' else 'PAID' end, case when i % 50 = 0 then 'unfulfilled' else 'fulfilled' end,
    'eur', i, 'DE', '{"id":"ord_' || (100000000 + i) || '"}' from n;
  with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ORDERS})
  insert into order_terms (shop, term, placed_at, id)
  select 'main', 'price p' || (i % 100), 'T' || (100000000 + i / 2), 'ord_' || (100000000 + i) from n;
  with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ORDERS})
  insert into order_terms (shop, term, placed_at, id)
  select 'main', '${'TERM'}' || (i % 50000), 'T' || (100000000 + i / 2), 'ord_' || (100000000 + i) from n;
  with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ORDERS})
  insert into jobs (shop, id, queue, kind, work, due_at, attempts, revision)
  select 'main', 'job' || i, case when i % 2 = 0 then 'mail' else 'github' end, 'mail', '{}', 'T' || (100000000 + i), 0, i from n;
  with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ORDERS})
  insert into deliveries (shop, id, source, type, received_at)
  select 'main', 'stripe:evt_' || i, 'stripe', 'test', 'T' || (100000000 + i) from n;
  with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ORDERS})
  insert into sales select 'main', 'T' || (2000 + i / 960) || '-' || (10 + i / 32 % 30), i % 32, 'eur', 'DE', case when i % 2 = 0 then 'p1' else '' end,
    1, 1, 900, 0, 0 from n;`

const FILTERS: [string, OrderFilter][] = [
  ['newest first', {}],
  ['by status', { status: 'REFUNDED' }],
  ['by fulfillment', { fulfillment: 'unfulfilled' }],
  ['by price', { price: 'p7' }],
  ['by a person', { text: 'ada@example.org' }],
  ['by two words', { text: 'ada lovelace' }],
  ['by the beginning of an id', { text: 'ord_10005000' }],
  ['by the beginning of an id, status and price', { text: 'ord_10005000', status: 'PAID', price: 'p7' }],
  ['by time', { since: 'T100010000', until: 'T100020000' }],
  ['by status and time', { status: 'PAID', since: 'T100010000', until: 'T100020000' }],
  ['by price and status', { price: 'p7', status: 'REFUNDED' }],
  ['by fulfillment and status', { fulfillment: 'unfulfilled', status: 'PAID' }],
]
const STATEMENTS: [string, Statement][] = [
  ...FILTERS.map(([name, filter]): [string, Statement] => [name, ordersQuery(writer, filter)]),
  ...FILTERS.map(([name, filter]): [string, Statement] => [
    `${name}, a later page`,
    ordersQuery(writer, filter, 'T100015000 ord_100030000'),
  ]),
  ['unpaid orders to forget', ordersQuery(writer, { status: 'CANCELED', until: 'T100020000' })],
  ['an order to forget', forgetReads('main', ['ord_100000001', 'ord_100000002'])],
  ...forgetWrites('main', ['ord_100000001', 'ord_100000002'])
    .filter((statement) => statement.sql.includes('from order')) // the other tables are empty here
    .map((statement): [string, Statement] => [statement.sql.slice(0, 24), statement]),
  ['due jobs', claimJobs('main', { by: 'me', now: 'T200000000', until: 'T200000001', most: 4, queue: 'mail' })],
  ['the next due job', sql`select min(ready_at) as next from jobs where shop = 'main' and queue = ${'mail'}`],
  ['figures of a month', figuresQuery('main', { from: 'T2000-01', to: 'T2000-31', by: 'day' })],
  ['figures by product', figuresQuery('main', { from: 'T2000-01', to: 'T2000-31', by: 'product' })],
  ['the last delivery', sql`select max(received_at) from deliveries where shop = 'main' and source = 'stripe'`],
]

let root = ''
let sqlite: DatabaseSync
let postgres: pg.Client
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tagsale-queries-'))
  const onFailure = (error: Error) => {
    throw error
  }
  await (await openSqliteStore({ folder: root, key, random: randomBytes, onFailure })).close()
  sqlite = new DatabaseSync(join(root, 'shop.sqlite'))
  sqlite.exec(`pragma synchronous = off; begin; ${FILL}; commit`)
  const url = await newDatabase()
  await (await openPostgresStore({ url, key, random: randomBytes, log: { warn: () => {} } })).close()
  postgres = new pg.Client({ connectionString: url })
  await postgres.connect()
  await postgres.query(FILL)
  await postgres.query('analyze')
}, 120_000)
afterAll(async () => {
  sqlite.close()
  await postgres.end()
  await rm(root, { recursive: true })
})

describe.each(STATEMENTS)(`with ${ORDERS} orders: %s`, (_, statement) => {
  it('is answered from an index in SQLite', () => {
    const plan = sqlite.prepare(`explain query plan ${forSqlite(statement.sql)}`).all(...statement.values)
    const steps = plan.map((row) => String(row['detail']))
    const scans = steps.filter((step) => /^SCAN (?!found|due)/.test(step) && !step.includes('CONSTANT ROW'))
    expect(scans, steps.join('\n')).toEqual([])
  })

  it('looks at few rows in PostgreSQL', async () => {
    await postgres.query('begin')
    const { rows } = await postgres.query(`explain (analyze, format json) ${statement.sql}`, [...statement.values])
    await postgres.query('rollback')
    const [{ Plan }] = rows[0]['QUERY PLAN'] as [{ Plan: Plan }]
    const nodes = nodesOf(Plan)
    const looked = nodes.map(
      (node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
    )
    expect(Math.max(...looked), JSON.stringify(nodes.map((node) => node['Node Type']))).toBeLessThanOrEqual(
      ORDERS_LOOKED_THROUGH + 1,
    )
    expect(nodes.filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([])
  })
})

type Plan = {
  'Node Type': string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}
const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]

// What the store does here: `node test/bench/store.ts [--engine sqlite|postgres] [--orders 100000] [--folder .]`. Prints transactions a
// second beside their yardstick, how long a big store takes to open, and what the desk's lists cost in it.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { openPostgresStore } from '../../app/store/postgres/postgres.ts'
import { openSqliteStore } from '../../app/store/sqlite/sqlite.ts'
import type { OrderFilter, Store } from '../../app/store/store.ts'
import { orderNumber, sell, wholeSale } from '../store/sale.ts'
import { startPostgres } from '../support/postgres.ts'

const SECONDS_EACH = 3
const LOOKS = 200
const key = 'k'.repeat(32)
const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'sqlite' },
    orders: { type: 'string', default: '100000' },
    folder: { type: 'string', default: '.' },
    open: { type: 'string' },
  },
})

if (values.open) await opened(values.open)
else await measureAll()

function openStore(where: string): Promise<Store> {
  if (where.startsWith('postgres:')) {
    return openPostgresStore({ url: where, key, random: randomBytes, log: { warn: console.error } })
  }
  const onFailure = (error: Error) => {
    throw error
  }
  return openSqliteStore({ folder: where, key, random: randomBytes, onFailure })
}

async function measureAll(): Promise<void> {
  const root = await mkdtemp(join(resolve(values.folder), 'store-bench-'))
  const server = values.engine === 'postgres' ? await startPostgres({ durable: true }) : undefined
  const [where, empty] = server
    ? [await server.newDatabase(), await server.newDatabase()]
    : [join(root, 'store'), join(root, 'empty')]
  try {
    const store = await openStore(where)
    await (await openStore(empty)).close()
    let orders = 0
    const sale = () => sell(store, orderNumber(orders++))
    const table: Record<string, object> = {}
    for (const clients of [1, 16, 128]) {
      table[`raw append + fdatasync, ${clients}`] = await rawAppends(join(root, `raw-${clients}`), clients)
      table[`store, ${clients}`] = await measured(clients, sale)
    }
    while (orders < Number(values.orders)) await Promise.all(Array.from({ length: 1000 }, sale))
    console.table(table)
    console.table(await lists(store))
    await store.close()
    for (const each of [empty, where])
      spawnSync(process.execPath, [import.meta.filename, '--open', each], { stdio: 'inherit' })
  } finally {
    await server?.stop()
    await rm(root, { recursive: true })
  }
}

/** What the desk asks, and what each costs with so many orders. */
async function lists(store: Store) {
  const filters: Record<string, OrderFilter> = {
    newest: {},
    'by status': { status: 'PAID' },
    'by status, none': { status: 'REFUNDED' },
    'by status and fulfillment': { status: 'PAID', fulfillment: 'shipped' },
    'by price': { price: 'pin' },
    'by mail': { text: 'nobody@example.org' },
    'by name': { text: 'ada' },
    'by id': { text: orderNumber(77) },
  }
  const table: Record<string, object> = {}
  for (const [name, filter] of Object.entries(filters)) {
    const waits: number[] = []
    for (let n = 0; n < LOOKS; n++) {
      const start = performance.now()
      await store.orders(filter)
      waits.push(performance.now() - start)
    }
    table[name] = spread(waits)
  }
  return table
}

/** How often the action is done in a while by that many clients, each waiting for its answer before the next. */
async function measured(clients: number, action: () => Promise<unknown>) {
  const waits: number[] = []
  const cpu = process.cpuUsage()
  const end = performance.now() + SECONDS_EACH * 1000
  const client = async () => {
    while (performance.now() < end) {
      const start = performance.now()
      await action()
      waits.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const { user, system } = process.cpuUsage(cpu)
  const used = Math.round((user + system) / waits.length)
  return { 'a second': Math.round(waits.length / SECONDS_EACH), 'processor µs': used, ...spread(waits) }
}

function spread(waits: number[]) {
  waits.sort((one, other) => one - other)
  const at = (part: number) => Number((waits[Math.floor(waits.length * part)] ?? 0).toFixed(2))
  return { 'p50 ms': at(0.5), 'p99 ms': at(0.99) }
}

/** The disk alone: one line appended and synced after the other, whoever waits. */
async function rawAppends(path: string, clients: number) {
  const file = await open(path, 'a')
  const line = JSON.stringify({ seq: 1, prev: 'x'.repeat(43), change: wholeSale(orderNumber(0)) })
  let last: Promise<unknown> = Promise.resolve()
  const result = await measured(clients, () => {
    last = last.then(() => file.write(line)).then(() => file.datasync())
    return last
  })
  await file.close()
  return result
}

/** Opens the store in a process of its own, as a start of the shop does. */
async function opened(where: string): Promise<void> {
  const start = performance.now()
  const store = await openStore(where)
  const took = performance.now() - start
  const memory = Math.round(process.memoryUsage().rss / 1e6)
  const { orders } = await store.counts()
  console.log(`Opened ${orders} orders in ${took.toFixed(0)} ms; ${memory} MB in use`)
  await store.close()
}

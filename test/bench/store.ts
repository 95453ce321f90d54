// What the embedded store does here: `node test/bench/store.ts [folder]`. Prints transactions a second, beside the same
// bytes appended and synced one by one, and how long a journal of 100,000 orders takes to open.
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { openLowdbStore } from '../../app/store/lowdb.ts'
import type { Store } from '../../app/store/store.ts'
import { orderNumber, wholeSale } from '../store/sale.ts'

const SECONDS_EACH = 3
const ORDERS_TO_REPLAY = 100_000

const folder = await mkdtemp(join(resolve(process.argv[2] ?? '.'), 'store-bench-'))
const parts = {
  folder: join(folder, 'store'),
  now: () => new Date(),
  onFailure: (error: Error) => console.error(error),
}
let orders = 0

try {
  const { store } = await openLowdbStore(parts)
  const table: Record<string, object> = {}
  for (const clients of [1, 16, 128]) {
    table[`raw append + fdatasync, ${clients}`] = await rawAppends(clients)
    table[`store, ${clients}`] = await measured(clients, () => sell(store))
  }
  while (orders < ORDERS_TO_REPLAY) await Promise.all(Array.from({ length: 1000 }, () => sell(store)))
  await store.close()
  console.table(table)
  await replayed()
} finally {
  await rm(folder, { recursive: true })
}

async function sell(store: Store): Promise<void> {
  const order = orderNumber(orders++)
  await store.transact({ order }, ({ order: known }) => (known ? {} : wholeSale(order)))
}

/** How often the action is done in a while by that many clients, each waiting for its answer before the next. */
async function measured(clients: number, action: () => Promise<unknown>) {
  const waits: number[] = []
  const end = performance.now() + SECONDS_EACH * 1000
  const client = async () => {
    while (performance.now() < end) {
      const start = performance.now()
      await action()
      waits.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  waits.sort((one, other) => one - other)
  const at = (part: number) => Number((waits[Math.floor(waits.length * part)] ?? 0).toFixed(2))
  return { 'a second': Math.round(waits.length / SECONDS_EACH), 'p50 ms': at(0.5), 'p99 ms': at(0.99) }
}

/** The disk alone: one line appended and synced after the other, whoever waits. */
async function rawAppends(clients: number) {
  const file = await open(join(folder, `raw-${clients}`), 'a')
  const line = JSON.stringify({ seq: 1, prev: 'x'.repeat(43), change: wholeSale(orderNumber(0)) })
  let last: Promise<unknown> = Promise.resolve()
  const append = () => (last = last.then(() => file.write(line)).then(() => file.datasync()))
  const result = await measured(clients, append)
  await file.close()
  return result
}

async function replayed(): Promise<void> {
  const { size } = await stat(join(parts.folder, 'orders.journal'))
  const start = performance.now()
  const { store, report } = await openLowdbStore(parts)
  const seconds = ((performance.now() - start) / 1000).toFixed(2)
  const { orders: found } = await store.counts()
  await store.close()
  const memory = Math.round(process.memoryUsage().rss / 1e6)
  console.log(
    `Opened ${found} orders (${report.events} facts, ${Math.round(size / 1e6)} MB) in ${seconds} s; ${memory} MB in use`,
  )
}

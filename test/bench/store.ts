// What the embedded store does here: `node test/bench/store.ts [folder]`. Prints transactions a second, beside the same
// bytes appended and synced one by one, and how long a journal of 100,000 orders takes to open.
import { spawnSync } from 'node:child_process'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { openLowdbStore } from '../../app/store/lowdb.ts'
import type { Store } from '../../app/store/store.ts'
import { orderNumber, wholeSale } from '../store/sale.ts'

const SECONDS_EACH = 3
const ORDERS_TO_REPLAY = 100_000

const [first, second] = process.argv.slice(2)
if (first === 'open' && second) await replayed(second)
else await measureAll(resolve(first ?? '.'))

async function measureAll(where: string): Promise<void> {
  const root = await mkdtemp(join(where, 'store-bench-'))
  const folder = join(root, 'store')
  try {
    const { store } = await openStore(folder)
    const sell = seller(store)
    const table: Record<string, object> = {}
    for (const clients of [1, 16, 128]) {
      table[`raw append + fdatasync, ${clients}`] = await rawAppends(join(root, `raw-${clients}`), clients)
      table[`store, ${clients}`] = await measured(clients, sell)
    }
    console.table(table)
    while ((await store.counts()).orders < ORDERS_TO_REPLAY) await Promise.all(Array.from({ length: 1000 }, sell))
    await store.close()
    spawnSync(process.execPath, [import.meta.filename, 'open', folder], { stdio: 'inherit' })
  } finally {
    await rm(root, { recursive: true })
  }
}

function openStore(folder: string) {
  const onFailure = (error: Error) => {
    throw error
  }
  return openLowdbStore({ folder, now: () => new Date(), onFailure })
}

/** One paid order after the other, each in one transaction. */
function seller(store: Store): () => Promise<unknown> {
  let orders = 0
  return () => {
    const order = orderNumber(orders++)
    return store.transact({ order }, ({ order: known }) => (known ? { events: [] } : wholeSale(order)))
  }
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
async function replayed(folder: string): Promise<void> {
  const { size } = await stat(join(folder, 'orders.journal'))
  const start = performance.now()
  const { store, report } = await openStore(folder)
  const seconds = ((performance.now() - start) / 1000).toFixed(2)
  const { orders } = await store.counts()
  await store.close()
  const memory = `${Math.round(process.memoryUsage().rss / 1e6)} MB in use`
  console.log(
    `Opened ${orders} orders (${report.events} facts, ${Math.round(size / 1e6)} MB) in ${seconds} s; ${memory}`,
  )
}

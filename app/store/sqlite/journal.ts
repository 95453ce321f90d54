import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { Customer } from '../../order/customer.ts'
import { OrderEvent } from '../../order/event.ts'
import { ShopEvent } from '../../shop/event.ts'
import { StoreRefusedError } from '../refusal.ts'
import type { Store } from '../store.ts'
import { StoredDelivery, StoredJob } from '../transaction.ts'
import { FILE, flushPath } from './file.ts'

// Orders were kept in a journal once: `store.json` with the store's id, and `orders.journal` with one transaction a line, `crc32 SP
// length SP json LF`, each with the SHA-256 of the one before. It is taken in at the first start, whole or not at all, and then
// deleted, as buyers stand in it for everybody to read.

const JOURNAL = 'orders.journal'
const MANIFEST = 'store.json'
const LINE = /^([0-9a-f]{8}) (\d+) (.*)$/s
const IN_FLIGHT_MAX = 1_000

const Entry = z.object({
  seq: z.int(),
  prev: z.string(),
  change: z.object({
    delivery: StoredDelivery.optional(),
    events: z.array(OrderEvent).optional(),
    customer: Customer.optional(),
    shop: z.array(ShopEvent).optional(),
    jobs: z.array(StoredJob).optional(),
    settled: z.array(z.object({ id: z.string(), revision: z.int(), next: StoredJob.optional() })).optional(),
    /** As the first version wrote it: over, whatever its revision. */
    jobsDone: z.array(z.string()).optional(),
  }),
})
type JournalChange = z.output<typeof Entry>['change']

/** Whether orders of an earlier version wait there to be taken in. */
export const hasJournal = (folder: string): boolean => existsSync(join(folder, JOURNAL))

/** What tells this journal from any other, and from itself with one more line. */
export const journalMark = async (folder: string): Promise<Buffer> =>
  hash('sha256', await readFile(join(folder, JOURNAL)), 'buffer')

/** What says that there were orders in a folder, though neither a store nor a journal is there; nothing where none ever were. */
export const traceOfOrders = (folder: string): string | undefined =>
  [MANIFEST, `${JOURNAL}.taken-in`, `${FILE}-wal`].find((name) => existsSync(join(folder, name)))

/**
 * Takes the journal of an earlier version into a store that holds nothing, and compares what the store then has with what the journal
 * says. Rejects with `StoreRefusedError` where that is damaged or differs.
 */
export async function takeInJournal(folder: string, store: Store): Promise<void> {
  const changes = await readJournal(folder)
  for (let n = 0; n < changes.length; n += IN_FLIGHT_MAX) {
    await Promise.all(changes.slice(n, n + IN_FLIGHT_MAX).map((change) => takeIn(store, change)))
  }
  await store.transact({}, () => ({ jobs: jobsLeft(changes) }))
  const differs = await difference(store, changes)
  if (differs)
    throw new StoreRefusedError(`${join(folder, JOURNAL)} could not be taken in: ${differs} came out different.`)
}

/** Deletes a journal that is in the store. The manifest goes last, so that none is ever without its own. */
export async function deleteJournal(folder: string): Promise<void> {
  for (const name of [JOURNAL, MANIFEST]) {
    await rm(join(folder, name), { force: true })
    await flushPath(folder)
  }
}

function takeIn(store: Store, { delivery, events, customer, shop }: JournalChange): Promise<unknown> {
  const order = events?.[0]?.order ?? customer?.order
  const scope = {
    ...(order && { order }),
    ...(delivery && { delivery: delivery.id }),
    ...(shop && { shop: true as const }),
  }
  const change = {
    ...(delivery && { delivery }),
    ...(events && { events }),
    ...(customer && { customer }),
    ...(shop && { shop }),
  }
  return store.transact(scope, () => change)
}

/** The jobs that nobody has finished. Their revisions were numbers of the journal's own. */
function jobsLeft(changes: readonly JournalChange[]): z.output<typeof StoredJob>[] {
  const left = new Map<string, { job: z.output<typeof StoredJob>; revision: number }>()
  let revision = 0
  const keep = (job: z.output<typeof StoredJob>) => left.set(job.id, { job, revision: ++revision })
  for (const { jobs = [], settled = [], jobsDone = [] } of changes) {
    for (const { id, revision: done, next } of settled) {
      if (left.get(id)?.revision !== done) continue
      left.delete(id)
      if (next) keep(next)
    }
    jobs.forEach(keep)
    for (const id of jobsDone) left.delete(id)
  }
  return [...left.values()].map(({ job }) => job)
}

/** What the store has not as the journal says it; nothing when all of it is there. */
async function difference(store: Store, changes: readonly JournalChange[]): Promise<string | undefined> {
  const shop = changes.flatMap((change) => change.shop ?? [])
  if (!isDeepStrictEqual(await store.shopEvents(), shop)) return 'the facts about the shop'
  const facts = Map.groupBy(
    changes.flatMap(({ events = [] }) => events),
    ({ order }) => order,
  )
  for (const [order, events] of facts) if (!isDeepStrictEqual(await store.events(order), events)) return order
  const customers = new Map(changes.flatMap(({ customer }) => (customer ? [[customer.order, customer]] : [])))
  for (const [order, customer] of customers) {
    if (!isDeepStrictEqual(await store.customer(order), customer)) return `who bought ${order}`
  }
  const { orders, jobsWaiting, deliveries } = await store.counts()
  const known = new Set(changes.flatMap(({ delivery }) => delivery?.id ?? [])).size
  if (orders !== facts.size) return 'the number of orders'
  if (deliveries !== known) return 'the number of deliveries'
  return jobsWaiting === jobsLeft(changes).length ? undefined : 'the number of jobs'
}

/** Every whole line. What is left of one that was being written when the power went was never acknowledged. */
async function readJournal(folder: string): Promise<JournalChange[]> {
  const path = join(folder, JOURNAL)
  const lines = (await readFile(path, 'utf8')).split('\n')
  lines.pop() // what follows the last line's end
  const changes: JournalChange[] = []
  let prev = sha256((await manifestIn(folder)).id)
  for (const line of lines) {
    try {
      const entry = entryIn(line)
      if (entry.seq !== changes.length + 1) throw new Error(`this is line ${entry.seq}`)
      if (entry.prev !== prev) throw new Error('it does not belong after the one before it')
      changes.push(entry.change)
      prev = sha256(`${line}\n`)
    } catch (error) {
      throw new StoreRefusedError(
        `Line ${changes.length + 1} of ${path} is damaged: ${(error as Error).message}. Nothing was changed. Put back your last backup of the folder.`,
        { cause: error },
      )
    }
  }
  return changes
}

async function manifestIn(folder: string): Promise<{ id: string }> {
  const path = join(folder, MANIFEST)
  try {
    return z.object({ format: z.literal(1), id: z.string().min(1) }).parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    throw new StoreRefusedError(`${path} can't be read as a store's manifest. Put it back from your last backup.`, {
      cause: error,
    })
  }
}

const sha256 = (text: string) => hash('sha256', text, 'base64url')

function entryIn(line: string): z.output<typeof Entry> {
  const [, crc, length, json = ''] = LINE.exec(line) ?? []
  if (crc === undefined) throw new Error('no line starts here')
  if (Buffer.byteLength(json) !== Number(length)) throw new Error('it is shorter or longer than it says')
  if (crc32(json).toString(16).padStart(8, '0') !== crc) throw new Error('the checksum does not match')
  return Entry.parse(JSON.parse(json))
}

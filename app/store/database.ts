import { createSecretKey, hash, type KeyObject } from 'node:crypto'
import type { Work } from '../job/job.ts'
import type { OrderEvent } from '../order/event.ts'
import type { OrderId, Random } from '../order/id.ts'
import type { ShopEvent } from '../shop/event.ts'
import { NO_SHOP, type ShopState } from '../shop/shop.ts'
import { accessOver } from './desk/access.ts'
import { figuresIn, figuresQuery } from './desk/figures.ts'
import { factsOver } from './facts.ts'
import * as queries from './queries.ts'
import { StoreRefusedError } from './refusal.ts'
import { createSealer, KEY_BYTES, openBytes, type Sealer, sealBytes } from './seal.ts'
import { type Row, type Statement, sql } from './sql.ts'
import type { Change, Limit, Limiter, Store, Written } from './store.ts'
import { customerIn, eraseReads, eraseWrites, readsFor, standing, type Writer, writesFor } from './transaction.ts'

/** From the answers to the reads, what to write and whom it wakes; nothing when there is nothing to write. */
export type Decide = (
  answers: readonly (readonly Row[])[],
) => { statements: readonly Statement[]; written: Written } | undefined

/** What an engine is: it runs statements, and answers nothing that a crash could take back. */
export type Database = {
  /** One statement by itself. */
  ask(statement: Statement): Promise<readonly Row[]>
  /** Runs the reads, then what was decided from their answers: all in one transaction, which nobody else's comes between. */
  transact(reads: readonly Statement[], decide: Decide): Promise<void>
  watch(listener: (written: Written) => void): () => void
  /** Sees to it that what was deleted is nowhere in the engine's files any more, as far as that is in its hands. */
  forget(): Promise<void>
  close(): Promise<void>
}

/** A store to look at: its format, 0 where there are no tables yet, and all else as it stood at the first question. */
export type StoreReader = Pick<Database, 'ask' | 'close'> & {
  format: number
  /** What the engine itself finds damaged, in its own words. O(store). */
  damage(): Promise<readonly string[]>
}

/** A store's tables, for commands that work on the store as a whole. */
export type StoreTables = Pick<Database, 'ask' | 'forget' | 'close'> & {
  /** The next fact comes after that position. */
  numberFactsAfter(position: number): Promise<void>
}

/** Who waits for what is written. */
export function createListeners() {
  const listeners = new Set<(written: Written) => void>()
  return {
    tell: (written: Written) => {
      for (const listener of [...listeners]) listener(written)
    },
    watch: (listener: (written: Written) => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const PROCESS_BYTES = 6

/** The number of a process: where the revisions begin that it gives, so that no two processes give the same. */
export const newProcessNumber = (random: Random): number =>
  Buffer.from(random(PROCESS_BYTES)).readUIntBE(0, PROCESS_BYTES)

const NOTHING_TO_WAIT_FOR: Written = { jobs: [], shop: false }

type StoreParts = {
  shop: string
  sealer: Sealer
  process: number
  limiter: (limit: Limit) => Limiter
  isReadOnly?: boolean
}

/** The store of one shop in a database: the contract, whichever engine runs the statements. */
export function storeOver(database: Database, given: StoreParts): Store {
  const { shop, sealer, process, limiter, isReadOnly = false } = given
  let revision = process
  const by = String(process)
  const parts = { shop, sealer, newRevision: () => ++revision }
  const { ask } = database
  let closing: Promise<void> | undefined
  return {
    isReadOnly,
    async transact(scope, step) {
      let result: Change | undefined
      await database.transact(readsFor(parts, scope), (answers) => {
        const stands = standing(parts, scope, answers)
        result = step(stands.before as never)
        return writesFor(parts, scope, stands, result)
      })
      return result as never
    },
    ...factsOver(database, shop),
    ...accessOver(database, parts),
    events: (id) => factsOf<OrderEvent>(database, shop, id),
    async reserved() {
      const rows = await ask(sql`select price, quantity from reserved where shop = ${shop}`)
      return new Map(rows.map((row) => [row['price'] as string, row['quantity'] as number]))
    },
    async customer(id) {
      const [row] = await ask(sql`select sealed from customers where shop = ${shop} and id = ${id}`)
      return row && customerIn(sealer, shop, id, row)
    },
    orders: async (filter, after) => queries.orderPage(await ask(queries.ordersQuery(parts, filter, after))),
    figures: async (asked) => figuresIn(await ask(figuresQuery(shop, asked))),
    async shop() {
      const [row] = await ask(sql`select state from shops where shop = ${shop}`)
      return row ? (JSON.parse(row['state'] as string) as ShopState) : NO_SHOP
    },
    shopEvents: () => factsOf<ShopEvent>(database, shop, ''),
    async claimJobs(now, most, leaseSeconds, queue) {
      const until = new Date(now.getTime() + leaseSeconds * 1000).toISOString()
      const lease = { by, now: now.toISOString(), until, most, queue }
      return queries.claimedIn(await ask(queries.claimJobs(shop, lease)))
    },
    async defer(job, until) {
      await ask(queries.deferJob(shop, job, until))
    },
    recallJobs: (after, now) => recallJobs(database, shop, after, now),
    limiter,
    async nextDueAt(queue) {
      const [row] = await ask(sql`select min(ready_at) as next from jobs where shop = ${shop} and queue = ${queue}`)
      return (row?.['next'] as string | null) ?? undefined
    },
    async job(id) {
      const [row] = await ask(sql`select id, work, due_at, attempts from jobs where shop = ${shop} and id = ${id}`)
      return row && queries.jobIn(row)
    },
    ...removalsOver(database, parts),
    watch: database.watch,
    jobsWaiting: async (now) => queries.jobsWaitingIn(await ask(queries.jobsWaitingQuery(shop, now))),
    counts: async () => queries.countsIn(await ask(queries.countsQuery(shop))),
    lastDeliveries: async () => queries.lastDeliveriesIn(await ask(queries.lastDeliveriesQuery(shop))),
    close: () => (closing ??= ask(queries.releaseJobs(shop, by)).then(database.close, database.close)),
  }
}

/** What takes out of the store what is in it. */
const removalsOver = (database: Database, writer: Pick<Writer, 'shop'>): Pick<Store, 'erase' | 'forget'> => ({
  async erase(orders) {
    let known: readonly Row[] = []
    await database.transact([eraseReads(writer, orders)], ([rows = []]) => {
      known = rows
      return rows.length > 0 ? { statements: eraseWrites(writer, rows), written: NOTHING_TO_WAIT_FOR } : undefined
    })
    await database.forget()
    return known.map((row) => row['id'] as OrderId)
  },
  async forget(orders) {
    let unpaid: readonly OrderId[] = []
    await database.transact([queries.forgetReads(writer.shop, orders)], ([rows = []]) => {
      unpaid = queries.unpaidIn(rows)
      return { statements: queries.forgetWrites(writer.shop, unpaid), written: NOTHING_TO_WAIT_FOR }
    })
    return unpaid
  },
})

async function factsOf<Fact>({ ask }: Pick<Database, 'ask'>, shop: string, subject: string): Promise<Fact[]> {
  const rows = await ask(sql`select fact from facts where shop = ${shop} and subject = ${subject} order by version`)
  return rows.map((row) => JSON.parse(row['fact'] as string) as Fact)
}

async function recallJobs(database: Database, shop: string, after: Date, now: Date): Promise<number> {
  let kinds: Written['jobs'] = []
  await database.transact([queries.jobsAfter(shop, after)], ([rows = []]) => {
    kinds = rows.map((row) => row['kind'] as Work['kind'])
    if (kinds.length === 0) return undefined
    return { statements: [queries.recallJobs(shop, after, now)], written: { jobs: kinds, shop: false } }
  })
  return kinds.length
}

/** The setting that holds the store's key, and the place it is sealed for. */
export const KEY = 'key'
export const KEY_PLACE = 'the store’s key'
/** The setting of a store that is being copied into, and not whole yet. */
export const COPYING = 'copying'

/** What seals the store's key: made of the one from the environment. */
export const outerKey = (storeKey: string): KeyObject => createSecretKey(hash('sha256', storeKey, 'buffer'))

/**
 * What seals this store's customers: a key of its own, kept sealed by the one from the environment, and made when there is none.
 * Rejects with `StoreRefusedError` when that is another than the one it was made with.
 */
export async function openSealer({ ask }: Pick<Database, 'ask'>, storeKey: string, random: Random): Promise<Sealer> {
  const [copying] = await ask(sql`select name from settings where name = ${COPYING}`)
  if (copying) {
    throw new StoreRefusedError(
      'This store is an unfinished copy of another. Run the same `tagsale store copy` again: it goes on where it ended.',
    )
  }
  const outer = outerKey(storeKey)
  const known = () => ask(sql`select value from settings where name = ${KEY}`)
  if ((await known()).length === 0) {
    const fresh = sealBytes(outer, random(KEY_BYTES), KEY_PLACE, random)
    await ask(sql`insert into settings (name, value) values (${KEY}, ${fresh}) on conflict do nothing`)
  }
  const [row] = await known()
  try {
    return createSealer(openBytes(outer, row?.['value'] as Uint8Array, KEY_PLACE), random)
  } catch (error) {
    throw new StoreRefusedError(
      'STORE_KEY is not the one that this store was made with, so its customers can not be read. Put the old one back; ' +
        '`tagsale store key` changes it.',
      { cause: error },
    )
  }
}

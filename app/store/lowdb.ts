import { randomBytes } from 'node:crypto'
import { Low } from 'lowdb'
import type { Logger } from 'pino'
import type { Random } from '../order/id.ts'
import { type Disk, nodeDisk } from './disk.ts'
import { openFolder } from './folder.ts'
import { type Journal, journalAdapter } from './journal.ts'
import type { Release } from './lock.ts'
import { contentOf, emptyState, foldChange, type State } from './state.ts'
import type { Before, Change, ClaimedJob, Scope, Store, Written } from './store.ts'

export type LowdbStoreParts = {
  folder: string
  disk?: Disk
  now: () => Date
  random?: Random
  /** Told once, when writing fails. The store takes nothing more: the process must stop and start again. */
  onFailure: (error: Error) => void
  log?: Pick<Logger, 'warn'>
}

/** What opening found: facts replayed, and bytes of an unfinished last line that were cut off. */
export type OpenReport = { events: number; tornBytes: number }

/**
 * Opens the embedded store, and makes it when the folder has never held one. Everything is kept in memory and in one
 * journal. Rejects with `StoreRefusedError` when another process has the folder, or when what is in it is damaged.
 */
export async function openLowdbStore(parts: LowdbStoreParts): Promise<{ store: Store; report: OpenReport }> {
  const { folder, disk = nodeDisk, random = randomBytes, now, onFailure, log } = parts
  await disk.makeFolder(folder)
  const release = await disk.lock(folder)
  let journal: Journal<State> | undefined
  try {
    const { id, path, file } = await openFolder({ disk, folder, now, random })
    journal = journalAdapter({ file, path, storeId: id, empty: emptyState, fold: foldChange, onFailure })
    const db = new Low<State>(journal, emptyState())
    await db.read()
    const report = { events: eventsIn(db.data), tornBytes: journal.tornBytes() }
    if (report.tornBytes > 0) log?.warn({ path, bytes: report.tornBytes }, 'cut off a line that was never finished')
    return { store: storeOver(db, journal, release), report }
  } catch (error) {
    await journal?.close()
    await release()
    throw error
  }
}

const eventsIn = (state: State) => [...state.orders.values()].reduce((sum, kept) => sum + kept.events.length, 0)

/**
 * `db.data` changes at once, so that each step sees what the one before it did; `await db.write()` then waits until
 * all that was seen is durable. Whatever this store answers, refusals too, it answers only after that.
 */
function storeOver(db: Low<State>, journal: Journal<State>, release: Release): Store {
  const leases = new Map<string, { until: number; revision: number }>()
  const listeners = new Set<(written: Written) => void>()
  let closing: Promise<void> | undefined

  async function durable<Seen>(seen: Seen): Promise<Seen> {
    await db.write()
    return frozen(seen)
  }

  return {
    async transact(scope, step) {
      let written: Written | undefined
      try {
        const result = step(before(db.data, scope))
        const content = contentOf(result)
        if (content) journal.record(db.data, content)
        for (const { id, revision } of content?.settled ?? [])
          if (leases.get(id)?.revision === revision) leases.delete(id)
        written = content && writtenBy(content)
        return result
      } finally {
        await db.write()
        if (written) for (const listener of [...listeners]) listener(written)
      }
    },
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    order: (id) => durable(db.data.orders.get(id)?.order),
    events: (id) => durable(db.data.orders.get(id)?.events ?? []),
    customer: (id) => durable(db.data.customers.get(id)),
    job: (id) => durable(db.data.jobs.get(id)),
    shop: () => durable(db.data.shop.now),
    shopEvents: () => durable([...db.data.shop.events]),
    claimJobs(now, most, leaseSeconds, kinds) {
      const until = now.toISOString() // instants in ISO form compare as text
      const isFree = (job: ClaimedJob) => (leases.get(job.id)?.until ?? 0) <= now.getTime()
      const isWanted = (job: ClaimedJob) => job.dueAt <= until && kinds.includes(job.work.kind) && isFree(job)
      const claimed = oldestOf(db.data.jobs.values(), most, isWanted)
      const end = now.getTime() + leaseSeconds * 1000
      for (const { id, revision } of claimed) leases.set(id, { until: end, revision })
      return durable(claimed)
    },
    async defer({ id, revision }, until) {
      if (leases.get(id)?.revision === revision) leases.set(id, { until: until.getTime(), revision })
    },
    nextDueAt(kinds) {
      let next: string | undefined
      for (const { id, dueAt, work } of db.data.jobs.values()) {
        if (!kinds.includes(work.kind)) continue
        const lease = leases.get(id)
        const free = lease ? new Date(Math.max(lease.until, Date.parse(dueAt))).toISOString() : dueAt
        if (next === undefined || free < next) next = free
      }
      return durable(next)
    },
    lastDeliveries: () => durable(db.data.lastDeliveries),
    counts: () =>
      durable({ orders: db.data.orders.size, jobsWaiting: db.data.jobs.size, deliveries: db.data.deliveries.size }),
    close: () => (closing ??= journal.close().finally(release)),
  }
}

const writtenBy = ({ jobs = [], settled = [], shop = [] }: Change): Written => ({
  jobs: [...jobs, ...settled.flatMap(({ next }) => next ?? [])].map(({ work }) => work.kind),
  shop: shop.length > 0,
})

const before = (state: State, scope: Scope): Before => ({
  order: scope.order && frozen(state.orders.get(scope.order)?.order),
  reserved: new Map(scope.prices?.map((price) => [price, state.reserved.get(price) ?? 0])),
  delivered: scope.delivery !== undefined && state.deliveries.has(scope.delivery),
  shop: frozen(state.shop.now),
})

/** The longest due among these jobs, in order. One pass: thousands may wait while a party is down. */
function oldestOf(jobs: Iterable<ClaimedJob>, most: number, isWanted: (job: ClaimedJob) => boolean): ClaimedJob[] {
  const oldest: ClaimedJob[] = []
  for (const job of jobs) {
    if (!isWanted(job) || (oldest.length === most && job.dueAt >= (oldest.at(-1)?.dueAt ?? ''))) continue
    const place = oldest.findIndex((other) => job.dueAt < other.dueAt)
    oldest.splice(place < 0 ? oldest.length : place, 0, job)
    oldest.length = Math.min(oldest.length, most)
  }
  return oldest
}

/** The same value, made unchangeable all through, so that nobody changes the store by what it handed out. */
function frozen<Value>(value: Value): Value {
  if (Object.isFrozen(value)) return value
  Object.values(value as object).forEach(frozen)
  return Object.freeze(value)
}

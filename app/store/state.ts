import { z } from 'zod'
import type { Job, Work } from '../job/job.ts'
import { Customer } from '../order/customer.ts'
import { OrderEvent } from '../order/event.ts'
import type { OrderId } from '../order/id.ts'
import { evolve, type Order, reservedBy } from '../order/order.ts'
import { ShopEvent } from '../shop/event.ts'
import { evolveShop, NO_SHOP, type ShopState } from '../shop/shop.ts'
import type { Change, ClaimedJob, Delivery, LastDeliveries, Settled } from './store.ts'

/** An order with the facts it is the fold of. */
type Kept = { order: Order; events: readonly OrderEvent[] }

/** Everything the embedded store keeps in memory. All of it follows from the changes folded into it. */
export type State = {
  orders: Map<OrderId, Kept>
  customers: Map<OrderId, Customer>
  jobs: Map<string, ClaimedJob>
  /** How many jobs were ever written: the last one's revision. */
  jobsWritten: number
  shop: { now: ShopState; events: ShopEvent[] }
  deliveries: Set<string>
  lastDeliveries: LastDeliveries
  /** What orders hold of limited stock, by price id. */
  reserved: Map<string, number>
}

/** A store that has never held anything. */
export const emptyState = (): State => ({
  orders: new Map(),
  customers: new Map(),
  jobs: new Map(),
  jobsWritten: 0,
  shop: { now: NO_SHOP, events: [] },
  deliveries: new Set(),
  lastDeliveries: {},
  reserved: new Map(),
})

const StoredWork = z.custom<Work>((work) => typeof work === 'object' && work !== null && 'kind' in work)
const StoredJob = z.object({ id: z.string(), work: StoredWork, dueAt: z.iso.datetime(), attempts: z.int() })
const StoredChange = z.strictObject({
  delivery: z.object({ id: z.string(), type: z.string(), receivedAt: z.iso.datetime() }).optional(),
  events: z.array(OrderEvent).optional(),
  customer: Customer.optional(),
  shop: z.array(ShopEvent).optional(),
  jobs: z.array(StoredJob).optional(),
  settled: z.array(z.object({ id: z.string(), revision: z.int(), next: StoredJob.optional() })).optional(),
  /** As older versions wrote it: over, whatever its revision. */
  jobsDone: z.array(z.string()).optional(),
})

/** What of a step's result is to be written, without what is empty; nothing when that is all of it. */
export function contentOf({ delivery, events, customer, shop, jobs, settled }: Change): Change | undefined {
  const content: Change = {
    ...(delivery && { delivery }),
    ...(events?.length && { events }),
    ...(customer && { customer }),
    ...(shop?.length && { shop }),
    ...(jobs?.length && { jobs }),
    ...(settled?.length && { settled }),
  }
  return Object.keys(content).length > 0 ? content : undefined
}

/** Folds a change, as it was read from JSON, into the state: all of it, or it throws and the state is as it was. */
export function foldChange(state: State, stored: unknown): void {
  const parsed = StoredChange.safeParse(stored)
  if (!parsed.success) throw new Error(`not a change this version knows: ${z.prettifyError(parsed.error)}`)
  const { delivery, events = [], customer, shop = [], jobs = [], settled = [], jobsDone = [] } = parsed.data
  const orders = withEvents(state, events)
  // From here on nothing throws.
  for (const [id, kept] of orders) {
    countReserved(state, reservedBy(state.orders.get(id)?.order), -1)
    countReserved(state, reservedBy(kept.order), 1)
    state.orders.set(id, kept)
  }
  if (delivery) keepDelivery(state, delivery)
  if (customer) state.customers.set(customer.order, customer)
  for (const event of shop)
    state.shop = { now: evolveShop(state.shop.now, event), events: [...state.shop.events, event] }
  for (const end of settled as Settled[]) settle(state, end)
  for (const job of jobs) keepJob(state, job)
  for (const id of jobsDone) state.jobs.delete(id)
}

function keepDelivery(state: State, { id, receivedAt }: Delivery): void {
  state.deliveries.add(id)
  const [source = ''] = id.split(':')
  if (source === 'stripe' || source === 'github')
    state.lastDeliveries = { ...state.lastDeliveries, [source]: receivedAt }
}

function settle(state: State, { id, revision, next }: Settled): void {
  if (state.jobs.get(id)?.revision !== revision) return
  state.jobs.delete(id)
  if (next) keepJob(state, next)
}

function keepJob(state: State, job: Job): void {
  state.jobsWritten += 1
  state.jobs.set(job.id, { ...job, revision: state.jobsWritten })
}

/** The orders that the events are about, with the events in them. */
function withEvents(state: State, events: readonly OrderEvent[]): Map<OrderId, Kept> {
  const orders = new Map<OrderId, Kept>()
  for (const event of events) {
    const kept = orders.get(event.order) ?? state.orders.get(event.order)
    orders.set(event.order, { order: evolve(kept?.order, event), events: [...(kept?.events ?? []), event] })
  }
  return orders
}

function countReserved(state: State, reserved: ReadonlyMap<string, number>, sign: 1 | -1): void {
  for (const [price, quantity] of reserved) {
    const count = (state.reserved.get(price) ?? 0) + sign * quantity
    if (count === 0) state.reserved.delete(price)
    else state.reserved.set(price, count)
  }
}

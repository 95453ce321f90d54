import type { Access, Credential, KeptAccess } from '../account/person.ts'
import type { Job, Work } from '../job/job.ts'
import type { Queue } from '../job/queue.ts'
import type { Customer } from '../order/customer.ts'
import type { OrderLabel } from '../order/entitlement.ts'
import type { OrderEvent } from '../order/event.ts'
import type { OrderId } from '../order/id.ts'
import type { Order } from '../order/order.ts'
import type { FulfillmentStatus, OrderSummary } from '../order/status.ts'
import type { ShopEvent } from '../shop/event.ts'
import type { ShopState } from '../shop/shop.ts'

/** One delivery from outside. Its id (`stripe:evt_…`) is the key: a repeat is not a second delivery. */
export type Delivery = { id: string; type: string; receivedAt: string }

/** What a step is about, and may write about; the engine lets nobody else change these meanwhile. `customer` shows who bought its order. */
export type Scope = { order?: OrderId; customer?: true; prices?: readonly string[]; delivery?: string; shop?: true }

/** How things stand when a step runs. `reserved` counts what orders hold of the stock, for the prices of the scope. */
export type Before = {
  order: Order | undefined
  /** Only where the scope asks for it. */
  customer?: Customer | undefined
  reserved: ReadonlyMap<string, number>
  delivered: boolean
}

/** What a step with this scope is shown: the shop only where it asks for it. */
export type BeforeIn<Asked extends Scope> = Before & (Asked extends { shop: true } ? { shop: ShopState } : unknown)

/** A job in somebody's hands. Written anew meanwhile, it has another revision. */
export type ClaimedJob = Job & { revision: number }

/** How a claimed job ended: it is over, or comes again as `next`. If it was written anew meanwhile, that one stays. */
export type Settled = { id: string; revision: number; next?: Job }

/** What a change wrote, for those who wait for it: jobs of these kinds, facts about the shop. */
export type Written = { jobs: readonly Work['kind'][]; shop: boolean }

/** Everything one transaction writes. All of it, or nothing. */
export type Change = {
  delivery?: Delivery
  /** Facts about the order of the scope. */
  events?: readonly OrderEvent[]
  /** Who bought the order of the scope. */
  customer?: Customer
  /** Facts about the shop itself, which the scope must ask for. */
  shop?: readonly ShopEvent[]
  /** Jobs to keep; one with a known id takes its place. */
  jobs?: readonly Job[]
  settled?: readonly Settled[]
}

/**
 * A fact where it lies: `position` is its place in the order of writing, in this store; `subject` its order, or '' for a fact about the
 * shop itself, of which `version` is its number.
 */
export type KeptFact = { position: number; subject: string; version: number; fact: OrderEvent | ShopEvent }

/** When Stripe and GitHub last delivered; nothing before they did. */
export type LastDeliveries = { stripe?: string; github?: string }

/** So much in so many seconds, under a name of its own. */
export type Limit = { name: string; points: number; seconds: number }

/** Counts one for a key. Gives how many seconds it has to wait where that was too much, and 0 where it was not. */
export type Limiter = (key: string) => Promise<number>

/** Numbers for `/metrics`. Each is counted anew: O(what it counts). */
/** Jobs that are due, that are for later, and that failed again and again (JOB_STUCK_ATTEMPTS), whenever they are tried next. */
export type JobsWaiting = { due: number; later: number; stuck: number }
export type StoreCounts = { orders: number; jobsWaiting: number; deliveries: number }

/**
 * Which orders: those to which all that is given applies. `text` is (the beginning of) an order's id, a mail address, a name or a tracking
 * number.
 */
export type OrderFilter = {
  status?: OrderSummary
  fulfillment?: FulfillmentStatus
  label?: OrderLabel
  price?: string
  text?: string
  /** Placed from then on, and before then: instants. */
  since?: string
  until?: string
}

/** Days as they are written (`2026-03-31`, by UTC), the last one too; and what the figures are told apart by. */
export type FiguresAsked = { from: string; to: string; by: 'day' | 'month' | 'product' | 'country' }
/**
 * What was sold of one day, month, price or country (`''` where nothing is shipped), in one currency: orders paid, things in them, and
 * minor units. `amount` is what was paid, shipping within it, on the day it was; of a price, what it cost in the cart. `refunded` counts on
 * the day it went back, and for no price.
 */
export type Figures = {
  name: string
  currency: string
  orders: number
  quantity: number
  amount: number
  shipping: number
  refunded: number
}

/** A page of orders, newest first, and where the next one begins; nothing when this is the last. */
export type OrderPage = { orders: readonly Order[]; next?: string }

/**
 * Keeps orders (as facts), customers, jobs and deliveries of one shop. Engines: `openSqliteStore`, `openPostgresStore`.
 * Whatever a promise here gives is durable: nothing is answered that a crash could take back.
 * A write that fails rejects. Where nobody can know any more what was kept, the engine takes no more: the process must stop.
 */
export type Store = {
  /** Whether it is only read, because there is no room to write: whatever would write rejects with `StoreFullError`. */
  readonly isReadOnly: boolean
  /**
   * Runs a pure step on how things stand and writes the change it returns, in one durable write.
   * A step that throws leaves nothing. An engine may run it more than once, so it must do nothing but decide.
   * Resolves with what the step returned.
   */
  transact<Asked extends Scope, Result extends Change>(
    scope: Asked,
    step: (before: BeforeIn<Asked>) => Result,
  ): Promise<Result>
  order(id: OrderId): Promise<Order | undefined>
  /** The facts of an order, oldest first. */
  events(id: OrderId): Promise<readonly OrderEvent[]>
  /**
   * Facts in the order they were written, from after this position on, so many at most. Whoever goes on after the last one misses
   * none: what a transaction that is not over may yet come before is left for later. O(most).
   */
  facts(after: number, most: number, now: Date): Promise<readonly KeptFact[]>
  /** One fact: of this order, or of the shop (''), with this number. O(log facts). */
  fact(subject: string, version: number): Promise<KeptFact | undefined>
  customer(id: OrderId): Promise<Customer | undefined>
  /** What orders hold of limited stock, by price. O(limited prices). */
  reserved(): Promise<ReadonlyMap<string, number>>
  /**
   * Removes who bought these orders from everywhere, for good: the customer, how they are found by them, mails that wait. Orders and facts
   * stay, as nobody's. Gives those of them that there are. Resolves when nothing of it is in the engine's own files: O(store) when embedded.
   */
  erase(orders: readonly OrderId[]): Promise<readonly OrderId[]>
  /**
   * Forgets these orders, a page of them, with all that was written about them, but for those that were ever paid or may yet be. Gives
   * those that are gone. O(log orders) for each.
   */
  forget(orders: readonly OrderId[]): Promise<readonly OrderId[]>
  /** Orders, newest first, `ORDERS_A_PAGE` at a time; `after` is the `next` of the page before. O(log orders). */
  orders(filter: OrderFilter, after?: string): Promise<OrderPage>
  /** What was sold in these days, by name; nothing where nothing was. O(days × products × countries). */
  figures(asked: FiguresAsked): Promise<readonly Figures[]>
  /** The shop as its facts tell it. */
  shop(): Promise<ShopState>
  /** The facts about the shop, oldest first. */
  shopEvents(): Promise<readonly ShopEvent[]>
  /**
   * Due jobs of this queue, oldest first, that nobody else gets for `leaseSeconds` or until they are settled: written
   * anew meanwhile, a job waits until then, so that nobody does the same work at the same time. A process that ends gives
   * its jobs back, of one that is killed others do, at the latest when their lease is over; so work may be started twice: it must be fit for that.
   */
  claimJobs(now: Date, most: number, leaseSeconds: number, queue: Queue): Promise<readonly ClaimedJob[]>
  /** Keeps everybody from a claimed job until then, as long as this process lives. */
  defer(job: ClaimedJob, until: Date): Promise<void>
  /**
   * Makes due now what is due, or in somebody's hands, until after that time: written by a clock that was ahead, it would wait for as long.
   * Whoever does it finds out for itself what is left to do. Gives how many there were.
   */
  recallJobs(after: Date, now: Date): Promise<number>
  /** A counter of all processes over this store, for each name. It never rejects: where nothing can be shared, each counts by itself. */
  limiter(limit: Limit): Limiter
  /** When a job of this queue can be claimed next (an instant, also in the past); nothing where there is none. */
  nextDueAt(queue: Queue): Promise<string | undefined>
  job(id: string): Promise<Job | undefined>
  /**
   * Tells of each change that wrote jobs or facts about the shop, once it is durable, whichever process over this store made
   * it. Nothing is told of what was missed: look after this, then wait. A listener must not throw. Gives how to stop it.
   */
  watch(listener: (written: Written) => void): () => void
  /** What lets somebody in at the desk, by its id, over or not. O(log credentials). */
  credential(id: string): Promise<Credential | undefined>
  /** Those that are not over, newest first, 500 at most. O(credentials). */
  credentials(now: Date): Promise<readonly Credential[]>
  /**
   * Runs a pure step on a credential, or on that there is none, and keeps what it gives in its place: nothing removes it, and the same
   * one writes nothing. Nobody else changes it meanwhile. Resolves with what was there before.
   */
  changeCredential(
    id: string,
    step: (before: Credential | undefined) => Credential | undefined,
  ): Promise<Credential | undefined>
  /** Adds to the log of what was done and seen at the desk. */
  recordAccess(accesses: readonly Access[]): Promise<void>
  /** The log, newest first, `ACCESSES_A_PAGE` at a time, from before that place. O(log accesses). */
  accesses(before?: string): Promise<readonly KeptAccess[]>
  counts(): Promise<StoreCounts>
  /** How many jobs there are, by what they wait for. O(jobs). */
  jobsWaiting(now: Date): Promise<JobsWaiting>
  lastDeliveries(): Promise<LastDeliveries>
  /** Waits for what is being written, then lets the store go. */
  close(): Promise<void>
}

import { z } from 'zod'
import type { Job, Work } from '../job/job.ts'
import { queueOf } from '../job/queue.ts'
import { Customer } from '../order/customer.ts'
import { labelsOf } from '../order/entitlement.ts'
import { OrderEvent } from '../order/event.ts'
import type { OrderId } from '../order/id.ts'
import { evolve, type Order, subtotalOf } from '../order/order.ts'
import { fulfillmentStatus, summaryOf } from '../order/status.ts'
import { reservedBy } from '../order/stock.ts'
import { ShopEvent } from '../shop/event.ts'
import { evolveShop, NO_SHOP, type ShopState } from '../shop/shop.ts'
import { figuresWrites } from './desk/figures.ts'
import { forgetDeliveries, labelTerm, personTerm, personTerms, priceTerm, sourceOf, wordsOf } from './queries.ts'
import type { Sealer } from './seal.ts'
import { inSlices, type Row, type Rows, type Statement, sql, words } from './sql.ts'
import type { Before, Change, Delivery, Scope, Settled, Written } from './store.ts'

// One transaction, for every engine: what to ask, what the step is shown, and what to write. All of it is decided here; an engine
// only runs the statements, in this order, and all of them or none.

/**
 * What making statements needs besides: whose rows they are, how people are sealed, and a number for each job that is written, another
 * each time, whoever writes: a job that ended and was asked for again is not the one that ended.
 */
export type Writer = { shop: string; sealer: Sealer; newRevision: () => number }

const StoredWork = z.custom<Work>((work) => typeof work === 'object' && work !== null && 'kind' in work)
/** A job as it may be written. */
export const StoredJob = z.object({ id: z.string(), work: StoredWork, dueAt: z.iso.datetime(), attempts: z.int() })
/** A delivery as it may be written. */
export const StoredDelivery = z.object({ id: z.string(), type: z.string(), receivedAt: z.iso.datetime() })
const isKnown = ({ work }: z.output<typeof StoredJob>) => queueOf(work.kind) !== undefined
const KnownJob = StoredJob.refine(isKnown, 'work of an unknown kind')
const StoredChange = z.object({
  delivery: StoredDelivery.optional(),
  events: z.array(OrderEvent).optional(),
  customer: Customer.optional(),
  shop: z.array(ShopEvent).optional(),
  jobs: z.array(KnownJob).optional(),
  settled: z.array(z.object({ id: z.string(), revision: z.int(), next: KnownJob.optional() })).optional(),
})

/** Asks how things stand, and keeps others from changing it until the transaction ends. Prices in one order for all: no deadlock. */
export function readsFor({ shop }: Pick<Writer, 'shop'>, scope: Scope): Statement[] {
  const { order, customer, delivery, prices = [] } = scope
  return [
    ...(order ? [sql`select fold from orders where shop = ${shop} and id = ${order} for update`] : []),
    ...(order && customer ? [sql`select sealed from customers where shop = ${shop} and id = ${order}`] : []),
    ...(delivery ? [sql`select 1 as known from deliveries where shop = ${shop} and id = ${delivery}`] : []),
    ...(scope.shop ? [sql`select version, state from shops where shop = ${shop} for update`] : []),
    ...prices.toSorted().flatMap((price) => [
      sql`insert into reserved values (${shop}, ${price}, 0) on conflict do nothing`, // so that there is a row to lock
      sql`select price, quantity from reserved where shop = ${shop} and price = ${price} for update`,
    ]),
  ]
}

/** What the step is shown, and how many facts about the shop there are. */
export type Standing = { before: Before & { shop: ShopState }; shopVersion: number }

/** How things stand, from what the statements of `readsFor` were answered, one list of rows for each. */
export function standing(
  { shop: shopId, sealer }: Pick<Writer, 'shop' | 'sealer'>,
  scope: Scope,
  answers: readonly (readonly Row[])[],
): Standing {
  const left = [...answers]
  const order = scope.order && left.shift()?.[0]
  const customer = scope.order && scope.customer && left.shift()?.[0]
  const delivery = scope.delivery && left.shift()?.[0]
  const shop = scope.shop && left.shift()?.[0]
  const before = {
    order: order ? (JSON.parse(order['fold'] as string) as Order) : undefined,
    ...(customer && { customer: customerIn(sealer, shopId, scope.order as OrderId, customer) }),
    delivered: Boolean(delivery),
    shop: shop ? (JSON.parse(shop['state'] as string) as ShopState) : NO_SHOP,
    reserved: new Map(left.flat().map((row) => [row['price'] as string, row['quantity'] as number])),
  }
  return { before, shopVersion: shop ? (shop['version'] as number) : 0 }
}

/** What a step's change writes, and whom it wakes; nothing when there is nothing in it. Throws when it is none, or of another order. */
export function writesFor(
  writer: Writer,
  scope: Scope,
  { before, shopVersion }: Standing,
  result: Change,
): { statements: Statement[]; written: Written } | undefined {
  const parsed = StoredChange.safeParse(result)
  if (!parsed.success) throw new Error(`This is no change to keep: ${z.prettifyError(parsed.error)}`)
  const { delivery, events = [], customer, shop = [], jobs = [], settled = [] } = parsed.data
  if ([...events, ...(customer ? [customer] : [])].some((about) => about.order !== scope.order))
    throw new Error(`A step about ${scope.order ?? 'no order'} writes about another.`)
  if (delivery && delivery.id !== scope.delivery)
    throw new Error(`A step about ${scope.delivery ?? 'no delivery'} keeps ${delivery.id}.`)
  if (shop.length > 0 && !scope.shop) throw new Error('A step that writes facts about the shop must ask for it.')
  const statements = [
    ...orderWrites(writer, before.order, events),
    ...(customer
      ? customerWrites(writer, customer, before.order ?? events.reduce(evolve, before.order), before.customer)
      : []),
    ...shopWrites(writer, before.shop, shopVersion, shop),
    ...(settled as Settled[]).flatMap((end) => settledWrites(writer, end)),
    ...keepJobs(writer, jobs),
    ...(delivery ? [keepDelivery(writer, delivery), forgetDeliveries(writer.shop, delivery)] : []),
  ]
  const woken = [...jobs, ...settled.flatMap(({ next }) => next ?? [])].map(({ work }) => work.kind)
  return statements.length > 0 ? { statements, written: { jobs: woken, shop: shop.length > 0 } } : undefined
}

/** The facts, the order that they make, and what it holds of the stock. */
function orderWrites({ shop }: Writer, before: Order | undefined, events: readonly OrderEvent[]): Statement[] {
  const order = events.reduce<Order | undefined>(evolve, before)
  if (!order || events.length === 0) return []
  const first = (before?.version ?? 0) + 1
  const facts = events.map((event, n) => [shop, order.id, first + n, event.at, JSON.stringify(event)])
  return [
    ...inSlices(facts, insertFacts),
    before ? updateOrder(shop, before, order) : insertOrder(shop, order),
    ...termWrites(shop, before, order),
    ...reservedWrites(shop, before, order),
    ...figuresWrites(shop, before, order),
  ]
}

const insertFacts = (rows: Rows): Statement => sql`insert into facts (shop, subject, version, at, fact) values ${rows}`

function insertOrder(shop: string, order: Order): Statement {
  const row = [shop, order.id, ...Object.values(columnsOf(order)), JSON.stringify(order)]
  return sql`
    insert into orders (shop, id, version, placed_at, status, fulfillment, currency, total, country, fold) values ${[row]}`
}

/** What lists ask for, as the order tells it; in the order of the columns. */
export const columnsOf = (order: Order): Record<string, string | number | null> => ({
  version: order.version,
  placed_at: order.placedAt,
  status: summaryOf(order),
  fulfillment: fulfillmentStatus(order),
  currency: order.currency,
  total: totalOf(order),
  country: order.shipTo,
})

/** Only what has changed: a column that is set is written anew in each index that it is in. */
function updateOrder(shop: string, before: Order, order: Order): Statement {
  const [was, is] = [columnsOf(before), columnsOf(order)]
  const changed = Object.keys(is).filter((column) => is[column] !== was[column])
  const columns = changed.map((column) => sql`${words(column)} = ${is[column] ?? null}, `)
  const set = columns.reduce((all, one) => sql`${all}${one}`, sql``)
  return sql`update orders set ${set} fold = ${JSON.stringify(order)} where shop = ${shop} and id = ${order.id}`
}

/** What was paid, or what the goods cost while nothing is, in minor units. */
const totalOf = (order: Order): number => order.paid?.amount ?? subtotalOf(order)

/** What an order can be found by changes with it: what is new is added, what is over goes. */
function termWrites(shop: string, before: Order | undefined, after: Order): Statement[] {
  const [were, are] = [before ? termsOf(before) : [], termsOf(after)]
  const over = were.filter((term) => !are.includes(term))
  return [
    ...over.map((term) => sql`delete from order_terms where shop = ${shop} and id = ${after.id} and term = ${term}`),
    ...insertTerms(shop, after, new Set(are.filter((term) => !were.includes(term)))),
  ]
}

/** What an order can be found by, besides who bought it. */
export const termsOf = (order: Order): string[] => [
  ...new Set(order.lines.map(({ price }) => priceTerm(price))),
  ...labelsOf(order).map(labelTerm),
]

function insertTerms(shop: string, { id, placedAt }: Order, terms: ReadonlySet<string>): Statement[] {
  const rows = [...terms].map((term) => [shop, term, placedAt, id])
  return inSlices(
    rows,
    (slice) => sql`insert into order_terms (shop, term, placed_at, id) values ${slice} on conflict do nothing`,
  )
}

function reservedWrites(shop: string, before: Order | undefined, after: Order): Statement[] {
  const [held, holds] = [reservedBy(before), reservedBy(after)]
  const prices = [...new Set([...held.keys(), ...holds.keys()])].toSorted()
  const moved = prices.map((price) => [shop, price, (holds.get(price) ?? 0) - (held.get(price) ?? 0)] as const)
  const rows = moved.filter(([, , quantity]) => quantity !== 0)
  return inSlices(
    rows,
    (slice) => sql`insert into reserved (shop, price, quantity) values ${slice}
      on conflict (shop, price) do update set quantity = reserved.quantity + excluded.quantity`,
  )
}

/** The customer in a row. */
export const customerIn = (sealer: Sealer, shop: string, order: OrderId, row: Row): Customer =>
  JSON.parse(sealer.open(row['sealed'] as Uint8Array, customerPlace(shop, order)))

function customerWrites(
  { shop, sealer }: Writer,
  customer: Customer,
  order: Order | undefined,
  known: Customer | undefined,
): Statement[] {
  if (!order) throw new Error(`${customer.order}: a customer of an order that was never placed`)
  const sealed = sealer.seal(JSON.stringify(customer), customerPlace(shop, customer.order))
  const words = new Set(wordsOf(customer).map((word) => personTerm(sealer, word)))
  const terms = [...words].map((term) => [shop, term, order.placedAt, order.id])
  const mayBeKept = sql`not exists (select 1 from order_terms where shop = ${shop} and id = ${order.id} and term = ${ERASED})`
  const { id } = order
  return [
    ...(known ? [sql`delete from order_terms where shop = ${shop} and id = ${id} and term like ${personTerms}`] : []),
    sql`insert into customers (shop, id, sealed) select ${shop}, ${order.id}, ${sealed} where ${mayBeKept}
      on conflict (shop, id) do update set sealed = excluded.sealed`,
    ...inSlices(
      terms,
      (rows) => sql`insert into order_terms (shop, term, placed_at, id)
        select * from (values ${rows}) as person where ${mayBeKept} on conflict do nothing`,
    ),
  ]
}

/** Says of an order that its buyer was erased, and is not to be kept again when Stripe tells of them once more. */
const ERASED = 'erased'

/** Asks for those of these orders that there are, and keeps others from changing them. */
export const eraseReads = ({ shop }: Pick<Writer, 'shop'>, orders: readonly OrderId[]): Statement => sql`
  select id, placed_at from orders where shop = ${shop} and ${among(orders)} order by id for update`

/** Takes the buyer from these orders: rows of `eraseReads`. */
export function eraseWrites({ shop }: Pick<Writer, 'shop'>, rows: readonly Row[]): Statement[] {
  const ids = rows.map((row) => row['id'] as string)
  const erased = rows.map((row) => [shop, ERASED, row['placed_at'] as string, row['id'] as string])
  return [
    ...inSlices(ids, (these) => sql`delete from customers where shop = ${shop} and ${among(these)}`),
    ...inSlices(
      ids,
      (these) => sql`delete from order_terms where shop = ${shop} and ${among(these)} and term like ${personTerms}`,
    ),
    ...ids.map((id) => {
      const about = `%"order":"${id}"%`
      return sql`delete from jobs where shop = ${shop} and queue = ${queueOf('mail')} and kind = 'mail' and work like ${about}`
    }),
    ...inSlices(
      erased,
      (slice) => sql`insert into order_terms (shop, term, placed_at, id) values ${slice} on conflict do nothing`,
    ),
  ]
}

/** Whether a row's id is one of these; none of them where there are none. */
const among = (ids: readonly string[]): Statement =>
  ids.length > 0 ? sql`id in (values ${ids.map((id) => [id])})` : sql`1 = 0`

/** Sealed for one order only: nobody can put a customer's row in the place of another. */
export const customerPlace = (shop: string, order: OrderId): string => `${shop} ${order}`

function shopWrites({ shop }: Writer, state: ShopState, version: number, events: readonly ShopEvent[]): Statement[] {
  if (events.length === 0) return []
  const facts = events.map((event, n) => [shop, '', version + 1 + n, event.at, JSON.stringify(event)])
  const after = JSON.stringify(events.reduce(evolveShop, state))
  return [
    ...inSlices(facts, insertFacts),
    sql`insert into shops (shop, version, state) values (${shop}, ${version + events.length}, ${after})
      on conflict (shop) do update set version = excluded.version, state = excluded.state`,
  ]
}

/** Over, or to come again. If it was written anew meanwhile, only its lease ends: no row is written by both statements. */
function settledWrites(writer: Writer, { id, revision, next }: Settled): Statement[] {
  const { shop } = writer
  const job = sql`shop = ${shop} and id = ${id}`
  const free = sql`leased_by = null, leased_revision = null, lease_until = null`
  const over = next
    ? sql`
      update jobs set ${free}, queue = ${queueOf(next.work.kind)}, kind = ${next.work.kind}, work = ${JSON.stringify(next.work)},
        due_at = ${next.dueAt}, attempts = ${next.attempts}, revision = ${writer.newRevision()}
      where ${job} and revision = ${revision}`
    : sql`delete from jobs where ${job} and revision = ${revision}`
  return [over, sql`update jobs set ${free} where ${job} and leased_revision = ${revision} and revision <> ${revision}`]
}

function keepJobs(writer: Writer, jobs: readonly Job[]): Statement[] {
  const rows = [...new Map(jobs.map((job) => [job.id, job])).values()].map(({ id, work, dueAt, attempts }) => {
    return [writer.shop, id, queueOf(work.kind), work.kind, JSON.stringify(work), dueAt, attempts, writer.newRevision()]
  })
  return inSlices(
    rows,
    (slice) => sql`
      insert into jobs (shop, id, queue, kind, work, due_at, attempts, revision) values ${slice}
      on conflict (shop, id) do update set queue = excluded.queue, kind = excluded.kind, work = excluded.work,
        due_at = excluded.due_at, attempts = excluded.attempts, revision = excluded.revision`,
  )
}

function keepDelivery({ shop }: Writer, delivery: Delivery): Statement {
  const { id, type, receivedAt } = delivery
  const source = sourceOf(delivery)
  return sql`insert into deliveries (shop, id, source, type, received_at) values (${shop}, ${id}, ${source}, ${type}, ${receivedAt})`
}

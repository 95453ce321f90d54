import type { Job } from '../job/job.ts'
import type { Queue } from '../job/queue.ts'
import type { Customer } from '../order/customer.ts'
import type { OrderLabel } from '../order/entitlement.ts'
import type { OrderId } from '../order/id.ts'
import type { Order } from '../order/order.ts'
import { paymentStatus } from '../order/status.ts'
import type { Sealer } from './seal.ts'
import { literal, type Row, type Statement, sql, words } from './sql.ts'
import type {
  ClaimedJob,
  Delivery,
  JobsWaiting,
  KeptFact,
  LastDeliveries,
  OrderFilter,
  OrderPage,
  StoreCounts,
} from './store.ts'

// What is asked of the tables outside of a step, and how the rows are read. Each question has its index: see the contract suite.

/** Whose rows they are, and how people are found. */
type Asker = { shop: string; sealer: Sealer }

export const ORDERS_A_PAGE = 50
/** Where a filter has no index of its own, so many orders are looked through for one page; the next goes on from there. */
export const ORDERS_LOOKED_THROUGH = 1_000
/** Fewer characters of an order's id are no search: too many begin with them. */
const ID_CHARACTERS_MIN = 8
/** Of a search; each is one more condition. */
const WORDS_MAX = 5

/** A page of orders, newest first. `after` is what the page before gave as `next`. */
export function ordersQuery(writer: Asker, filter: OrderFilter, after?: string): Statement {
  const { shop } = writer
  if (filter.text?.startsWith('ord_')) return ordersBeginning(writer, filter.text, filter)
  const [placedAt = '', id = ''] = (after ?? '').split(' ')
  const [source, ...others] = sourcesOf(writer, filter)
  const most = others.length > 0 ? ORDERS_LOOKED_THROUGH : ORDERS_A_PAGE + 1
  const place = sql`
    shop = ${shop} and ${inTime(filter)}
    ${after === undefined ? NOTHING : sql`and (placed_at, id) < (${placedAt}, ${id})`}`
  return sql`
    with found as (select placed_at, id from ${source?.table ?? ORDERS} where ${place} and ${source?.condition ?? ALL}
      order by placed_at desc, id desc limit ${literal(most)})
    select placed_at, id, (
      select fold from orders where shop = ${shop} and orders.id = found.id and ${matchesAll(shop, others)}) as fold
    from found order by placed_at desc, id desc`
}

/** An order's id may be given without its end. There is no second page: whoever finds too much types on. */
function ordersBeginning(writer: Asker, text: string, filter: OrderFilter): Statement {
  const { shop } = writer
  const begins = text.length < ID_CHARACTERS_MIN ? sql`id = ${text}` : sql`id >= ${text} and id < ${`${text}~`}`
  const { text: _, ...others } = filter
  return sql`
    with found as (select * from orders where shop = ${shop} and ${begins} order by id limit ${literal(ORDERS_LOOKED_THROUGH)})
    select placed_at, id, fold from found where ${inTime(filter)} and ${matchesAll(shop, sourcesOf(writer, others))}
    order by id limit ${literal(ORDERS_A_PAGE)}`
}

const inTime = ({ since, until }: OrderFilter): Statement => sql`
  ${since === undefined ? ALL : sql`placed_at >= ${since}`} and ${until === undefined ? ALL : sql`placed_at < ${until}`}`

/** Whether a row of `found` is in all of these. */
const matchesAll = (shop: string, sources: readonly Source[]): Statement =>
  sources
    .map(({ table, condition }) =>
      table === ORDERS
        ? condition
        : sql`exists (select 1 from order_terms where shop = ${shop} and order_terms.id = found.id and ${condition})`,
    )
    .reduce(and, ALL)

/** Where orders are found by their index, in the order of their time. */
type Source = { table: Statement; condition: Statement }

const NOTHING = sql``
const ALL = sql`1 = 1`
const ORDERS = sql`orders`
const TERMS = sql`order_terms`
const and = (one: Statement, other: Statement): Statement => sql`${one} and ${other}`

/** One for each thing that is asked for, the one that leaves least first. */
function sourcesOf(
  { sealer }: Pick<Asker, 'sealer'>,
  { text, price, label, status, fulfillment }: OrderFilter,
): Source[] {
  const terms = [
    ...wordsIn(text ?? '')
      .slice(0, WORDS_MAX)
      .map((word) => personTerm(sealer, word)),
    ...(price === undefined ? [] : [priceTerm(price)]),
    ...(label ? [labelTerm(label)] : []),
  ]
  return [
    ...terms.map((term) => ({ table: TERMS, condition: sql`term = ${term}` })),
    ...(fulfillment ? [{ table: ORDERS, condition: sql`fulfillment = ${fulfillment}` }] : []),
    ...(status ? [{ table: ORDERS, condition: sql`status = ${status}` }] : []),
  ]
}

/** The page that the rows of `ordersQuery` make. */
export function orderPage(rows: readonly Row[]): OrderPage {
  const matching = rows.filter((row) => row['fold'] !== null)
  const shown = matching.slice(0, ORDERS_A_PAGE)
  const isWhole =
    rows.length <= ORDERS_A_PAGE || (rows.length < ORDERS_LOOKED_THROUGH && matching.length <= ORDERS_A_PAGE)
  const last = matching.length > ORDERS_A_PAGE ? shown.at(-1) : rows.at(-1)
  const orders = shown.map((row) => JSON.parse(row['fold'] as string) as Order)
  return isWhole || !last ? { orders } : { orders, next: `${last['placed_at']} ${last['id']}` }
}

/** A transaction has ended by then, whatever became of it: its statements are bounded, and clocks differ by less. */
export const GAP_SECONDS = 120

/** Facts in the order they were written, from after this position on. (`|| ''` keeps SQLite from going by shop, then sorting them all.) */
export const factsQuery = (shop: string, after: number, most: number): Statement => sql`
  select position, subject, version, at, fact from facts
  where position > ${after} and shop || '' = ${shop} order by position limit ${literal(most)}`

/**
 * The facts in the rows, up to a young gap. Positions are given when a fact is written and seen when its transaction ends; so one that
 * is missing may yet come, as long as what was written after it is young.
 */
export function settledFacts(rows: readonly Row[], after: number, now: Date): KeptFact[] {
  const settled = new Date(now.getTime() - GAP_SECONDS * 1000).toISOString()
  const isYoungGap = (row: Row, n: number) =>
    row['position'] !== ((rows[n - 1]?.['position'] as number | undefined) ?? after) + 1 &&
    (row['at'] as string) > settled
  const gap = rows.findIndex(isYoungGap)
  return (gap < 0 ? rows : rows.slice(0, gap)).map(keptFactIn)
}

/** The fact in a row, and where it lies. */
export const keptFactIn = (row: Row): KeptFact => ({
  position: row['position'] as number,
  subject: row['subject'] as string,
  version: row['version'] as number,
  fact: JSON.parse(row['fact'] as string),
})

/** Gives the longest due jobs of a queue to this process until then; where several ask at once, each has others. */
export const claimJobs = (
  shop: string,
  lease: { by: string; now: string; until: string; most: number; queue: Queue },
): Statement => sql`
  with due as materialized (
    select id from jobs where shop = ${shop} and queue = ${lease.queue} and ready_at <= ${lease.now}
    order by ready_at limit ${literal(lease.most)} for update skip locked)
  update jobs set leased_by = ${lease.by}, leased_revision = revision, lease_until = ${lease.until}
  where shop = ${shop} and id in (select id from due)
  returning id, work, due_at, attempts, revision`

/** The job in a row. */
export const jobIn = (row: Row): Job => ({
  id: row['id'] as string,
  work: JSON.parse(row['work'] as string) as Job['work'],
  dueAt: row['due_at'] as string,
  attempts: row['attempts'] as number,
})

/** The claimed jobs, the longest due first. */
export const claimedIn = (rows: readonly Row[]): ClaimedJob[] =>
  rows
    .map((row) => ({ ...jobIn(row), revision: row['revision'] as number }))
    .sort((one, other) => (one.dueAt < other.dueAt ? -1 : Number(one.dueAt > other.dueAt)))

/** Keeps a claimed job from everybody until then. */
export const deferJob = (shop: string, { id, revision }: ClaimedJob, until: Date): Statement => sql`
  update jobs set lease_until = ${until.toISOString()} where shop = ${shop} and id = ${id} and leased_revision = ${revision}`

/** Gives back what this process has claimed; with no name, what anybody has. */
export const releaseJobs = (shop: string, by?: string): Statement =>
  release(shop, by === undefined ? ALL : sql`leased_by = ${by}`)

/** Gives back what is claimed until after that time. */
export const releaseJobsAhead = (shop: string, time: string): Statement => release(shop, sql`lease_until > ${time}`)

const release = (shop: string, which: Statement): Statement => sql`
  update jobs set leased_by = null, leased_revision = null, lease_until = null
  where shop = ${shop} and leased_by is not null and ${which}
  returning kind`

/** The jobs that nobody gets before then. */
export const jobsAfter = (shop: string, time: Date): Statement => sql`
  select kind from jobs where shop = ${shop} and ready_at > ${time.toISOString()} for update`

/** Lets everybody have them now. */
export function recallJobs(shop: string, after: Date, now: Date): Statement {
  const [ahead, due] = [after.toISOString(), now.toISOString()]
  return sql`
    update jobs set due_at = case when due_at > ${ahead} then ${due} else due_at end,
      lease_until = case when lease_until > ${ahead} then ${due} else lease_until end
    where shop = ${shop} and ready_at > ${ahead}`
}

/** How much there is. */
export const countsQuery = (shop: string): Statement => sql`
  select (select count(*) from orders where shop = ${shop}) as orders,
    (select count(*) from jobs where shop = ${shop}) as jobs,
    (select count(*) from deliveries where shop = ${shop}) as deliveries`

/** What `countsQuery` was answered. */
export const countsIn = ([row]: readonly Row[]): StoreCounts => ({
  orders: Number(row?.['orders']),
  jobsWaiting: Number(row?.['jobs']),
  deliveries: Number(row?.['deliveries']),
})

/** A job that was tried so often is stuck: a minute and a half have passed, and the outside is not back. */
const JOB_STUCK_ATTEMPTS = 4

/** How many jobs there are, by what they wait for. */
export const jobsWaitingQuery = (shop: string, now: Date): Statement => sql`
  select sum(case when attempts >= ${JOB_STUCK_ATTEMPTS} then 1 else 0 end) as stuck,
    sum(case when attempts < ${JOB_STUCK_ATTEMPTS} and due_at <= ${now.toISOString()} then 1 else 0 end) as due,
    sum(case when attempts < ${JOB_STUCK_ATTEMPTS} and due_at > ${now.toISOString()} then 1 else 0 end) as later
  from jobs where shop = ${shop}`

/** What `jobsWaitingQuery` was answered. */
export const jobsWaitingIn = ([row]: readonly Row[]): JobsWaiting => {
  return { due: Number(row?.['due']), later: Number(row?.['later']), stuck: Number(row?.['stuck']) }
}

/** When each party last delivered. */
export const lastDeliveriesQuery = (shop: string): Statement => sql`
  select (select max(received_at) from deliveries where shop = ${shop} and source = 'stripe') as stripe,
    (select max(received_at) from deliveries where shop = ${shop} and source = 'github') as github`

/** What `lastDeliveriesQuery` was answered. */
export const lastDeliveriesIn = ([row]: readonly Row[]): LastDeliveries => ({
  ...(row?.['stripe'] ? { stripe: row['stripe'] as string } : {}),
  ...(row?.['github'] ? { github: row['github'] as string } : {}),
})

/** How orders with this label are found. */
export const labelTerm = (label: OrderLabel): string => `label ${label}`

/** How orders with this price in them are found. */
export const priceTerm = (price: string): string => `price ${price}`

/** What the terms of people are like. */
export const personTerms = 'person %'
/** How orders of a person with this word in the mail address or the name are found. */
export const personTerm = (sealer: Sealer, word: string): string => `person ${sealer.term(word)}`

/** What a customer can be found by: the mail address, each word of the name, the numbers of parcels. */
export const wordsOf = ({ email, name, tracking = [] }: Customer): string[] =>
  wordsIn([email, name, ...tracking.map(({ number }) => number)].join(' '))

/** The words of a name, an address or a search, as they are compared. */
const wordsIn = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[\s,;"<>()]+/)
    .filter(Boolean)

/** Asks for those of these orders that there are, and keeps others from changing them. */
export const forgetReads = (shop: string, orders: readonly OrderId[]): Statement =>
  orders.length > 0
    ? sql`select fold from orders where shop = ${shop} and id in ${[orders]} order by id for update`
    : sql`select fold from orders where 1 = 0`

/** Those of the orders in the rows that came to nothing: nobody paid, and nobody can any more. */
export const unpaidIn = (rows: readonly Row[]): OrderId[] =>
  rows
    .map((row) => JSON.parse(row['fold'] as string) as Order)
    .filter((order) => !order.paid && paymentStatus(order) === 'failed')
    .map(({ id }) => id)

/** Takes all about these orders out. They hold no stock. */
export const forgetWrites = (shop: string, orders: readonly OrderId[]): Statement[] =>
  orders.length === 0
    ? []
    : [
        sql`delete from facts where shop = ${shop} and subject in ${[orders]}`,
        ...['orders', 'order_terms', 'customers'].map(
          (table) => sql`delete from ${words(table)} where shop = ${shop} and id in ${[orders]}`,
        ),
      ]

/** Whose delivery that is: `stripe` or `github`. */
export const sourceOf = ({ id }: Pick<Delivery, 'id'>): string => id.split(':')[0] ?? ''

/** Longer than either sends anything again: GitHub has deliveries for 3 days, Stripe has events for 30. */
const REMEMBERED_DAYS: Readonly<Record<string, number>> = { github: 7, stripe: 31 }
const FORGOTTEN_AT_ONCE_MAX = 100

/** Each delivery takes along some of its source's that nobody will repeat any more: so there are no more of them than of a week, or a month. */
export function forgetDeliveries(shop: string, delivery: Pick<Delivery, 'id' | 'receivedAt'>): Statement {
  const source = sourceOf(delivery)
  const days = REMEMBERED_DAYS[source] ?? 31
  const before = new Date(Date.parse(delivery.receivedAt) - days * 86_400_000).toISOString()
  return sql`
    delete from deliveries where shop = ${shop} and id in (
      select id from deliveries where shop = ${shop} and source = ${source} and received_at < ${before}
      order by received_at limit ${FORGOTTEN_AT_ONCE_MAX} for update skip locked)`
}

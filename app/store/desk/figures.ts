import type { Order } from '../../order/order.ts'
import { inSlices, type Row, type Statement, sql, words } from '../sql.ts'
import type { Figures, FiguresAsked } from '../store.ts'

// What was sold, counted as it is: for each day, so many rows as there are products and countries, whatever number of orders. What an
// order adds is a function of it alone, so what changes it adds the difference, and a check can count anew.

/** Sums of an order's row: so many orders and things, and minor units. */
type Sums = Record<(typeof SUMS)[number], number>
const SUMS = ['orders', 'quantity', 'amount', 'shipping', 'refunded'] as const
const KEY = ['day', 'slot', 'currency', 'country', 'price'] as const
const NOTHING: Sums = { orders: 0, quantity: 0, amount: 0, shipping: 0, refunded: 0 }
/** The rows of whole orders, beside those of what is in them. */
const WHOLE = ''

/**
 * What an order adds, by the key of the row: what was paid, on the day it was; what went back, on its own day. Of a product, what it cost
 * in the cart. The slot, a letter of the order's id, keeps sales that are paid at once from waiting for each other's row.
 */
export function soldBy(order: Order): ReadonlyMap<string, Sums> {
  const sold = new Map<string, Sums>()
  const add = (at: string, price: string, sums: Partial<Sums>) => {
    const key = [at.slice(0, 10), order.id.slice(-1), order.currency, order.shipTo ?? '', price].join(' ')
    sold.set(key, plus(sold.get(key), { ...NOTHING, ...sums }))
  }
  const { paid } = order
  if (paid) {
    const quantity = order.lines.reduce((sum, line) => sum + line.quantity, 0)
    add(paid.at, WHOLE, { orders: 1, quantity, amount: paid.amount, shipping: paid.shipping })
    for (const [price, lines] of Map.groupBy(order.lines, (line) => line.price)) {
      add(paid.at, price, { orders: 1 })
      for (const { quantity, unitAmount } of lines) add(paid.at, price, { quantity, amount: quantity * unitAmount })
    }
  }
  for (const { at, amount, failed } of order.refunds) if (!failed) add(at, WHOLE, { refunded: amount })
  return sold
}

/** One and the other, or so many times the other. */
export function plus(one: Sums = NOTHING, other: Sums = NOTHING, times = 1): Sums {
  const sums = { ...one }
  for (const name of SUMS) sums[name] += times * other[name]
  return sums
}

/** Adds what a change of an order adds. Rows in one order for all: no deadlock. */
export function figuresWrites(shop: string, before: Order | undefined, after: Order): Statement[] {
  if (!after.paid && after.refunds.length === 0) return []
  const [was, is] = [before ? soldBy(before) : new Map<string, Sums>(), soldBy(after)]
  const rows = [...new Set([...was.keys(), ...is.keys()])].toSorted().flatMap((key) => {
    const more = plus(is.get(key), was.get(key), -1)
    return isAny(more) ? [[shop, ...key.split(' '), ...SUMS.map((name) => more[name])]] : []
  })
  return inSlices(rows, (slice) => sql`insert into sales (shop, ${COLUMNS}) values ${slice} ${ADDED}`)
}

const COLUMNS = words([...KEY, ...SUMS].join(', '))
const ADDED = words(
  `on conflict (shop, ${KEY.join(', ')}) do update set ${SUMS.map((name) => `${name} = sales.${name} + excluded.${name}`).join(', ')}`,
)

/** What is kept of a shop's sales, by the key of each row, without those that have come to nothing. */
export function keptSales(rows: readonly Row[]): ReadonlyMap<string, Sums> {
  const kept = rows.map((row) => [KEY.map((name) => row[name]).join(' '), sumsIn(row)] as const)
  return new Map(kept.filter(([, sums]) => isAny(sums)))
}

/** Rows stay when what they counted has come to nothing. */
const isAny = (sums: Sums): boolean => SUMS.some((name) => sums[name] !== 0)

const sumsIn = (row: Row): Sums => Object.fromEntries(SUMS.map((name) => [name, Number(row[name])])) as Sums

const GROUPS = { day: 'day', month: 'substr(day, 1, 7)', product: 'price', country: 'country' } as const

/** Figures of these days, the last one too. O(days × products × countries). */
export const figuresQuery = (shop: string, { from, to, by }: FiguresAsked): Statement => sql`
  select ${words(GROUPS[by])} as name, currency, ${words(SUMS.map((sum) => `sum(${sum}) as ${sum}`).join(', '))} from sales
  where shop = ${shop} and day >= ${from} and day <= ${to} and ${by === 'product' ? sql`price <> ''` : sql`price = ''`}
  group by ${words(GROUPS[by])}, currency order by name, currency`

/** What `figuresQuery` was answered. */
export const figuresIn = (rows: readonly Row[]): Figures[] =>
  rows
    .map((row) => ({ name: row['name'] as string, currency: row['currency'] as string, ...sumsIn(row) }))
    .filter(isAny)

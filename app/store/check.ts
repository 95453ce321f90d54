import { isDeepStrictEqual } from 'node:util'
import type { OrderEvent } from '../order/event.ts'
import { type Order, replay } from '../order/order.ts'
import { reservedBy } from '../order/stock.ts'
import type { ShopEvent } from '../shop/event.ts'
import { evolveShop, NO_SHOP } from '../shop/shop.ts'
import type { Database } from './database.ts'
import { keptSales, plus, soldBy } from './desk/figures.ts'
import { literal, type Row, sql } from './sql.ts'
import { columnsOf, termsOf } from './transaction.ts'

const ORDERS_AT_ONCE = 500

/** How much was looked at, and what is not as the facts tell it: one sentence each. */
export type StoreCheck = { facts: number; orders: number; problems: readonly string[] }
type Ask = Database['ask']

/**
 * Folds every fact anew, and compares with what is kept beside them: orders, how they are found, the shop, reserved stock. Ask a reader
 * of one moment: between two questions, a shop sells. O(facts), and so many orders at once in memory.
 */
export async function checkStore({ ask }: Pick<Database, 'ask'>, shop = 'main'): Promise<StoreCheck> {
  const problems: string[] = []
  const reserved = new Map<string, number>()
  const sold = new Map<string, ReturnType<typeof plus>>()
  let [facts, orders, after] = [0, 0, '']
  for (;;) {
    const rows = await ask(sql`
      select * from orders where shop = ${shop} and id > ${after} order by id limit ${literal(ORDERS_AT_ONCE)}`)
    const last = rows.at(-1)?.['id'] as string | undefined
    const [told, terms] = [await factsBetween(ask, shop, after, last), await termsBetween(ask, shop, after, last)]
    const kept = new Map(rows.map((row) => [row['id'] as string, row]))
    for (const id of new Set([...kept.keys(), ...told.keys()])) {
      const { order, problem } = checkOrder(id, told.get(id) ?? [], kept.get(id), terms.get(id) ?? [])
      if (problem) problems.push(problem)
      for (const [price, quantity] of reservedBy(order)) reserved.set(price, (reserved.get(price) ?? 0) + quantity)
      for (const [key, sums] of order ? soldBy(order) : []) sold.set(key, plus(sold.get(key), sums))
      facts += told.get(id)?.length ?? 0
    }
    orders += kept.size
    if (last === undefined) break
    after = last
  }
  facts += await checkShop(ask, shop, problems)
  return {
    facts,
    orders,
    problems: [...problems, ...(await stockProblems(ask, shop, reserved)), ...(await salesProblems(ask, shop, sold))],
  }
}

/** The rows about the orders in that range, the last one included, by order; without an end, about all that come after. */
const between = (after: string, last: string | undefined, column: ReturnType<typeof sql>) =>
  last === undefined ? sql`${column} > ${after}` : sql`${column} > ${after} and ${column} <= ${last}`

async function factsBetween(ask: Ask, shop: string, after: string, last: string | undefined) {
  const range = between(after, last, sql`subject`)
  const rows = await ask(sql`
    select subject, version, fact from facts where shop = ${shop} and ${range} order by subject, version`)
  return Map.groupBy(rows, (row) => row['subject'] as string)
}

async function termsBetween(ask: Ask, shop: string, after: string, last: string | undefined) {
  const range = between(after, last, sql`id`)
  const rows = await ask(sql`
    select id, term from order_terms where shop = ${shop} and ${range} and (term like ${'price %'} or term like ${'label %'})
    order by id, term`)
  return Map.groupBy(rows, (row) => row['id'] as string)
}

/** One order, from its facts; and what is wrong, if anything is, with them or with what is kept. */
function checkOrder(id: string, facts: readonly Row[], kept: Row | undefined, terms: readonly Row[]) {
  let order: Order | undefined
  try {
    const events = facts.map((row) => JSON.parse(row['fact'] as string) as OrderEvent)
    const gap = facts.findIndex((row, n) => row['version'] !== n + 1 || events[n]?.order !== id)
    if (gap >= 0) return { order, problem: `${id}: fact ${gap + 1} is missing, or another’s.` }
    order = replay(events)
  } catch (error) {
    return { order, problem: `${id}: its facts can't be read: ${(error as Error).message}.` }
  }
  const problem = !order
    ? `${id} is kept, but no fact tells of it.`
    : !kept
      ? `${id} is not kept, but its facts tell of it.`
      : isKeptSo(order, kept, terms)
        ? undefined
        : `${id} is kept otherwise than its facts tell it.`
  return { order, problem }
}

function isKeptSo(order: Order, kept: Row, terms: readonly Row[]): boolean {
  const found = new Set(termsOf(order))
  return (
    isSame(order, kept['fold'] as string) &&
    Object.entries(columnsOf(order)).every(([column, value]) => kept[column] === value) &&
    terms.length === found.size &&
    terms.every((row) => found.has(row['term'] as string))
  )
}

async function checkShop(ask: Ask, shop: string, problems: string[]): Promise<number> {
  const rows = await ask(sql`select fact from facts where shop = ${shop} and subject = '' order by version`)
  const [kept] = await ask(sql`select state from shops where shop = ${shop}`)
  try {
    const events = rows.map((row) => JSON.parse(row['fact'] as string) as ShopEvent)
    const state = events.reduce(evolveShop, NO_SHOP)
    if (!isSame(state, (kept?.['state'] as string) ?? JSON.stringify(NO_SHOP)))
      problems.push('The shop is kept otherwise than its facts tell it.')
  } catch (error) {
    problems.push(`The shop’s facts can't be read: ${(error as Error).message}.`)
  }
  return rows.length
}

async function stockProblems(ask: Ask, shop: string, reserved: ReadonlyMap<string, number>): Promise<string[]> {
  const rows = await ask(sql`select price, quantity from reserved where shop = ${shop}`)
  const kept = new Map(rows.map((row) => [row['price'] as string, row['quantity'] as number]))
  return [...new Set([...kept.keys(), ...reserved.keys()])].flatMap((price) => {
    const [is, should] = [kept.get(price) ?? 0, reserved.get(price) ?? 0]
    return is === should ? [] : [`${is} of ${price} are reserved, and the orders hold ${should}.`]
  })
}

async function salesProblems(ask: Ask, shop: string, sold: ReturnType<typeof soldBy>): Promise<string[]> {
  const kept = keptSales(await ask(sql`select * from sales where shop = ${shop}`))
  const days = [...new Set([...kept.keys(), ...sold.keys()])].flatMap((key) =>
    isDeepStrictEqual(kept.get(key), sold.get(key)) ? [] : [key.slice(0, 10)],
  )
  return [...new Set(days)].map((day) => `The figures of ${day} are not what was sold then.`)
}

/** Whether that text says what is told, whatever the order of its names. What is no JSON says nothing. */
function isSame(told: unknown, text: string): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(told)), JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

import { isDeepStrictEqual } from 'node:util'
import type { OrderEvent } from '../order/event.ts'
import { type Order, replay, reservedBy } from '../order/order.ts'
import type { ShopEvent } from '../shop/event.ts'
import { evolveShop, NO_SHOP } from '../shop/shop.ts'
import type { Database } from './database.ts'
import { type Row, sql } from './sql.ts'

const ORDERS_AT_ONCE = 500

/** How much was looked at, and what is not as the facts tell it: one sentence each. */
export type StoreCheck = { facts: number; orders: number; problems: readonly string[] }

/** Folds every fact anew, and compares with what is kept beside them: orders, the shop, reserved stock. O(facts). */
export async function checkStore({ ask }: Pick<Database, 'ask'>, shop = 'main'): Promise<StoreCheck> {
  const problems: string[] = []
  const reserved = new Map<string, number>()
  let [facts, orders, after] = [0, 0, '']
  for (;;) {
    const rows = await ask(sql`
      select id, version, fold from orders where shop = ${shop} and id > ${after} order by id limit ${ORDERS_AT_ONCE}`)
    const last = rows.at(-1)?.['id'] as string | undefined
    const told = await factsBetween(ask, shop, after, last)
    for (const id of new Set([...rows.map((row) => row['id'] as string), ...told.keys()])) {
      const order = replay((told.get(id) ?? []) as OrderEvent[])
      const kept = rows.find((row) => row['id'] === id)
      if (!isDeepStrictEqual(order, kept && (JSON.parse(kept['fold'] as string) as Order))) {
        problems.push(`${id} is kept otherwise than its facts tell it.`)
      }
      for (const [price, quantity] of reservedBy(order)) reserved.set(price, (reserved.get(price) ?? 0) + quantity)
      facts += told.get(id)?.length ?? 0
      orders += 1
    }
    if (last === undefined) break
    after = last
  }
  return {
    facts: facts + (await checkShop(ask, shop, problems)),
    orders,
    problems: [...problems, ...(await stockProblems(ask, shop, reserved))],
  }
}

/** The facts of the orders in that range, the last one included; without an end, of all that come after. */
async function factsBetween(ask: Database['ask'], shop: string, after: string, last: string | undefined) {
  const until = last === undefined ? sql`subject > ${after}` : sql`subject > ${after} and subject <= ${last}`
  const rows = await ask(
    sql`select subject, fact from facts where shop = ${shop} and ${until} order by subject, version`,
  )
  const told = new Map<string, unknown[]>()
  for (const row of rows)
    told.set(row['subject'] as string, [...(told.get(row['subject'] as string) ?? []), factIn(row)])
  return told
}

async function checkShop(ask: Database['ask'], shop: string, problems: string[]): Promise<number> {
  const rows = await ask(sql`select fact from facts where shop = ${shop} and subject = '' order by version`)
  const [kept] = await ask(sql`select state from shops where shop = ${shop}`)
  const state = rows.map((row) => factIn(row) as ShopEvent).reduce(evolveShop, NO_SHOP)
  const isSame = isDeepStrictEqual(plain(state), kept ? JSON.parse(kept['state'] as string) : NO_SHOP)
  if (!isSame) problems.push('The shop is kept otherwise than its facts tell it.')
  return rows.length
}

async function stockProblems(
  ask: Database['ask'],
  shop: string,
  reserved: ReadonlyMap<string, number>,
): Promise<string[]> {
  const rows = await ask(sql`select price, quantity from reserved where shop = ${shop}`)
  const kept = new Map(rows.map((row) => [row['price'] as string, row['quantity'] as number]))
  return [...new Set([...kept.keys(), ...reserved.keys()])].flatMap((price) => {
    const [is, should] = [kept.get(price) ?? 0, reserved.get(price) ?? 0]
    return is === should ? [] : [`${is} of ${price} are reserved, and the orders hold ${should}.`]
  })
}

const factIn = (row: Row): unknown => JSON.parse(row['fact'] as string)
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

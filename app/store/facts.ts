import type { Order } from '../order/order.ts'
import { factsQuery, keptFactIn, settledFacts } from './queries.ts'
import { type Row, type Statement, sql } from './sql.ts'
import type { Store } from './store.ts'

/** What answers one statement. */
type Asking = { ask(statement: Statement): Promise<readonly Row[]> }

/** What is asked of facts and orders: the store's own answers, also for who only looks. */
export const factsOver = ({ ask }: Asking, shop = 'main'): Pick<Store, 'facts' | 'fact' | 'order'> => ({
  facts: async (after, most, now) => settledFacts(await ask(factsQuery(shop, after, most)), after, now),
  async fact(subject, version) {
    const [row] = await ask(sql`
      select position, subject, version, fact from facts
      where shop = ${shop} and subject = ${subject} and version = ${version}`)
    return row && keptFactIn(row)
  },
  async order(id) {
    const [row] = await ask(sql`select fold from orders where shop = ${shop} and id = ${id}`)
    return row && (JSON.parse(row['fold'] as string) as Order)
  },
})

import type { Context } from 'hono'
import { LRUCache } from 'lru-cache'
import type { Asker } from '../../checkout.ts'
import type { OrderId } from '../../order/id.ts'
import type { Order } from '../../order/order.ts'
import type { Hold } from '../../order/quote.ts'
import { paymentStatus } from '../../order/status.ts'
import { reservedBy } from '../../order/stock.ts'
import type { Parts } from '../../parts.ts'
import type { HttpEnv } from '../context.ts'
import { addressOf, type Limits } from '../limit.ts'

const ADDRESSES_MAX = 10_000
/** So many of an address's orders are looked at when it wants more stock, the newest: those that wait to be paid, or were not. */
const ORDERS_OF_ADDRESS_MAX = 100
const REMEMBERED_MILLISECONDS = 86_400_000

/** Who asks for a sale, by address. */
export type Askers = (c: Context<HttpEnv>) => Asker

/**
 * What each address may cost us: it is counted, and what it holds of the stock without having paid is remembered for a day, by this
 * process alone. Facts do not say who placed an order.
 */
export function createAskers(limits: Limits): Askers {
  const orders = new LRUCache<string, OrderId[]>({ max: ADDRESSES_MAX, ttl: REMEMBERED_MILLISECONDS })
  const turns = new LRUCache<string, Promise<unknown>>({ max: ADDRESSES_MAX })
  return (c) => {
    const address = addressOf(c)
    return {
      async mayStart({ freeFor }) {
        await limits.checkout(address)
        if (freeFor !== undefined) await limits.freeOrder(address, freeFor)
      },
      inTurn(order, place) {
        const before = turns.get(address) ?? Promise.resolve()
        const work = async () => {
          const known = await ordersWith(c.var.parts, orders.get(address) ?? [])
          const counted = known.filter((one) => one.id !== order && (isUnpaid(one) || isLost(one)))
          const placed = await place(holdOf(counted, c.var.parts.config.UNPAID_PIECES_PER_ADDRESS))
          const ids = [order, ...counted.map(({ id }) => id)]
          orders.set(address, ids.slice(0, ORDERS_OF_ADDRESS_MAX))
          return placed
        }
        const turn = before.then(work, work)
        turns.set(address, turn)
        return turn
      },
    }
  }
}

const ordersWith = async ({ store }: Pick<Parts, 'store'>, ids: readonly OrderId[]): Promise<Order[]> =>
  (await Promise.all(ids.map((id) => store.order(id)))).filter((order) => order !== undefined)

const isUnpaid = (order: Order): boolean => paymentStatus(order) === 'pending'
/** Nobody paid it in time. */
const isLost = ({ canceled, paid }: Order): boolean => canceled?.reason === 'expired' && !paid

/** What these orders hold of the stock, and how many came to nothing. */
function holdOf(orders: readonly Order[], least: number): Hold {
  const held = new Map<string, number>()
  for (const order of orders.filter(isUnpaid)) {
    for (const [price, quantity] of reservedBy(order)) held.set(price, (held.get(price) ?? 0) + quantity)
  }
  return { held, lost: orders.filter(isLost).length, least }
}

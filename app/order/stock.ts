import { type Catalog, offersOf } from '../../catalog/offer.ts'
import type { Order } from './order.ts'
import { isCalledOff, paymentStatus, refundedQuantities, shippedLines } from './status.ts'

/**
 * What the order holds back from other buyers, by price id: from the moment it is placed until it is given up. Of what is given back, that
 * is on sale again which the person who did it said so; at Stripe's dashboard nothing is said, and what was not shipped comes back with all
 * of the money.
 */
export function reservedBy(order: Order | undefined): Map<string, number> {
  const reserved = new Map<string, number>()
  if (!order || paymentStatus(order) === 'failed' || isCalledOff(order)) return reserved
  const restocked = refundedQuantities(order, ({ restock }) => restock)
  const isAllBack =
    paymentStatus(order) === 'refunded' && order.refunds.some(({ failed, request }) => !failed && !request)
  const shipped = shippedLines(order)
  for (const line of order.lines) {
    const held = isAllBack && !shipped.has(line.id) ? 0 : line.quantity - (restocked.get(line.id) ?? 0)
    for (const { price, quantity } of line.takes) {
      const taken = (quantity / line.quantity) * held
      if (taken > 0) reserved.set(price, (reserved.get(price) ?? 0) + taken)
    }
  }
  return reserved
}

/** How many of each price can still be bought, by its id, where that is limited; a bundle as far as its parts reach. O(prices). */
export function availabilityOf(
  catalog: Pick<Catalog, 'products'>,
  reserved: ReadonlyMap<string, number>,
): Map<string, number> {
  const live = [...catalog.products.values()].filter(({ status }) => status === 'live')
  const limited = live.flatMap((product) => offersOf(catalog, product)).filter(({ takes }) => takes.length > 0)
  return new Map(
    limited.map(({ id, takes }) => {
      const left = takes.map(({ price: part, quantity, stock }) =>
        Math.floor((stock - (reserved.get(part) ?? 0)) / quantity),
      )
      return [id, Math.max(0, Math.min(...left))]
    }),
  )
}

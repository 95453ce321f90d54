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

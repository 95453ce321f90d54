import { jobDueAt } from '../../app/job/job.ts'
import type { OrderEvent, OrderPlaced } from '../../app/order/event.ts'
import { type OrderId, orderIdFrom } from '../../app/order/id.ts'
import type { Store } from '../../app/store/store.ts'

const MORNING = '2026-03-01T09:00:00.000Z'
/** What every fact of a test begins with, but for its order. */
export const head = { shop: 'tern', at: MORNING, cause: { by: 'buyer' } } as const

/** The id of the nth order of a test. */
export function orderNumber(n: number): OrderId {
  const bytes = Buffer.alloc(15)
  bytes.writeUInt32BE(n, 11)
  return orderIdFrom(bytes)
}

/** Which of a test's orders that is. */
export const numberOf = (id: OrderId): number =>
  [...id.slice(4)].reduce((sum, one) => sum * 32 + '0123456789abcdefghjkmnpqrstvwxyz'.indexOf(one), 0)

/** An order of one thing, which takes `quantity` of it from the shelf. */
export const placed = (order: OrderId, price = 'pin', quantity = 1): OrderPlaced => ({
  ...head,
  type: 'order.placed',
  order,
  currency: 'eur',
  lines: [
    {
      id: 'line-1',
      price,
      name: 'Enamel pin – “Küstenseeschwalbe”',
      quantity,
      unitAmount: 900,
      assets: [],
      parcel: { weight: 20 },
      takes: [{ price, quantity }],
    },
  ],
  shipTo: 'DE',
  expiresAt: '2026-03-01T09:30:00.000Z',
})

export const paid = (order: OrderId): OrderEvent => ({
  ...head,
  type: 'order.paid',
  order,
  payment: `pi_${order}`,
  amount: 1200,
  shipping: 300,
  currency: 'eur',
})

export const canceled = (order: OrderId): OrderEvent => ({ ...head, type: 'order.canceled', order, reason: 'expired' })

export const customerOf = (order: OrderId) => ({ order, email: 'ada@example.org', name: 'Ada', address: null })

/** All that a paid order writes: facts, the jobs they cause, the buyer and the knock. */
export const wholeSale = (order: OrderId) => ({
  delivery: { id: `stripe:evt_${order}`, type: 'checkout.session.completed', receivedAt: MORNING },
  events: [placed(order), paid(order)],
  customer: customerOf(order),
  jobs: [
    jobDueAt(MORNING, { kind: 'mail', mail: 'receipt', order }, `receipt:${order}`),
    jobDueAt(MORNING, { kind: 'fulfill', order }, `fulfill:${order}`),
    jobDueAt('2026-03-01T09:32:00.000Z', { kind: 'close-checkout', order }, `close-checkout:${order}`),
  ],
})

/** Writes a whole sale in one transaction. */
export const sell = (store: Pick<Store, 'transact'>, order: OrderId) => {
  const sale = wholeSale(order)
  return store.transact({ order, delivery: sale.delivery.id }, () => sale)
}

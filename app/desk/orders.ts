import { idBeginning } from '../order/id.ts'
import type { Parts } from '../parts.ts'
import type { OrderFilter, OrderPage } from '../store/store.ts'

/** The lists of the desk, and how the store finds each. */
const STATES = {
  all: {},
  'to-pack': { label: 'to-pack' },
  'needs-person': { label: 'needs-person' },
  disputed: { label: 'disputed' },
  pending: { status: 'PENDING' },
  paid: { status: 'PAID' },
  shipped: { status: 'SHIPPED' },
  delivered: { status: 'DELIVERED' },
  refunded: { status: 'REFUNDED' },
  canceled: { status: 'CANCELED' },
} as const satisfies Record<string, OrderFilter>

export type OrderState = keyof typeof STATES
export const ORDER_STATES = Object.keys(STATES) as [OrderState, ...OrderState[]]

/** `q`: an order's id or number, a mail address, a name, a tracking number. `product` is a price's id. Instants bound when it was placed. */
export type OrderQuestion = {
  state?: OrderState | undefined
  q?: string | undefined
  product?: string | undefined
  from?: string | undefined
  to?: string | undefined
  cursor?: string | undefined
}

/** A page of orders, newest first. O(log orders). */
export function listOrders({ store }: Pick<Parts, 'store'>, question: OrderQuestion): Promise<OrderPage> {
  const { state = 'all', q, product, from, to, cursor } = question
  const text = q?.trim() && (idBeginning(q.trim()) ?? q.trim())
  const filter: OrderFilter = {
    ...STATES[state],
    ...(text && { text }),
    ...(product && { price: product }),
    ...(from && { since: from }),
    ...(to && { until: to }),
  }
  return store.orders(filter, cursor)
}

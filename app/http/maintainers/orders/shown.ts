import { recordAccess } from '../../../account/access.ts'
import { mayDo, type Person } from '../../../account/person.ts'
import { listOrders, type OrderQuestion } from '../../../desk/orders.ts'
import { idBeginning, isOrderId } from '../../../order/id.ts'
import type { Order } from '../../../order/order.ts'
import type { Parts } from '../../../parts.ts'
import type { OrderPage } from '../../../store/store.ts'
import { Refusal } from '../../problem.ts'
import { viewWhole } from '../desk-order.ts'

/** A page of orders. Who may not know who bought them can't search by it either. */
export async function ordersFor(parts: Parts, who: Person, question: OrderQuestion): Promise<OrderPage> {
  if (question.q && !mayDo(who, 'write') && !isOrderName(question.q)) throw notForTriage()
  return listOrders(parts, question)
}

/** The order with its buyer, where this person may know who that is: then it is written down that they looked. */
export async function showWhole(parts: Parts, who: Person, order: Order) {
  const [customer, events] = await Promise.all([parts.store.customer(order.id), parts.store.events(order.id)])
  if (customer && mayDo(who, 'write')) await recordAccess(parts, who, 'order.seen', { orders: [order.id] })
  return viewWhole(order, customer, events, who)
}

/** The order of this id; who asks for another is told that there is none. */
export async function orderNamed({ store }: Pick<Parts, 'store'>, id: string): Promise<Order> {
  const order = isOrderId(id) ? await store.order(id) : undefined
  if (!order) throw noSuchOrder(id)
  return order
}

/** What is said of an order that is not there. */
export const noSuchOrder = (id: string): Refusal =>
  new Refusal({
    status: 404,
    title: 'No such order',
    detail: `There is no order ${id.slice(0, 60)}.`,
    back: '/desk/orders',
  })

const isOrderName = (q: string): boolean => q.trim().startsWith('ord_') || idBeginning(q.trim()) !== undefined

const notForTriage = () =>
  new Refusal({
    status: 403,
    title: 'Not for this role',
    detail: 'To find orders by who bought them takes the role write.',
    back: '/desk/orders',
  })

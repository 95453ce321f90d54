import type { Parts } from '../parts.ts'
import type { Access, Person } from './person.ts'

/**
 * Writes down what somebody did or saw at the desk, such as `order.seen`, and of which orders. Call it before an answer with anything
 * personal in it leaves: what could not be written down is not shown. Nothing of a buyer's may be in `about`.
 */
export async function recordAccess(
  { store, now }: Pick<Parts, 'store' | 'now'>,
  { name, via }: Pick<Person, 'name' | 'via'>,
  what: string,
  { orders, about }: { orders?: readonly string[]; about?: string } = {},
): Promise<void> {
  const access: Access = { at: now().toISOString(), name, via, what, ...(about !== undefined && { about }) }
  await store.recordAccess(orders ? orders.map((order) => ({ ...access, order })) : [access])
}

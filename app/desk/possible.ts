import type { Person } from '../account/person.ts'
import { mayDo } from '../account/person.ts'
import { type Command, decide } from '../order/command.ts'
import type { Customer } from '../order/customer.ts'
import type { Order } from '../order/order.ts'
import { openStalls } from '../order/status.ts'
import { ROLE_OF } from './commands.ts'

const NOWHERE = { name: null, line1: null, line2: null, city: null, state: null, postalCode: null, country: null }
const NOW = { by: '', at: new Date(0).toISOString(), request: '' }

/** What this person may do with the order as it is now: the plainest command of each kind is put to `decide`, so that a page offers what is taken. */
export function possibleCommands(
  order: Order,
  customer: Customer | undefined,
  who: Pick<Person, 'role'>,
): ReadonlySet<Command['do']> {
  const plainest: Command[] = [
    { do: 'ship', carrier: 'any' },
    ...order.shipments.map(({ id }): Command => ({ do: 'deliver', shipment: id })),
    { do: 'refund' },
    { do: 'cancel' },
    { do: 'resend', mail: 'receipt' },
    { do: 'note', text: 'any' },
    ...openStalls(order).map(
      ({ reason }): Command => ({ do: 'settle', stall: reason, decision: 'done', reason: 'any' }),
    ),
    { do: 'address', address: customer?.address ?? { ...NOWHERE, country: order.shipTo } },
  ]
  const taken = plainest.filter((command) => {
    return mayDo(who, ROLE_OF[command.do]) && !('refused' in decide(order, customer, command, NOW))
  })
  return new Set(taken.map((command) => command.do))
}

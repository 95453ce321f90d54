import { createHash } from 'node:crypto'
import { formatMoney } from '../../catalog/schema/money.ts'
import type { Person, Role } from '../account/person.ts'
import { type Command, decide } from '../order/command.ts'
import { headOf, withJobs } from '../order/decide.ts'
import type { Fact } from '../order/event.ts'
import type { OrderId } from '../order/id.ts'
import { type Order, replay } from '../order/order.ts'
import { paymentStatus, refundedQuantities } from '../order/status.ts'
import type { Parts } from '../parts.ts'
import type { Change } from '../store/store.ts'
import { closePage } from '../stripe/checkout.ts'
import { carrierNamed, trackingUrl } from './carrier.ts'

/** Which role each command takes. */
export const ROLE_OF: Record<Command['do'], Role> = {
  ship: 'write',
  deliver: 'write',
  resend: 'write',
  note: 'write',
  address: 'write',
  refund: 'maintain',
  cancel: 'maintain',
  settle: 'maintain',
}

/** What came of a command, and how the order is now. `repeated`: its key was used before, and nothing was done again. */
export type Outcome =
  | { end: 'done'; order: Order; words: readonly string[] }
  | { end: 'repeated'; order: Order }
  | { end: 'refused'; why: string }
  | { end: 'unknown' }

const PAYING = 'Its payment page can not be closed: it may be being paid just now. Look again in a minute.'

type DeskParts = Pick<Parts, 'store' | 'stripe' | 'now' | 'log'>

/**
 * Does what somebody wants done with an order, once for each key, which is theirs and this command's alone. Whoever calls has seen to it that they may.
 * Rejects when Stripe is down (to cancel), or when nothing can be kept: with the same key, it is tried again.
 */
export async function runCommand(
  parts: DeskParts,
  who: Pick<Person, 'name' | 'via'>,
  id: OrderId,
  command: Command,
  key: string,
): Promise<Outcome> {
  const seen = command.do === 'cancel' ? await parts.store.order(id) : undefined
  if (seen && !(await closeItsPage(parts, seen))) return { end: 'refused', why: PAYING }
  const request = createHash('sha256')
    .update(JSON.stringify([who.via, who.name, id, command.do, key]))
    .digest('hex')
    .slice(0, 32)
  const delivery = `desk:${request}`
  const at = parts.now().toISOString()
  const { outcome } = await parts.store.transact(
    { order: id, customer: true, delivery },
    (before): Change & { outcome: Outcome } => {
      const { order, customer, delivered } = before
      if (!order) return { outcome: { end: 'unknown' } }
      if (delivered) return { outcome: { end: 'repeated', order } }
      if (seen && seen.checkout !== order.checkout) return { outcome: { end: 'refused', why: PAYING } }
      const decision = decide(order, customer, withTracking(command), { by: who.name, at, request })
      if ('refused' in decision) return { outcome: { end: 'refused', why: decision.refused } }
      const head = headOf(order, parts.now(), { by: 'maintainer', name: who.name, via: who.via })
      const { events, jobs } = withJobs(order, decision.facts, head)
      const after = replay(events, order) as Order
      return {
        ...{ events, jobs, delivery: { id: delivery, type: `desk.${command.do}`, receivedAt: at } },
        ...(decision.customer && { customer: decision.customer }),
        outcome: {
          end: 'done',
          order: after,
          words: decision.facts.flatMap((fact) => wordsOf(fact, after)),
        },
      }
    },
  )
  if (outcome.end === 'done')
    parts.log.info({ order: id, command: command.do, by: who.name, via: who.via }, 'a command was done')
  return outcome
}

/** The carrier as it writes itself, and where it shows the parcel. */
function withTracking(command: Command): Command {
  if (command.do !== 'ship') return command
  const carrier = carrierNamed(command.carrier)
  const url = command.url ?? (command.tracking && trackingUrl(carrier, command.tracking))
  return { ...command, carrier, ...(url && { url }) }
}

/** An order that is called off can't be paid any more. False when it may just have been. */
async function closeItsPage({ stripe }: DeskParts, order: Order): Promise<boolean> {
  if (!order.checkout || order.canceled || paymentStatus(order) !== 'pending') return true
  return order.payment.state !== 'none' || closePage(stripe, order.checkout)
}

/** What a fact says to whoever caused it. */
function wordsOf(fact: Fact, order: Order): string[] {
  const money = (amount: number) => formatMoney({ amount, currency: order.currency })
  switch (fact.type) {
    case 'order.shipped': {
      const refunded = refundedQuantities(order)
      const names = order.lines
        .filter(({ id }) => fact.lines.includes(id))
        .map(({ id, name, quantity }) => `${quantity - (refunded.get(id) ?? 0)} × ${name}`)
      return [
        `Shipped${fact.carrier ? ` with ${fact.carrier}` : ''} as ${fact.shipment}: ${names.join(', ')}. The buyer is told.`,
      ]
    }
    case 'order.delivered':
      return [`${fact.shipment} is delivered. The buyer is told.`]
    case 'order.refund_requested':
      return [
        `${money(fact.amount)} goes back to the buyer${fact.restock ? ', and the goods are on sale again' : ''}. Stripe is asked now.`,
      ]
    case 'order.canceled':
      return ['Canceled. Nothing of it is sent, and the buyer is told.']
    case 'order.mail_requested':
      return [`The ${fact.mail} is sent again.`]
    case 'order.customer_changed':
      return [`${{ email: 'The mail address', address: 'The address', note: 'The note' }[fact.what]} is kept.`]
    case 'order.stall_settled':
      return [`${fact.reason} is settled: ${fact.decision}.`]
    default:
      return []
  }
}

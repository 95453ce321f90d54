import { z } from 'zod'
import { formatMoney } from '../../catalog/schema/money.ts'
import type { Address, Customer } from './customer.ts'
import { Address as AddressShape } from './customer.ts'
import { isDue, linesToPack } from './entitlement.ts'
import { type Fact, LineQuantity, type OrderLine, RefundReason, Settlement, StallReason } from './event.ts'
import type { Order } from './order.ts'
import {
  isCalledOff,
  isGoodsMoneyBack,
  isShippingBack,
  openStalls,
  paymentStatus,
  refundableAmount,
  refundedQuantities,
} from './status.ts'

// What people do with an order. Page, comment, command line and API make the same command, and one pure function decides: facts, or why not.

const Text = (most: number) => z.string().trim().min(1).max(most)

/** A command as any of the four ways makes it. Amounts are minor units of the order's currency. */
export const Command = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('ship'),
    lines: z.array(z.string()).min(1).optional(),
    carrier: Text(60),
    tracking: Text(60).optional(),
    url: z
      .url({ protocol: /^https$/ })
      .max(500)
      .optional(),
  }),
  z.object({ do: z.literal('deliver'), shipment: z.string() }),
  z.object({
    do: z.literal('refund'),
    lines: z.array(LineQuantity).min(1).optional(),
    amount: z.int().min(1).optional(),
    shipping: z.boolean().optional(),
    restock: z.boolean().optional(),
    reason: Text(500).optional(),
  }),
  z.object({ do: z.literal('cancel') }),
  z.object({ do: z.literal('resend'), mail: z.literal('receipt'), to: z.email().max(254).optional() }),
  z.object({ do: z.literal('note'), text: Text(2000) }),
  z.object({ do: z.literal('settle'), stall: StallReason, decision: Settlement, reason: Text(500) }),
  z.object({ do: z.literal('address'), address: AddressShape }),
])
export type Command = z.output<typeof Command>

/** Who gives it, when, and the number that makes what it causes once-only. */
export type Given = { by: string; at: string; request: string }
/** The facts that a command makes, and what becomes of the customer; or why it is refused, in a sentence. */
export type Decision = { facts: Fact[]; customer?: Customer } | { refused: string }

/** What a command makes of an order as it is now. */
export function decide(order: Order, customer: Customer | undefined, command: Command, given: Given): Decision {
  switch (command.do) {
    case 'ship':
      return ship(order, customer, command)
    case 'deliver':
      return deliver(order, command.shipment)
    case 'refund':
      return refund(order, customer, command, given)
    case 'cancel':
      return cancel(order, customer, given)
    case 'resend':
      return resend(order, customer, command, given)
    case 'note':
      return note(customer, command.text, given)
    case 'settle':
      return settle(order, customer, command, given)
    case 'address':
      return changeAddress(order, customer, command.address)
  }
}

const refused = (why: string): Decision => ({ refused: why })
type Of<Name extends Command['do']> = Extract<Command, { do: Name }>

function ship(order: Order, customer: Customer | undefined, command: Of<'ship'>): Decision {
  const open = linesToPack(order)
  if (open.length === 0) return refused(whyNotToPack(order))
  const lines = command.lines?.map((name) => lineNamed(order, name)) ?? open.map(({ id }) => id)
  const strange = lines.find((id) => !open.some((line) => line.id === id))
  if (strange) {
    return refused(
      `Line ${strange} is not to be packed. To pack are: ${open.map(({ id, name }) => `${id} (${name})`).join(', ')}.`,
    )
  }
  const shipment = `shp_${order.shipments.length + 1}`
  const { carrier, tracking: number = null, url = null } = command
  const tracking = [...(customer?.tracking ?? []), { shipment, number, url }]
  return {
    facts: [{ type: 'order.shipped', shipment, lines: [...new Set(lines)], carrier }],
    ...(customer && (number ?? url) && { customer: { ...customer, tracking } }),
  }
}

function whyNotToPack(order: Order): string {
  if (!isDue(order)) return `Nothing may be sent: ${whyNotDue(order)}`
  return order.lines.some(({ parcel }) => parcel) ? 'Everything is shipped already.' : 'There is nothing in it to ship.'
}

/** Why nothing of it may be handed out. */
function whyNotDue(order: Order): string {
  if (isCalledOff(order)) return 'the order was canceled.'
  if (isGoodsMoneyBack(order)) return 'its money is back with the buyer, or on its way.'
  switch (paymentStatus(order)) {
    case 'pending':
      return 'it is not paid yet.'
    case 'failed':
      return 'it came to nothing, and was not paid.'
    case 'refunded':
      return 'its money is back with the buyer.'
    case 'disputed':
      return 'its payment is disputed.'
    default:
      return 'it waits for a decision: settle what it stalled for first.'
  }
}

function deliver(order: Order, id: string): Decision {
  const shipment = order.shipments.find((one) => one.id === id)
  if (!shipment) {
    const known = order.shipments.map((one) => one.id).join(', ')
    return refused(known ? `There is no shipment ${id}; there are: ${known}.` : 'Nothing of it was shipped yet.')
  }
  if (shipment.deliveredAt)
    return refused(`Shipment ${id} was delivered already, on ${shipment.deliveredAt.slice(0, 10)}.`)
  return { facts: [{ type: 'order.delivered', shipment: id }] }
}

function refund(order: Order, customer: Customer | undefined, command: Of<'refund'>, given: Given): Decision {
  const refusal = whyNoRefund(order)
  if (refusal) return refused(refusal)
  const left = refundableAmount(order)
  const isWhole = !command.lines && (command.amount === undefined ? !command.shipping : command.amount === left)
  const lines = isWhole
    ? allThatIsLeft(order)
    : (command.lines ?? []).map(({ line, quantity }) => ({ line: lineNamed(order, line), quantity }))
  const problem = lineProblem(order, lines)
  if (command.shipping && isShippingBack(order)) return refused('What shipping cost is given back already.')
  if (problem) return refused(problem)
  const amount =
    command.amount ?? (isWhole ? left : priceOf(order, lines) + (command.shipping ? (order.paid?.shipping ?? 0) : 0))
  const words = (minor: number) => formatMoney({ amount: minor, currency: order.currency })
  if (amount > left) return refused(`${words(amount)} is more than can still be given back: ${words(left)}.`)
  if (amount === 0) return refused('That costs nothing: there is no money to give back.')
  const { restock = false, reason: why } = command
  if (restock && !isWhole && lines.length === 0)
    return refused('Say which lines are on sale again: an amount alone is of none.')
  const known = RefundReason.safeParse(why)
  const reason = known.data ?? 'requested_by_customer'
  return {
    facts: [
      {
        type: 'order.refund_requested',
        ...{ request: given.request, amount, lines, restock, reason },
        ...(command.shipping && { shipping: true }),
      },
    ],
    ...(customer && why && !known.success && { customer: withNote(customer, `Refund: ${why}`, given) }),
  }
}

/** The id of a line, which people also name by its price. */
const lineNamed = (order: Order, name: string): string =>
  order.lines.find(({ id, price }) => id === name || price === name)?.id ?? name

function whyNoRefund(order: Order): string | undefined {
  const status = paymentStatus(order)
  if (!order.paid)
    return status === 'failed'
      ? 'It was not paid: there is nothing to give back.'
      : 'It is not paid yet. Cancel it instead.'
  if (status === 'disputed')
    return 'Its payment is disputed: the bank has the money, and gives it back or not. Answer the dispute.'
  if (refundableAmount(order) <= 0)
    return order.paid.amount === 0 ? 'Nothing was paid.' : 'All of its money is back already, or on its way.'
  return undefined
}

function allThatIsLeft(order: Order): LineQuantity[] {
  const refunded = refundedQuantities(order)
  return order.lines.flatMap(({ id, quantity }) => {
    const left = quantity - (refunded.get(id) ?? 0)
    return left > 0 ? [{ line: id, quantity: left }] : []
  })
}

function lineProblem(order: Order, lines: readonly LineQuantity[]): string | undefined {
  const left = new Map(allThatIsLeft(order).map(({ line, quantity }) => [line, quantity]))
  for (const { line, quantity } of lines) {
    if (!order.lines.some(({ id }) => id === line)) {
      return `There is no line ${line}. Its lines are: ${order.lines.map(({ id, name }) => `${id} (${name})`).join(', ')}.`
    }
    const most = left.get(line) ?? 0
    if (quantity > most)
      return `Of line ${line} ${most === 0 ? 'all is given back already' : `${most} can still be given back`}.`
    left.set(line, most - quantity)
  }
  return undefined
}

const priceOf = (order: Order, lines: readonly LineQuantity[]): number =>
  lines.reduce(
    (sum, { line, quantity }) => sum + quantity * (order.lines.find(({ id }) => id === line) as OrderLine).unitAmount,
    0,
  )

/** Called off: nothing is sent, stock is free, and what was paid goes back. */
function cancel(order: Order, customer: Customer | undefined, given: Given): Decision {
  if (order.canceled && !order.paid) return refused('It came to nothing already.')
  if (order.canceled?.reason === 'maintainer') return refused('It was canceled already.')
  if (order.shipments.length > 0) return refused('Part of it is on its way. Give the money back instead: refund.')
  if (!order.paid && order.payment.state === 'processing')
    return refused('The buyer’s bank is at work on its payment. Wait for it, then cancel.')
  if (!order.paid) return { facts: [{ type: 'order.canceled', reason: 'maintainer' }] }
  const back = refund(order, customer, { do: 'refund', restock: true }, given)
  if ('refused' in back && order.paid.amount > 0) return back
  return { facts: [{ type: 'order.canceled', reason: 'maintainer' }, ...('facts' in back ? back.facts : [])] }
}

const NOBODY = 'Nobody is known yet who bought it: that comes with the payment.'

function resend(
  order: Order,
  customer: Customer | undefined,
  { mail, to }: Of<'resend'>,
  { request }: Given,
): Decision {
  if (!customer) return refused(NOBODY)
  if (!order.paid) return refused('It is not paid yet, so there is no receipt.')
  const isOther = to !== undefined && to !== customer.email
  const sent: Fact = { type: 'order.mail_requested', mail, request }
  if (!isOther) return { facts: [...settledAs(order, 'receipt-not-sent'), sent] }
  return {
    facts: [{ type: 'order.customer_changed', what: 'email' }, ...settledAs(order, 'receipt-not-sent'), sent],
    customer: { ...customer, email: to },
  }
}

const settledAs = (order: Order, reason: StallReason): Fact[] =>
  openStalls(order).some((stall) => stall.reason === reason)
    ? [{ type: 'order.stall_settled', reason, decision: 'done' }]
    : []

const withNote = (customer: Customer, text: string, { by, at }: Given): Customer => ({
  ...customer,
  notes: [...(customer.notes ?? []), { at, by, text }],
})

function note(customer: Customer | undefined, text: string, given: Given): Decision {
  if (!customer) return refused(NOBODY)
  return { facts: [{ type: 'order.customer_changed', what: 'note' }], customer: withNote(customer, text, given) }
}

/** The reason in a person's words may name somebody: it is a note. */
function settle(
  order: Order,
  customer: Customer | undefined,
  { stall, decision, reason }: Of<'settle'>,
  given: Given,
): Decision {
  const open = openStalls(order)
  if (!open.some((one) => one.reason === stall)) {
    const words = open.map((one) => one.reason).join(', ')
    return refused(words ? `It does not wait for ${stall}, but for: ${words}.` : 'Nothing in it waits for a decision.')
  }
  const text = `Settled ${stall}: ${decision}. ${reason}`
  return {
    facts: [{ type: 'order.stall_settled', reason: stall, decision }],
    ...(customer && { customer: withNote(customer, text, given) }),
  }
}

function changeAddress(order: Order, customer: Customer | undefined, address: Address): Decision {
  if (!customer) return refused(NOBODY)
  if (linesToPack(order).length === 0) return refused(whyNotToPack(order))
  if (address.country !== (customer.address?.country ?? order.shipTo)) {
    return refused('Another country costs another shipping and tax. Cancel it, and let the buyer order again.')
  }
  return { facts: [{ type: 'order.customer_changed', what: 'address' }], customer: { ...customer, address } }
}

import { z } from '@hono/zod-openapi'
import { toDecimalText } from '../../../catalog/schema/money.ts'
import { mayDo, type Person } from '../../account/person.ts'
import { Address, type Customer, Note, Tracking } from '../../order/customer.ts'
import { LABELS, labelsOf, linesToPack } from '../../order/entitlement.ts'
import type { OrderEvent } from '../../order/event.ts'
import { numberOf } from '../../order/id.ts'
import { type Order, subtotalOf } from '../../order/order.ts'
import {
  fulfillmentStatus,
  paymentStatus,
  quantityLeft,
  refundableAmount,
  refundedAmount,
  refundedQuantities,
  refundsUnderway,
  shippedLines,
  summaryOf,
} from '../../order/status.ts'

const Amount = z.string().openapi({ description: "Decimal text in the order's currency", example: '19.00' })

const Line = z.object({
  line: z.string().openapi({ example: 'line-1' }),
  price: z.string(),
  name: z.string(),
  quantity: z.int(),
  unitAmount: Amount,
  refunded: z.int().openapi({ description: 'How many are given back, or on their way' }),
  shipped: z.boolean(),
  toPack: z.boolean(),
  weight: z
    .int()
    .nullable()
    .openapi({ description: 'Grams of what is left of the line; null where nothing is shipped' }),
})

/** An order in a list of the desk: nothing personal. */
export const DeskOrder = z
  .object({
    order: z.string().openapi({ example: 'ord_0g6k2m9w1x7c3v5b8n4q1z2s' }),
    number: z.string().openapi({ example: 'TERN-0G6K2M' }),
    status: z.string().openapi({ description: 'PENDING, PAID, SHIPPED, DELIVERED, CANCELED or REFUNDED' }),
    payment: z.string(),
    fulfillment: z.string(),
    labels: z.array(z.enum(LABELS)),
    placedAt: z.string(),
    currency: z.string(),
    total: Amount.openapi({ description: 'What was paid, with shipping; what the goods cost, before' }),
    refunded: Amount,
    refundable: Amount.openapi({ description: 'What can still be given back' }),
    shipTo: z.string().nullable().openapi({ description: 'Country' }),
    lines: z.array(Line),
    stalls: z.array(
      z.object({ stall: z.string(), at: z.string(), detail: z.string(), settled: z.string().nullable() }),
    ),
  })
  .openapi('DeskOrder')
export type DeskOrder = z.output<typeof DeskOrder>

const Buyer = z.object({
  email: z.string(),
  name: z.string().nullable(),
  address: Address.nullable(),
  notes: z.array(Note),
  tracking: z.array(Tracking),
})

/** An order with everything about it; the buyer only for who may know. */
export const DeskOrderWhole = DeskOrder.extend({
  shippingPaid: Amount.nullable(),
  shipments: z.array(
    z.object({
      shipment: z.string(),
      lines: z.array(z.string()),
      carrier: z.string().nullable(),
      shippedAt: z.string().nullable(),
      deliveredAt: z.string().nullable(),
    }),
  ),
  refunds: z.array(
    z.object({
      refund: z.string(),
      amount: Amount,
      at: z.string(),
      failed: z.boolean(),
      request: z.string().nullable(),
    }),
  ),
  refundsUnderway: z.array(z.object({ request: z.string(), amount: Amount })),
  disputes: z.array(z.object({ dispute: z.string(), amount: Amount, outcome: z.string() })),
  customer: Buyer.nullable().openapi({ description: 'Null where nobody is known, or the role may not know' }),
  timeline: z.array(
    z.object({ at: z.string(), type: z.string(), by: z.string(), fact: z.record(z.string(), z.unknown()) }),
  ),
  stripe: z.url().nullable().openapi({ description: 'The payment in Stripe’s dashboard' }),
}).openapi('DeskOrderWhole')
export type DeskOrderWhole = z.output<typeof DeskOrderWhole>

/** An order as a list shows it. */
export function viewInList(order: Order): DeskOrder {
  const text = (amount: number) => toDecimalText({ amount, currency: order.currency })
  const [refunded, shipped, toPack] = [refundedQuantities(order), shippedLines(order), linesToPack(order)]
  return {
    order: order.id,
    number: numberOf(order),
    status: summaryOf(order),
    payment: paymentStatus(order),
    fulfillment: fulfillmentStatus(order),
    labels: labelsOf(order),
    placedAt: order.placedAt,
    currency: order.currency,
    total: text(order.paid?.amount ?? subtotalOf(order)),
    refunded: text(refundedAmount(order)),
    refundable: text(refundableAmount(order)),
    shipTo: order.shipTo,
    lines: order.lines.map((line) => ({
      line: line.id,
      price: line.price,
      name: line.name,
      quantity: line.quantity,
      unitAmount: text(line.unitAmount),
      refunded: refunded.get(line.id) ?? 0,
      shipped: shipped.has(line.id),
      toPack: toPack.includes(line),
      weight: line.parcel && line.parcel.weight * quantityLeft(order, line),
    })),
    stalls: order.stalls.map(({ reason, at, detail, settled }) => ({
      ...{ stall: reason, at, detail, settled: settled ?? null },
    })),
  }
}

/** An order as its page shows it to this person. `events` are its facts, oldest first. */
export function viewWhole(
  order: Order,
  customer: Customer | undefined,
  events: readonly OrderEvent[],
  who: Pick<Person, 'role'>,
): DeskOrderWhole {
  const text = (amount: number) => toDecimalText({ amount, currency: order.currency })
  const known = mayDo(who, 'write') ? customer : undefined
  const test = order.checkout?.startsWith('cs_test_') ? 'test/' : ''
  return {
    ...viewInList(order),
    shippingPaid: order.paid && text(order.paid.shipping),
    shipments: order.shipments.map(({ id, lines, carrier, shippedAt, deliveredAt }) => ({
      ...{ shipment: id, lines: [...lines], carrier: carrier ?? null, shippedAt: shippedAt ?? null, deliveredAt },
    })),
    refunds: order.refunds.map(({ id, amount, at, failed, request }) => ({
      ...{ refund: id, amount: text(amount), at, failed, request: request ?? null },
    })),
    refundsUnderway: refundsUnderway(order).map(({ id, amount }) => ({ request: id, amount: text(amount) })),
    disputes: order.disputes.map(({ id, amount, outcome }) => ({ dispute: id, amount: text(amount), outcome })),
    customer: known ? { ...known, notes: known.notes ?? [], tracking: known.tracking ?? [] } : null,
    timeline: events.map(viewFact),
    stripe: order.payment.id && `https://dashboard.stripe.com/${test}payments/${order.payment.id}`,
  }
}

function viewFact({ type, at, cause, order: _, shop: __, ...fact }: OrderEvent) {
  const by = cause.by === 'maintainer' ? `${cause.name} (${cause.via})` : cause.by
  const { lines, shipping, ...rest } = fact as Record<string, unknown>
  return {
    at,
    type,
    by,
    fact: type === 'order.placed' ? {} : { ...rest, ...(lines ? { lines } : {}), ...(shipping ? { shipping } : {}) },
  }
}

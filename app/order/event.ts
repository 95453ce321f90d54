import { z } from 'zod'
import { ReleaseFile } from '../../catalog/schema/asset.ts'
import type { OrderId } from './id.ts'

// Facts about an order, in the past tense, with everything a later reader needs and nothing personal.
// Events are for ever: a new optional field or a new type, never a changed meaning.

const OrderIdText = z.custom<OrderId>((text) => typeof text === 'string' && text.startsWith('ord_'))
const Instant = z.iso.datetime()
const MinorUnits = z.int().min(0)

/** Why a fact was recorded. */
export const Cause = z.discriminatedUnion('by', [
  z.object({ by: z.literal('buyer') }),
  z.object({ by: z.literal('job'), job: z.string() }),
  z.object({ by: z.literal('return-page') }),
  /** A command of a maintainer's: a GitHub login, or the name of a token. */
  z.object({ by: z.literal('maintainer'), name: z.string(), via: z.enum(['desk', 'token', 'comment']) }),
])
export type Cause = z.output<typeof Cause>

export const StallReason = z.enum([
  'amount-differs',
  'paid-twice',
  'paid-late',
  'file-missing',
  'file-changed',
  'refund-failed',
  'receipt-not-sent',
  'restored',
  'gave-up',
])
export type StallReason = z.output<typeof StallReason>

/** How a person settled what the order had stalled for: the goods are given, they are withheld, or it was done otherwise. */
export const Settlement = z.enum(['give', 'withhold', 'done'])
export type Settlement = z.output<typeof Settlement>

/** Why money goes back, in Stripe's words. https://docs.stripe.com/api/refunds/create */
export const RefundReason = z.enum(['requested_by_customer', 'duplicate', 'fraudulent'])
export type RefundReason = z.output<typeof RefundReason>

/** So much of a line. */
export const LineQuantity = z.object({ line: z.string(), quantity: z.int().min(1) })
export type LineQuantity = z.output<typeof LineQuantity>

/** One file the line gives, copied at the sale: the catalog will change. */
export const SoldAsset = z.object({
  id: z.string(),
  title: z.string(),
  release: ReleaseFile,
  /** Which bytes were approved when it was sold; sales before this was asked for have none. */
  sha256: z.string().optional(),
})
export type SoldAsset = z.output<typeof SoldAsset>

/** One line of the order, priced by us. */
export const OrderLine = z.object({
  id: z.string(),
  price: z.string(),
  name: z.string(),
  quantity: z.int().min(1),
  unitAmount: MinorUnits,
  assets: z.array(SoldAsset),
  parcel: z.object({ weight: z.int(), customs: z.string().optional(), origin: z.string().optional() }).nullable(),
  /** What it reserves of limited stock, for the whole line. */
  takes: z.array(z.object({ price: z.string(), quantity: z.int().min(1) })),
})
export type OrderLine = z.output<typeof OrderLine>

/** Ways to ship, of which the buyer chooses one on the payment page. Days are business days, from and to. */
export const Shipping = z.object({
  countries: z.array(z.string()),
  rates: z.array(z.object({ name: z.string(), amount: MinorUnits, days: z.tuple([z.int(), z.int()]) })),
})
export type Shipping = z.output<typeof Shipping>

const head = { order: OrderIdText, shop: z.string(), at: Instant, cause: Cause }
const fact = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.object({ type: z.literal(type), ...head, ...shape })

/** What the bank was asked for, and how much of it is shipping; not written in older facts. */
const asked = { amount: MinorUnits.optional(), shipping: MinorUnits.optional() }

export const OrderEvent = z.discriminatedUnion('type', [
  fact('order.placed', {
    currency: z.string(),
    lines: z.array(OrderLine).min(1),
    /** Country of the shipping zone that was priced, when something is shipped. */
    shipTo: z.string().nullable(),
    /** What shipping there costs, and which countries cost the same; fixed here, as everything that Stripe is asked for. */
    shipping: Shipping.nullable().optional(),
    /** When the payment page closes; fixed before Stripe is called, so that a retry asks for the same. */
    expiresAt: Instant,
  }),
  /** Stripe's payment page exists: its Session. */
  fact('order.checkout_opened', { checkout: z.string() }),
  /** The buyer is done, the bank is not: a delayed payment method. */
  fact('order.payment_processing', { payment: z.string().nullable(), ...asked }),
  fact('order.paid', {
    /** Stripe's PaymentIntent; null when nothing was to be paid. */
    payment: z.string().nullable(),
    amount: MinorUnits,
    shipping: MinorUnits,
    currency: z.string(),
  }),
  fact('order.payment_failed', { payment: z.string().nullable(), ...asked }),
  fact('order.canceled', { reason: z.enum(['expired', 'not-started', 'replaced', 'maintainer']) }),
  /** A person wants money given back. What it is for is said line by line, where it is for lines; `restock` puts those on sale again. */
  fact('order.refund_requested', {
    request: z.string(),
    amount: z.int().min(1),
    lines: z.array(LineQuantity),
    restock: z.boolean(),
    /** What shipping cost is in it. */
    shipping: z.literal(true).optional(),
    reason: RefundReason,
  }),
  /** Stripe will never do it. */
  fact('order.refund_refused', { request: z.string() }),
  /** Money is given back: it has gone out, or is about to. `request` is the one that it answers; without, it was made at Stripe's dashboard. */
  fact('order.refunded', {
    refund: z.string(),
    amount: MinorUnits,
    refundedAt: Instant,
    request: z.string().optional(),
  }),
  /** Rare, and may come long after: the money went back to the shop, and the buyer has nothing. */
  fact('order.refund_failed', { refund: z.string() }),
  fact('order.disputed', { dispute: z.string(), amount: MinorUnits }),
  fact('order.dispute_closed', { dispute: z.string(), outcome: z.enum(['won', 'lost']) }),
  /** By whom it is carried. The tracking number leads to a person: it is kept with the customer. */
  fact('order.shipped', { shipment: z.string(), lines: z.array(z.string()).min(1), carrier: z.string().optional() }),
  fact('order.delivered', { shipment: z.string() }),
  fact('order.fulfilled', { lines: z.array(z.string()).min(1) }),
  /** It needs a person. */
  fact('order.stalled', { reason: StallReason, detail: z.string() }),
  /** A person has seen to it. */
  fact('order.stall_settled', { reason: StallReason, decision: Settlement }),
  /** A person wants a mail sent again. */
  fact('order.mail_requested', { mail: z.literal('receipt'), request: z.string() }),
  /** Something about the customer was written by a person: what, and never the words. */
  fact('order.customer_changed', { what: z.enum(['email', 'address', 'note']) }),
])
export type OrderEvent = z.output<typeof OrderEvent>
export type OrderPlaced = Extract<OrderEvent, { type: 'order.placed' }>

/** An event before it is known when and why it was recorded. */
type WithoutHead<Event> = Event extends unknown ? Omit<Event, 'order' | 'shop' | 'at' | 'cause'> : never
export type Fact = WithoutHead<OrderEvent>

import type Stripe from 'stripe'
import type { Customer } from '../order/customer.ts'
import type { PaymentSnapshot } from '../order/decide.ts'
import { isOrderId, type OrderId } from '../order/id.ts'
import type { PaidLine } from '../order/restore.ts'

/** A payment as Stripe has it now, and who made it. */
export type Payment = { snapshot: PaymentSnapshot; customer: Customer | null; openedAt: string; expiresAt: string }

/** How long Stripe may take to answer, and how often it is asked again; by the SDK's own bounds where nothing is said. */
export type Patience = Pick<Stripe.RequestOptions, 'timeout' | 'maxNetworkRetries'>

/**
 * Fetches the payment behind any of Stripe's objects, by the id's prefix: a Session, PaymentIntent, charge, refund or
 * dispute. Nothing when it does not exist or is not ours: other software may use the same account. `patience` bounds
 * the wait for a Session that is named by its own id, as where a buyer waits.
 */
export async function fetchPayment(
  stripe: Stripe,
  object: string,
  patience: Patience = {},
): Promise<Payment | undefined> {
  const session = await findSession(stripe, object, patience).catch(noneIfMissing)
  const order = session?.client_reference_id
  const shop = session?.metadata?.shop
  if (!session || !isOrderId(order) || !shop) return undefined
  const intent = intentOf(session)
  const charge = chargeOf(intent)
  const snapshot: PaymentSnapshot = {
    order,
    shop,
    checkout: session.id,
    payment: intent?.id ?? null,
    state: stateOf(session),
    currency: session.currency ?? '',
    subtotal: session.amount_subtotal ?? 0,
    shipping: session.shipping_cost?.amount_total ?? 0,
    total: session.amount_total ?? 0,
    refunds: intent && (charge?.amount_refunded || isRefund(object)) ? await refundsOf(stripe, intent.id) : [],
    disputes: intent && (charge?.disputed || isDispute(object)) ? await disputesOf(stripe, intent.id) : [],
  }
  return {
    snapshot,
    customer: customerOf(order, session),
    openedAt: instantOf(session.created),
    expiresAt: instantOf(session.expires_at),
  }
}

/** What a Session was opened for, line by line. https://docs.stripe.com/api/checkout/sessions/line_items */
export async function fetchLines(stripe: Stripe, checkout: string): Promise<PaidLine[]> {
  const { data } = await stripe.checkout.sessions.listLineItems(checkout, { limit: 100 })
  return data.map(({ metadata, description, quantity, price }) => {
    return {
      price: metadata?.price ?? null,
      name: description ?? '',
      quantity: quantity ?? 1,
      unitAmount: price?.unit_amount ?? 0,
    }
  })
}

/** The orders since then (all where that is null) that were paid on this account, or are about to be, newest first. */
export async function* completedOrders(
  stripe: Stripe,
  since: string | null,
  patience: Patience = {},
): AsyncGenerator<{ order: OrderId; shop: string; checkout: string }> {
  const created = since === null ? {} : { created: { gte: Math.floor(Date.parse(since) / 1000) } }
  for await (const session of stripe.checkout.sessions.list({ status: 'complete', limit: 100, ...created }, patience)) {
    const { id: checkout, client_reference_id: order, metadata } = session
    if (isOrderId(order) && metadata?.shop) yield { order, shop: metadata.shop, checkout }
  }
}

const instantOf = (seconds: number): string => new Date(seconds * 1000).toISOString()

async function findSession(
  stripe: Stripe,
  object: string,
  patience: Patience = {},
): Promise<Stripe.Checkout.Session | undefined> {
  const [prefix] = object.split('_')
  switch (prefix) {
    case 'cs':
      return stripe.checkout.sessions.retrieve(object, { expand: ['payment_intent.latest_charge'] }, patience)
    case 'pi': {
      const { data } = await stripe.checkout.sessions.list({ payment_intent: object, limit: 1 })
      return data[0] ? findSession(stripe, data[0].id) : undefined
    }
    case 'ch':
    case 'py':
      return viaPayment(stripe, (await stripe.charges.retrieve(object)).payment_intent)
    case 're':
    case 'pyr':
      return viaPayment(stripe, (await stripe.refunds.retrieve(object)).payment_intent)
    case 'dp':
    case 'du':
      return viaPayment(stripe, (await stripe.disputes.retrieve(object)).payment_intent)
    default:
      return undefined
  }
}

function viaPayment(stripe: Stripe, intent: string | { id: string } | null) {
  if (!intent) return undefined
  return findSession(stripe, typeof intent === 'string' ? intent : intent.id)
}

function noneIfMissing(error: unknown): undefined {
  if ((error as { code?: string }).code === 'resource_missing') return undefined
  throw error
}

const intentOf = ({ payment_intent }: Stripe.Checkout.Session): Stripe.PaymentIntent | null =>
  typeof payment_intent === 'string' ? null : payment_intent

function chargeOf(intent: Stripe.PaymentIntent | null): Stripe.Charge | null {
  const charge = intent?.latest_charge
  return !charge || typeof charge === 'string' ? null : charge
}

/**
 * https://docs.stripe.com/checkout/fulfillment: `unpaid` after completion is a delayed method, or one that failed.
 * A voucher that is yet to be paid at a till is `requires_action`. https://docs.stripe.com/payments/paymentintents/lifecycle
 */
function stateOf(session: Stripe.Checkout.Session): PaymentSnapshot['state'] {
  if (session.status === 'expired') return 'expired'
  if (session.status === 'open') return 'open'
  if (session.payment_status !== 'unpaid') return 'paid'
  const status = intentOf(session)?.status
  return status === 'requires_payment_method' || status === 'canceled' ? 'failed' : 'processing'
}

/** A refund that failed no longer counts in its charge, so whoever asks about it has the list read. */
const isRefund = (object: string): boolean => /^(re|pyr)_/.test(object)
/** Nor need one count that was prevented. */
const isDispute = (object: string): boolean => /^(dp|du)_/.test(object)

async function refundsOf(stripe: Stripe, intent: string): Promise<PaymentSnapshot['refunds']> {
  const refunds: PaymentSnapshot['refunds'][number][] = []
  for await (const refund of stripe.refunds.list({ payment_intent: intent, limit: 100 })) {
    const { id, amount, status } = refund
    // One that is on its way counts from the start (.github/decisions/021-money-back-closes-downloads.md).
    const failed = status === 'failed' || status === 'canceled'
    const request = refund.metadata?.['request']
    refunds.push({ id, amount, at: new Date(refund.created * 1000).toISOString(), failed, ...(request && { request }) })
  }
  return refunds
}

async function disputesOf(stripe: Stripe, intent: string): Promise<PaymentSnapshot['disputes']> {
  const { data } = await stripe.disputes.list({ payment_intent: intent, limit: 100 })
  return data.map((dispute) => ({ id: dispute.id, amount: dispute.amount, outcome: outcomeOf(dispute) }))
}

/**
 * `prevented` and `warning_closed` say that nobody argues, not who has the money: the buyer may have been paid back unasked. The balance
 * says it, without Stripe's fee. A status we have never heard of counts as open: it needs watching.
 */
function outcomeOf({ status, balance_transactions: moves }: Stripe.Dispute): 'open' | 'won' | 'lost' {
  if (status === 'won') return 'won'
  if (status === 'lost') return 'lost'
  if (status !== 'prevented' && status !== 'warning_closed') return 'open'
  return moves.reduce((sum, { amount }) => sum + amount, 0) < 0 ? 'lost' : 'won'
}

function customerOf(order: OrderId, session: Stripe.Checkout.Session): Customer | null {
  const details = session.customer_details
  if (!details?.email) return null
  const shipping = session.collected_information?.shipping_details
  const address = shipping && {
    name: shipping.name,
    line1: shipping.address.line1,
    line2: shipping.address.line2,
    city: shipping.address.city,
    state: shipping.address.state,
    postalCode: shipping.address.postal_code,
    country: shipping.address.country,
  }
  return { order, email: details.email, name: details.name, address: address ?? null }
}

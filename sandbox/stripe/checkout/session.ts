import type Stripe from 'stripe'
import { blankLineItem, blankPrice, blankSession, blankShippingRate } from '../blank.ts'
import { emit } from '../events/event.ts'
import { missing, refused } from '../request.ts'
import type { Account, Checkout, CheckoutLine } from '../state.ts'
import { checkGoods, type PricedLine, type SessionParams, type ShippingRateParams } from './session-params.ts'

/** When a session may run out, from its creation on; at the latest when it does not say. */
const EXPIRY_SECONDS_MIN = 30 * 60
const EXPIRY_SECONDS_MAX = 24 * 60 * 60
/** How far a clock, and the time that a request takes, may be off. */
const EXPIRY_SLACK_SECONDS = 10

/** Opens a Checkout Session, as `POST /v1/checkout/sessions` does. Throws Stripe's refusal of wrong parameters. */
export function openSession(account: Account, params: SessionParams): Checkout {
  const { state } = account
  const deadline = deadlineOf(account, params.expires_at)
  const goods = checkGoods(params)
  const lines = goods.lines.map((line) => newLine(account, line))
  const rates = goods.rates.map((rate) => newShippingRate(account, rate))
  for (const rate of rates) state.shippingRates[rate.id] = rate
  const paymentMetadata = params.payment_intent_data?.metadata ?? {}
  const session = newSession(account, params, lines, rates)
  const checkout: Checkout = { session, lines, deadline, percentOff: 0, paymentMetadata }
  account.nextDeadline = Math.min(account.nextDeadline, deadline)
  account.sessionIds.push(session.id)
  if (rates[0]) shipBy(account, checkout, rates[0].id)
  addUp(checkout)
  state.checkouts[session.id] = checkout
  return checkout
}

/** Sets the cost of shipping to one of the session's own rates. */
export function shipBy(account: Account, { session }: Checkout, rateId: string): void {
  const amount = account.state.shippingRates[rateId]?.fixed_amount?.amount ?? 0
  session.shipping_cost = { amount_subtotal: amount, amount_tax: 0, amount_total: amount, shipping_rate: rateId }
}

/** Works out every amount again from the lines, the discount and the shipping cost. Tax is always 0 here. */
export function addUp({ session, lines, percentOff }: Checkout): void {
  for (const { item } of lines) {
    item.amount_subtotal = (item.price?.unit_amount ?? 0) * (item.quantity ?? 0)
    item.amount_discount = Math.round((item.amount_subtotal * percentOff) / 100)
    item.amount_total = item.amount_subtotal - item.amount_discount
  }
  const sum = (field: 'amount_subtotal' | 'amount_discount') =>
    lines.reduce((total, { item }) => total + item[field], 0)
  const shipping = session.shipping_cost?.amount_total ?? 0
  session.amount_subtotal = sum('amount_subtotal')
  session.amount_total = sum('amount_subtotal') - sum('amount_discount') + shipping
  session.total_details = { amount_discount: sum('amount_discount'), amount_shipping: shipping, amount_tax: 0 }
}

/** Closes an open session unpaid, as `POST …/expire` and the passing of time do. */
export function expireSession(account: Account, { session }: Checkout): void {
  if (session.status !== 'open') {
    throw refused(`Only Checkout Sessions with a status in ["open"] can be expired. This one is ${session.status}.`)
  }
  Object.assign(session, { status: 'expired', url: null })
  emit(account, 'checkout.session.expired', session)
}

/** Closes every open session whose time is over. Says whether there was one. */
export function expireOverdue(account: Account): boolean {
  const now = account.now()
  if (now < account.nextDeadline) return false
  const open = Object.values(account.state.checkouts).filter(({ session }) => session.status === 'open')
  const overdue = open.filter(({ deadline }) => deadline <= now)
  account.nextDeadline = Math.min(...open.flatMap(({ deadline }) => (deadline > now ? [deadline] : [])))
  for (const checkout of overdue) expireSession(account, checkout)
  return overdue.length > 0
}

/** Finds a session. Throws Stripe's 404. */
export function checkoutOf({ state }: Account, id: string): Checkout {
  const checkout = state.checkouts[id]
  if (!checkout) throw missing('checkout.session', id)
  return checkout
}

/** Where a buyer's browser goes after paying. */
export function returnUrl({ session }: Checkout): string {
  return (session.success_url ?? '').replaceAll('{CHECKOUT_SESSION_ID}', session.id)
}

/** The deadline by the stand-in's clock, also for a caller who reckons by the real one. Refuses one out of bounds. */
function deadlineOf({ now, state }: Account, expiresAt = now() + EXPIRY_SECONDS_MAX): number {
  const deadline = [expiresAt, expiresAt + state.clock].find((time) => {
    const seconds = time - now()
    return seconds >= EXPIRY_SECONDS_MIN - EXPIRY_SLACK_SECONDS && seconds <= EXPIRY_SECONDS_MAX + EXPIRY_SLACK_SECONDS
  })
  if (deadline !== undefined) return deadline
  throw refused('The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.', {
    param: 'expires_at',
  })
}

/** An open session with everything in it that does not depend on amounts. */
function newSession(
  account: Account,
  params: SessionParams,
  lines: CheckoutLine[],
  rates: Stripe.ShippingRate[],
): Stripe.Checkout.Session {
  const id = account.newId('cs_test')
  return {
    ...structuredClone(blankSession),
    id,
    url: `${account.url()}/c/pay/${id}`,
    created: account.now(),
    expires_at: params.expires_at ?? account.now() + EXPIRY_SECONDS_MAX,
    currency: lines[0]?.item.currency ?? null,
    allow_promotion_codes: params.allow_promotion_codes ?? null,
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    integration_identifier: params.integration_identifier ?? null,
    metadata: params.metadata ?? {},
    shipping_address_collection: (params.shipping_address_collection ??
      null) as Stripe.Checkout.Session.ShippingAddressCollection | null,
    shipping_options: rates.map(({ id: shipping_rate, fixed_amount }) => ({
      shipping_rate,
      shipping_amount: fixed_amount?.amount ?? 0,
    })),
    success_url: params.success_url,
  }
}

/** A line of a session, not yet added up. */
function newLine(account: Account, line: PricedLine): CheckoutLine {
  const { currency, unit_amount, product_data: product } = line.price_data
  const price: Stripe.Price = {
    ...structuredClone(blankPrice),
    id: account.newId('price'),
    created: account.now(),
    currency,
    product: account.newId('prod'),
    unit_amount,
    // On the wire it is text; the SDK turns it into its Decimal where it arrives.
    unit_amount_decimal: String(unit_amount) as unknown as Stripe.Decimal,
  }
  const item: Stripe.LineItem = {
    ...blankLineItem,
    id: account.newId('li'),
    adjustable_quantity: line.adjustable_quantity?.enabled ? line.adjustable_quantity : null,
    currency,
    description: product.name,
    metadata: line.metadata ?? {},
    price,
    quantity: line.quantity,
  }
  return { item, text: product.description ?? null, image: product.images?.[0] ?? null }
}

/** A way to ship, made for one session. */
function newShippingRate(account: Account, data: ShippingRateParams): Stripe.ShippingRate {
  const { minimum = null, maximum = null } = data.delivery_estimate ?? {}
  return {
    ...structuredClone(blankShippingRate),
    id: account.newId('shr'),
    created: account.now(),
    delivery_estimate: data.delivery_estimate ? { minimum, maximum } : null,
    display_name: data.display_name,
    fixed_amount: data.fixed_amount,
  }
}

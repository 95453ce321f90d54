import { missing, refused } from './api/failure.ts'
import type { SessionParams } from './api/session-params.ts'
import { checkSession, EXPIRY_SECONDS_DEFAULT, expiryFits } from './api/session-rules.ts'
import { emit } from './event.ts'
import { newLine, newSession, newShippingRate } from './session-objects.ts'
import type { Account, Checkout } from './state.ts'

/** Opens a Checkout Session, as `POST /v1/checkout/sessions` does. Throws Stripe's refusal of wrong parameters. */
export function openSession(account: Account, params: SessionParams): Checkout {
  const { state } = account
  const priced = checkSession(params, [account.now(), account.now() - state.clock])
  const lines = priced.map((line) => newLine(account, line))
  const rates = (params.shipping_options ?? []).flatMap((option) =>
    option.shipping_rate_data ? [newShippingRate(account, option.shipping_rate_data)] : [],
  )
  for (const rate of rates) state.shippingRates[rate.id] = rate
  const checkout: Checkout = {
    session: newSession(account, params, lines, rates),
    lines,
    deadline: deadlineOf(account, params.expires_at),
    percentOff: 0,
    paymentMetadata: params.payment_intent_data?.metadata ?? {},
    paymentDescription: params.payment_intent_data?.description ?? null,
    statementSuffix: params.payment_intent_data?.statement_descriptor_suffix ?? null,
    applicationFee: params.payment_intent_data?.application_fee_amount ?? null,
  }
  if (rates[0]) shipBy(account, checkout, rates[0].id)
  addUp(checkout)
  state.checkouts[checkout.session.id] = checkout
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
  const overdue = Object.values(account.state.checkouts).filter(
    ({ session, deadline }) => session.status === 'open' && deadline <= account.now(),
  )
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

/** The deadline by the stand-in's clock, also when the caller reckons by the real one. */
function deadlineOf(account: Account, expiresAt: number | undefined): number {
  const now = account.now()
  if (expiresAt === undefined) return now + EXPIRY_SECONDS_DEFAULT
  return expiryFits(expiresAt, now) ? expiresAt : expiresAt + account.state.clock
}

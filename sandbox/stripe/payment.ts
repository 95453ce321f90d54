import type Stripe from 'stripe'
import { BANK_DEBIT, blankCharge, blankPaymentIntent, CARD, NO_ADDRESS } from './blank.ts'
import type { Buyer } from './checkout/buyer.ts'
import { emit } from './events/event.ts'
import { missing, refused } from './request.ts'
import type { Account, Checkout } from './state.ts'

/**
 * Pays an open session, after `choose` has taken over what the buyer chose: at once, by a bank debit that is settled
 * later, or with a card that is declined, after which the session stays open. A total of 0 needs no payment.
 */
export function pay(account: Account, checkout: Checkout, buyer: Buyer): void {
  const { session } = checkout
  recordBuyer(session, buyer)
  if (session.amount_total === 0) {
    complete(checkout, 'no_payment_required')
    emit(account, 'checkout.session.completed', session)
    return
  }
  const intent = paymentIntentOf(account, checkout)
  const charge = newCharge(account, session, intent, buyer.outcome === 'async' ? BANK_DEBIT : CARD)
  if (buyer.outcome === 'decline') {
    fail(account, charge, intent, 'card_declined', 'Your card was declined.')
    return
  }
  if (buyer.outcome === 'async') {
    intent.status = 'processing'
    complete(checkout, 'unpaid')
    emit(account, 'charge.pending', charge)
    emit(account, 'payment_intent.processing', intent)
  } else {
    succeed(account, charge, intent)
    complete(checkout, 'paid')
  }
  emit(account, 'checkout.session.completed', session)
}

/** Ends a delayed payment, as the buyer's bank does days later. Throws a refusal when none is waiting. */
export function settle(account: Account, { session }: Checkout, ok: boolean): void {
  const intent = account.state.paymentIntents[String(session.payment_intent)]
  const charge = account.state.charges[String(intent?.latest_charge)]
  if (intent?.status !== 'processing' || !charge) throw refused('This session has no delayed payment to settle.')
  if (ok) {
    succeed(account, charge, intent)
    session.payment_status = 'paid'
    emit(account, 'checkout.session.async_payment_succeeded', session)
  } else {
    fail(account, charge, intent, 'payment_intent_payment_attempt_failed', 'The bank did not pay.')
    emit(account, 'checkout.session.async_payment_failed', session)
  }
}

/** Ends a delayed payment before the buyer's bank does. The session's own events say nothing of it. */
export function cancel(account: Account, id: string): Stripe.PaymentIntent {
  const intent = account.state.paymentIntents[id]
  const charge = account.state.charges[String(intent?.latest_charge)]
  if (!intent || !charge) throw missing('payment_intent', id)
  if (intent.status !== 'processing') throw refused(`A PaymentIntent that is ${intent.status} can't be canceled here.`)
  Object.assign(charge, { status: 'failed', captured: false })
  Object.assign(intent, { status: 'canceled', canceled_at: account.now(), cancellation_reason: 'abandoned' })
  emit(account, 'payment_intent.canceled', intent)
  return intent
}

function recordBuyer(session: Stripe.Checkout.Session, { email, name, address: given }: Buyer): void {
  const address = given && { ...NO_ADDRESS, ...given }
  session.customer_details = {
    address,
    business_name: null,
    email,
    individual_name: null,
    name,
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  }
  if (!session.shipping_address_collection || !address) return
  const shipping_details = { address, name: name ?? '' }
  session.collected_information = { business_name: null, individual_name: null, shipping_details }
}

function complete(checkout: Checkout, paymentStatus: 'paid' | 'unpaid' | 'no_payment_required'): void {
  checkout.lines = checkout.lines.filter(({ item }) => item.quantity !== 0)
  Object.assign(checkout.session, { status: 'complete', payment_status: paymentStatus, url: null })
}

function paymentIntentOf(account: Account, checkout: Checkout): Stripe.PaymentIntent {
  const { session } = checkout
  const known = account.state.paymentIntents[String(session.payment_intent)]
  if (known) return Object.assign(known, { amount: session.amount_total ?? 0 })
  const id = account.newId('pi')
  const intent: Stripe.PaymentIntent = {
    ...structuredClone(blankPaymentIntent),
    id,
    created: account.now(),
    amount: session.amount_total ?? 0,
    client_secret: account.newId(`${id}_secret`),
    currency: session.currency ?? '',
    metadata: checkout.paymentMetadata,
  }
  account.state.paymentIntents[id] = intent
  session.payment_intent = id
  emit(account, 'payment_intent.created', intent)
  return intent
}

function newCharge(
  account: Account,
  session: Stripe.Checkout.Session,
  intent: Stripe.PaymentIntent,
  method: Stripe.Charge.PaymentMethodDetails,
): Stripe.Charge {
  const { address = null, email = null, name = null, phone = null } = session.customer_details ?? {}
  const charge: Stripe.Charge = {
    ...structuredClone(blankCharge),
    id: account.newId('ch'),
    created: account.now(),
    amount: intent.amount,
    billing_details: { address, email, name, phone, tax_id: null },
    currency: intent.currency,
    metadata: intent.metadata,
    payment_intent: intent.id,
    payment_method: account.newId('pm'),
    payment_method_details: method,
  }
  account.state.charges[charge.id] = charge
  intent.latest_charge = charge.id
  intent.payment_method = charge.payment_method
  return charge
}

function succeed(account: Account, charge: Stripe.Charge, intent: Stripe.PaymentIntent): void {
  Object.assign(charge, { status: 'succeeded', paid: true, amount_captured: charge.amount })
  Object.assign(intent, { status: 'succeeded', amount_received: intent.amount, last_payment_error: null })
  emit(account, 'charge.succeeded', charge)
  emit(account, 'payment_intent.succeeded', intent)
}

function fail(
  account: Account,
  charge: Stripe.Charge,
  intent: Stripe.PaymentIntent,
  code: 'card_declined' | 'payment_intent_payment_attempt_failed',
  message: string,
): void {
  Object.assign(charge, { status: 'failed', captured: false, failure_code: code, failure_message: message })
  const details =
    code === 'card_declined'
      ? ({ type: 'card_error', decline_code: 'generic_decline' } as const)
      : ({ type: 'invalid_request_error' } as const)
  Object.assign(intent, { status: 'requires_payment_method', payment_method: null })
  intent.last_payment_error = { ...details, charge: charge.id, code, message }
  emit(account, 'charge.failed', charge)
  emit(account, 'payment_intent.payment_failed', intent)
}

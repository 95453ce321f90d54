import type Stripe from 'stripe'
import { missing, refused } from './api/failure.ts'
import { BANK_DEBIT, blankCharge, blankPaymentIntent, CARD, NO_ADDRESS } from './blank.ts'
import type { Buyer } from './buyer.ts'
import { emit } from './event.ts'
import type { Account, Checkout } from './state.ts'

const DECLINED = 'Your card was declined.'

/**
 * Pays an open session, after `choose` has taken over what the buyer chose: at once, by a bank debit that is settled
 * later, or with a card that is declined, after which the session stays open. A total of 0 needs no payment.
 */
export function pay(account: Account, checkout: Checkout, buyer: Buyer): void {
  const { session } = checkout
  recordBuyer(account, session, buyer)
  if (session.amount_total === 0) {
    complete(checkout, 'no_payment_required')
    emit(account, 'checkout.session.completed', session)
    return
  }
  const intent = paymentIntentOf(account, checkout)
  if (buyer.outcome === 'decline') {
    decline(account, checkout, intent)
    return
  }
  const charge = newCharge(account, checkout, intent, buyer.outcome === 'async' ? BANK_DEBIT : CARD)
  if (buyer.outcome === 'async') {
    charge.status = 'pending'
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
    fail(account, charge, intent, { code: 'payment_intent_payment_attempt_failed', message: 'The bank did not pay.' })
    emit(account, 'checkout.session.async_payment_failed', session)
  }
}

/** The charge behind a payment. Throws Stripe's 404 for a payment that is not there. */
export function chargeOf(account: Account, paymentIntent: string): Stripe.Charge {
  const intent = account.state.paymentIntents[paymentIntent]
  if (!intent) throw missing('payment_intent', paymentIntent, 'payment_intent')
  const charge = account.state.charges[String(intent.latest_charge)]
  if (!charge) throw refused(`The PaymentIntent ${paymentIntent} does not have a successful charge.`)
  return charge
}

function recordBuyer(account: Account, session: Stripe.Checkout.Session, buyer: Buyer): void {
  const address = buyer.address ? { ...NO_ADDRESS, ...buyer.address } : null
  session.customer_details = {
    address,
    business_name: null,
    email: buyer.email,
    individual_name: null,
    name: buyer.name,
    phone: buyer.phone,
    tax_exempt: 'none',
    tax_ids: [],
  }
  if (session.customer_creation === 'always') session.customer ??= account.newId('cus')
  if (session.consent_collection?.terms_of_service === 'required') {
    session.consent = { promotions: null, terms_of_service: 'accepted' }
  }
  if (session.automatic_tax.enabled) session.automatic_tax.status = 'complete'
  if (!session.shipping_address_collection || !address) return
  const shipping_details = { address, name: buyer.name ?? '' }
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
    application_fee_amount: checkout.applicationFee,
    client_secret: account.newId(`${id}_secret`),
    currency: session.currency ?? '',
    customer: session.customer,
    description: checkout.paymentDescription,
    metadata: checkout.paymentMetadata,
    statement_descriptor_suffix: checkout.statementSuffix,
  }
  account.state.paymentIntents[id] = intent
  session.payment_intent = id
  emit(account, 'payment_intent.created', intent)
  return intent
}

function newCharge(
  account: Account,
  { session }: Checkout,
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
    customer: intent.customer,
    description: intent.description,
    metadata: intent.metadata,
    payment_intent: intent.id,
    payment_method: account.newId('pm'),
    payment_method_details: method,
    status: 'pending',
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

function decline(account: Account, checkout: Checkout, intent: Stripe.PaymentIntent): void {
  const charge = newCharge(account, checkout, intent, CARD)
  fail(account, charge, intent, { code: 'card_declined', message: DECLINED })
}

function fail(
  account: Account,
  charge: Stripe.Charge,
  intent: Stripe.PaymentIntent,
  { code, message }: { code: 'card_declined' | 'payment_intent_payment_attempt_failed'; message: string },
): void {
  Object.assign(charge, { status: 'failed', captured: false, failure_code: code, failure_message: message })
  const declined = code === 'card_declined'
  intent.status = 'requires_payment_method'
  intent.payment_method = null
  intent.last_payment_error = {
    type: declined ? 'card_error' : 'invalid_request_error',
    charge: charge.id,
    code,
    message,
    ...(declined && { decline_code: 'generic_decline' }),
  }
  emit(account, 'charge.failed', charge)
  emit(account, 'payment_intent.payment_failed', intent)
}

import type Stripe from 'stripe'
import { z } from 'zod'
import { blankDispute, blankRefund } from './blank.ts'
import { emit } from './events/event.ts'
import { amount, metadata, missing, refused } from './request.ts'
import type { Account } from './state.ts'
import { expandOf } from './view.ts'

/** How long a seller has to answer a dispute. */
const ANSWER_WITHIN_SECONDS = 7 * 24 * 60 * 60

/** The parameters of `POST /v1/refunds` that the stand-in carries out. */
export const refundParams = z.strictObject({
  payment_intent: z.string(),
  amount: amount.optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata: metadata.optional(),
  expand: expandOf('refund'),
})

/** Gives money back for a payment, all that is left or a part. Throws Stripe's refusal where that can't be. */
export function refund(account: Account, params: z.output<typeof refundParams>): Stripe.Refund {
  const charge = chargeOf(account, params.payment_intent)
  if (charge.status !== 'succeeded') throw refused(`Charge ${charge.id} has not succeeded and can't be refunded.`)
  if (charge.disputed) throw refused(`Charge ${charge.id} has been charged back.`, { code: 'charge_disputed' })
  const made: Stripe.Refund = {
    ...structuredClone(blankRefund),
    id: account.newId('re'),
    amount: refundableAmount(charge, params.amount),
    charge: charge.id,
    created: account.now(),
    currency: charge.currency,
    metadata: params.metadata ?? {},
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: params.reason ?? null,
  }
  account.state.refunds[made.id] = made
  countRefunded(charge, made.amount)
  emit(account, 'refund.created', made)
  emit(account, 'charge.refunded', charge)
  return made
}

/** The bank sends a refund back, long after it looked done: the money is the seller's again. */
export function failRefund(account: Account, id: string): Stripe.Refund {
  const failed = account.state.refunds[id]
  const charge = account.state.charges[String(failed?.charge)]
  if (!failed || !charge) throw missing('refund', id)
  if (failed.status === 'failed') throw refused('This refund has failed already.')
  Object.assign(failed, { status: 'failed', failure_reason: 'lost_or_stolen_card' })
  countRefunded(charge, -failed.amount)
  emit(account, 'refund.failed', failed)
  return failed
}

/** The buyer's bank takes a payment back, and the seller may argue. */
export function openDispute(account: Account, paymentIntent: string): Stripe.Dispute {
  const charge = chargeOf(account, paymentIntent)
  if (charge.status !== 'succeeded') throw refused('Only a payment that succeeded can be disputed.')
  if (charge.disputed) throw refused('This payment is disputed already.')
  const dispute: Stripe.Dispute = {
    ...structuredClone(blankDispute),
    id: account.newId('du'),
    amount: charge.amount,
    charge: charge.id,
    created: account.now(),
    currency: charge.currency,
    evidence_details: {
      due_by: account.now() + ANSWER_WITHIN_SECONDS,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    payment_intent: paymentIntent,
  }
  charge.disputed = true
  account.state.disputes[dispute.id] = dispute
  emit(account, 'charge.dispute.created', dispute)
  return dispute
}

/** The buyer's bank decides. */
export function closeDispute(account: Account, id: string, outcome: 'won' | 'lost'): Stripe.Dispute {
  const dispute = account.state.disputes[id]
  if (!dispute) throw missing('dispute', id)
  if (dispute.status !== 'needs_response') throw refused(`This dispute is ${dispute.status} already.`)
  dispute.status = outcome
  emit(account, 'charge.dispute.closed', dispute)
  return dispute
}

function chargeOf(account: Account, paymentIntent: string): Stripe.Charge {
  const intent = account.state.paymentIntents[paymentIntent]
  if (!intent) throw missing('payment_intent', paymentIntent, 'payment_intent')
  const charge = account.state.charges[String(intent.latest_charge)]
  if (!charge) throw refused(`The PaymentIntent ${paymentIntent} does not have a successful charge.`)
  return charge
}

function refundableAmount(charge: Stripe.Charge, asked: number | undefined): number {
  const left = charge.amount - charge.amount_refunded
  if (left === 0) throw refused(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' })
  const amount = asked ?? left
  if (amount < 1) throw refused('Invalid positive integer', { code: 'parameter_invalid_integer', param: 'amount' })
  if (amount <= left) return amount
  throw refused(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, { param: 'amount' })
}

function countRefunded(charge: Stripe.Charge, amount: number): void {
  charge.amount_refunded += amount
  charge.refunded = charge.amount_refunded === charge.amount
}

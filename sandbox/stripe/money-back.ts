import type Stripe from 'stripe'
import { z } from 'zod'
import { blankDispute, blankRefund } from './blank.ts'
import { emit } from './events/event.ts'
import { amount, metadata, missing, refused } from './request.ts'
import type { Account } from './state.ts'
import { expandOf } from './view.ts'

/** How long a seller has to answer a dispute. */
const ANSWER_WITHIN_SECONDS = 7 * 24 * 60 * 60

/** What Stripe keeps for a dispute, in minor units; won ones included. */
const DISPUTE_FEE = 2000

/** The parameters of `POST /v1/refunds` that the stand-in carries out. */
export const refundParams = z.strictObject({
  payment_intent: z.string(),
  amount: amount.optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata: metadata.optional(),
  expand: expandOf('refund'),
})

/** A refund that has not gone out: Stripe's balance is too low, or the buyer's bank must be told apart. */
export type Unsent = 'pending' | 'requires_action'

/**
 * Gives money back for a payment, all that is left or a part; by some methods it goes out later. Throws Stripe's refusal where that
 * can't be.
 */
export function refund(
  account: Account,
  params: z.output<typeof refundParams>,
  status: Unsent | 'succeeded' = 'succeeded',
): Stripe.Refund {
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
    status,
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

/** A refund that had not gone out does, or the seller takes it back. */
export function endRefund(account: Account, id: string, status: 'succeeded' | 'canceled'): Stripe.Refund {
  const found = account.state.refunds[id]
  const charge = account.state.charges[String(found?.charge)]
  if (!found || !charge) throw missing('refund', id)
  if (found.status !== 'pending' && found.status !== 'requires_action') throw refused(`This refund is ${found.status}.`)
  found.status = status
  if (status === 'canceled') countRefunded(charge, -found.amount)
  emit(account, 'refund.updated', found)
  return found
}

/** How a dispute was prevented: the buyer got the money without asking the seller, or the buyer's bank let it go. */
export type Prevention = 'paid-back' | 'deflected'

/**
 * The buyer's bank takes a payment back, and the seller may argue. A `prevented` one is over as it comes, and does not count as one in
 * its charge; only its balance transactions tell who has the money.
 */
export function openDispute(account: Account, paymentIntent: string, prevented?: Prevention): Stripe.Dispute {
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
    status: prevented ? 'prevented' : 'needs_response',
  }
  charge.disputed = !prevented
  account.state.disputes[dispute.id] = dispute
  emit(account, 'charge.dispute.created', dispute)
  if (prevented !== 'deflected') moveFunds(account, dispute, 'charge.dispute.funds_withdrawn')
  if (prevented) emit(account, 'charge.dispute.closed', dispute)
  return dispute
}

/** Takes what is disputed, and Stripe's fee, from the seller's balance; or gives back what was disputed. */
function moveFunds(
  account: Account,
  dispute: Stripe.Dispute,
  event: 'charge.dispute.funds_withdrawn' | 'charge.dispute.funds_reinstated',
): void {
  const isBack = event === 'charge.dispute.funds_reinstated'
  const [amount, fee] = isBack ? [dispute.amount, 0] : [-dispute.amount, DISPUTE_FEE]
  const fee_details = [
    { amount: fee, application: null, currency: dispute.currency, description: 'Dispute fee', type: 'stripe_fee' },
  ]
  dispute.balance_transactions.push({
    id: account.newId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: account.now(),
    balance_type: 'payments',
    created: account.now(),
    currency: dispute.currency,
    description: `Chargeback ${isBack ? 'reversal' : 'withdrawal'} for ${dispute.charge}`,
    exchange_rate: null,
    fee,
    fee_details: fee ? fee_details : [],
    net: amount - fee,
    reporting_category: isBack ? 'dispute_reversal' : 'dispute',
    source: dispute.id,
    status: 'available',
    type: 'adjustment',
  })
  emit(account, event, dispute)
}

/** The buyer's bank decides. */
export function closeDispute(account: Account, id: string, outcome: 'won' | 'lost'): Stripe.Dispute {
  const dispute = account.state.disputes[id]
  if (!dispute) throw missing('dispute', id)
  if (dispute.status !== 'needs_response') throw refused(`This dispute is ${dispute.status} already.`)
  dispute.status = outcome
  if (outcome === 'won') moveFunds(account, dispute, 'charge.dispute.funds_reinstated')
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

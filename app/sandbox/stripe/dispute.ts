import type Stripe from 'stripe'
import { missing, refused } from './api/failure.ts'
import { blankEvidence } from './blank.ts'
import { emit } from './event.ts'
import { chargeOf } from './payment.ts'
import type { Account } from './state.ts'

/** How long a seller has to answer. */
const ANSWER_WITHIN_SECONDS = 7 * 24 * 60 * 60

/** The buyer's bank takes a payment back, and the seller may argue. */
export function openDispute(account: Account, paymentIntent: string): Stripe.Dispute {
  const charge = chargeOf(account, paymentIntent)
  if (charge.status !== 'succeeded') throw refused('Only a payment that succeeded can be disputed.')
  if (charge.disputed) throw refused('This payment is disputed already.')
  const dispute: Stripe.Dispute = {
    id: account.newId('du'),
    object: 'dispute',
    amount: charge.amount,
    balance_transactions: [],
    charge: charge.id,
    created: account.now(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: structuredClone(blankEvidence),
    evidence_details: {
      due_by: account.now() + ANSWER_WITHIN_SECONDS,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: paymentIntent,
    payment_method_details: {
      type: 'card',
      card: { brand: 'visa', case_type: 'chargeback', network: 'visa', network_reason_code: '10.4' },
    },
    reason: 'fraudulent',
    status: 'needs_response',
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

import type Stripe from 'stripe'
import { z } from 'zod'
import { missing, refused } from './api/failure.ts'
import { amount, metadata } from './api/params.ts'
import { expandOf } from './api/view.ts'
import { emit } from './event.ts'
import { chargeOf } from './payment.ts'
import type { Account } from './state.ts'

/** The parameters of `POST /v1/refunds` that the stand-in carries out. */
export const refundParams = z.strictObject({
  payment_intent: z.string().optional(),
  charge: z.string().optional(),
  amount: amount.optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  refund_application_fee: z.enum(['true', 'false']).optional(),
  metadata: metadata.optional(),
  expand: expandOf('refund'),
})

/** Gives money back for a payment, all that is left or a part. Throws Stripe's refusal where that can't be. */
export function refund(account: Account, params: z.output<typeof refundParams>): Stripe.Refund {
  const charge = refundableCharge(account, params)
  const left = charge.amount - charge.amount_refunded
  if (left === 0) throw refused(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' })
  const amount = params.amount ?? left
  if (amount < 1) throw refused('Invalid positive integer', { code: 'parameter_invalid_integer', param: 'amount' })
  if (amount > left) {
    throw refused(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, {
      param: 'amount',
    })
  }
  const made: Stripe.Refund = {
    id: account.newId('re'),
    object: 'refund',
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: account.now(),
    currency: charge.currency,
    customer: null,
    customer_account: null,
    destination_details: { type: 'card', card: { type: 'refund' } },
    metadata: params.metadata ?? {},
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: params.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  }
  account.state.refunds[made.id] = made
  countRefunded(charge, amount)
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

function refundableCharge(account: Account, params: z.output<typeof refundParams>): Stripe.Charge {
  const { payment_intent: intent, charge: id } = params
  if (!intent && !id) throw refused('One of the following params should be provided: payment_intent or charge.')
  const charge = intent ? chargeOf(account, intent) : account.state.charges[id ?? '']
  if (!charge) throw missing('charge', id ?? '', 'charge')
  if (charge.status !== 'succeeded') throw refused(`Charge ${charge.id} has not succeeded and can't be refunded.`)
  if (charge.disputed) throw refused(`Charge ${charge.id} has been charged back.`, { code: 'charge_disputed' })
  return charge
}

function countRefunded(charge: Stripe.Charge, amount: number): void {
  charge.amount_refunded += amount
  charge.refunded = charge.amount_refunded === charge.amount
}

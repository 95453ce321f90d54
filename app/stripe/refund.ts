import type Stripe from 'stripe'
import type { RefundReason } from '../order/event.ts'
import type { Order } from '../order/order.ts'

/** Money to give back: minor units of the order's currency. `request` makes it once-only. */
export type MoneyBack = { request: string; amount: number; reason?: RefundReason }

/**
 * Has Stripe give money of a paid order back, once for each request: one that was made before, however long ago, is found by what it says
 * of itself (Stripe forgets idempotency keys after a day). Gives the refund's id. Rejects when Stripe is down, or refuses.
 * https://docs.stripe.com/api/refunds/create
 */
export async function refundPayment(
  stripe: Stripe,
  order: Pick<Order, 'id' | 'shop'>,
  payment: string,
  { request, amount, reason }: MoneyBack,
): Promise<string> {
  for await (const refund of stripe.refunds.list({ payment_intent: payment, limit: 100 })) {
    if (refund.metadata?.['request'] === request) return refund.id
  }
  const metadata = { order: order.id, shop: order.shop, request }
  const { id } = await stripe.refunds.create(
    { payment_intent: payment, amount, metadata, ...(reason && { reason }) },
    { idempotencyKey: `refund:${order.id}:${request}` },
  )
  return id
}

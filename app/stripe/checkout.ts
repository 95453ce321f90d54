import Stripe from 'stripe'
import type { Shipping } from '../order/event.ts'
import type { Order } from '../order/order.ts'

/** Stripe's own bounds: 30 minutes to 24 hours. We leave room for another try, and for a clock that is a little off. */
export const CHECKOUT_LIFETIME_MINUTES = 35
export const CHECKOUT_LIFETIME_MINUTES_MIN = 30

/** Stripe counts our Sessions under this name. */
const INTEGRATION = 'tagsale_q7m2xk4d'

/** A buyer is waiting. */
const PATIENCE = { timeout: 10_000, maxNetworkRetries: 1 }

export type CheckoutPage = { checkout: string; url: string }
export type CheckoutAddresses = { success: string; cancel: string }

/**
 * Opens Stripe's hosted payment page for an order. Asked again for the same order, Stripe answers with the same page:
 * everything we send is fixed by the order, and so is the idempotency key.
 * https://docs.stripe.com/api/checkout/sessions/create
 */
export async function startCheckout(stripe: Stripe, order: Order, addresses: CheckoutAddresses): Promise<CheckoutPage> {
  const metadata = { order: order.id, shop: order.shop }
  const session = await stripe.checkout.sessions.create(
    {
      mode: 'payment',
      ui_mode: 'hosted_page',
      success_url: addresses.success,
      cancel_url: addresses.cancel,
      client_reference_id: order.id,
      integration_identifier: INTEGRATION,
      expires_at: Math.floor(Date.parse(order.expiresAt) / 1000),
      line_items: order.lines.map((line) => lineItem(line, order.currency)),
      ...(order.shipping && shippingParams(order.shipping, order.currency)),
      metadata,
      payment_intent_data: { metadata },
    },
    { ...PATIENCE, idempotencyKey: `checkout:${order.id}` },
  )
  if (!session.url) throw new Error(`${session.id}: Stripe gave no page for an open Session`)
  return { checkout: session.id, url: session.url }
}

/** The open payment page of a Session, or nothing once it is paid or closed. */
export async function checkoutPage(stripe: Stripe, checkout: string): Promise<string | null> {
  return (await stripe.checkout.sessions.retrieve(checkout, {}, PATIENCE)).url
}

/** Closes a payment page. False when it can't be: it is paid, or closed already. */
export async function closePage(stripe: Stripe, checkout: string): Promise<boolean> {
  try {
    await stripe.checkout.sessions.expire(checkout, {}, PATIENCE)
    return true
  } catch (error) {
    if (isFinal(error)) return false
    throw error
  }
}

/** Whether Stripe will never take this as it is, so that trying again does not help. */
export const isFinal = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError || error instanceof Stripe.errors.StripeIdempotencyError

/** Whether it is below the least that Stripe takes: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
export const isTooLittle = (error: unknown): boolean => (error as { code?: unknown }).code === 'amount_too_small'

function lineItem(line: Order['lines'][number], currency: string): Stripe.Checkout.SessionCreateParams.LineItem {
  return {
    quantity: line.quantity,
    metadata: { price: line.price },
    price_data: {
      currency,
      unit_amount: line.unitAmount,
      product_data: { name: line.name, metadata: { price: line.price } },
    },
  }
}

function shippingParams(shipping: Shipping, currency: string): Partial<Stripe.Checkout.SessionCreateParams> {
  type Countries = Stripe.Checkout.SessionCreateParams.ShippingAddressCollection['allowed_countries']
  return {
    shipping_address_collection: { allowed_countries: shipping.countries as Countries },
    shipping_options: shipping.rates.map(({ name, amount, days: [minimum, maximum] }) => ({
      shipping_rate_data: {
        type: 'fixed_amount',
        display_name: name,
        fixed_amount: { amount, currency },
        delivery_estimate: {
          minimum: { unit: 'business_day', value: minimum },
          maximum: { unit: 'business_day', value: maximum },
        },
      },
    })),
  }
}

import type Stripe from 'stripe'
import type { ShippingZone } from '../../catalog/schema/shop.ts'
import type { Order } from '../order/order.ts'

/** Stripe's own bounds: 30 minutes to 24 hours. We leave room for another try, and for a clock that is a little off. */
export const CHECKOUT_LIFETIME_MINUTES = 35
export const CHECKOUT_LIFETIME_MINUTES_MIN = 30

/** Stripe counts our Sessions under this name. */
const INTEGRATION = 'tagsale_q7m2xk4d'

export type CheckoutPage = { checkout: string; url: string }
export type CheckoutAddresses = { success: string; cancel: string }

/**
 * Opens Stripe's hosted payment page for an order. Asked again for the same order, Stripe answers with the same page:
 * everything we send is fixed by the order, and so is the idempotency key.
 * https://docs.stripe.com/api/checkout/sessions/create
 */
export async function startCheckout(
  stripe: Stripe,
  order: Order,
  zone: ShippingZone | null,
  addresses: CheckoutAddresses,
): Promise<CheckoutPage> {
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
      ...(zone && shippingParams(zone, order)),
      metadata,
      payment_intent_data: { metadata },
    },
    { idempotencyKey: `checkout:${order.id}` },
  )
  if (!session.url) throw new Error(`${session.id}: Stripe gave no page for an open Session`)
  return { checkout: session.id, url: session.url }
}

/** Whether Stripe refused because it takes no payment this small: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
export const isTooLittle = (error: unknown): boolean => (error as { code?: unknown }).code === 'amount_too_small'

/** The open payment page of a Session, or nothing once it is paid or closed. */
export async function checkoutPage(stripe: Stripe, checkout: string): Promise<string | null> {
  return (await stripe.checkout.sessions.retrieve(checkout)).url
}

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

/** The buyer's country comes first among those that cost the same. */
function shippingParams(zone: ShippingZone, { currency, shipTo }: Order): Partial<Stripe.Checkout.SessionCreateParams> {
  const countries = zone.countries.toSorted((one, other) => Number(other === shipTo) - Number(one === shipTo))
  type Countries = Stripe.Checkout.SessionCreateParams.ShippingAddressCollection['allowed_countries']
  return {
    shipping_address_collection: { allowed_countries: countries as Countries },
    shipping_options: zone.rates.map((rate) => ({
      shipping_rate_data: {
        type: 'fixed_amount',
        display_name: rate.name,
        fixed_amount: { amount: rate.price[currency] ?? 0, currency },
        delivery_estimate: {
          minimum: { unit: 'business_day', value: rate.days[0] },
          maximum: { unit: 'business_day', value: rate.days[1] },
        },
      },
    })),
  }
}

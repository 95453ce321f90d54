import type Stripe from 'stripe'
import type { CustomFieldParams, SessionParams, ShippingRateParams } from './api/session-params.ts'
import { ADJUSTABLE_MAXIMUM_DEFAULT, EXPIRY_SECONDS_DEFAULT, type PricedLine } from './api/session-rules.ts'
import { blankSession } from './blank.ts'
import type { Account, CheckoutLine } from './state.ts'

/** A line of a session, not yet added up. */
export function newLine(account: Account, line: PricedLine): CheckoutLine {
  const { price_data: data, adjustable_quantity: adjustable } = line
  const item: Stripe.LineItem = {
    id: account.newId('li'),
    object: 'item',
    adjustable_quantity: adjustable?.enabled
      ? {
          enabled: true,
          minimum: adjustable.minimum ?? 0,
          maximum: adjustable.maximum ?? ADJUSTABLE_MAXIMUM_DEFAULT,
        }
      : null,
    amount_discount: 0,
    amount_subtotal: 0,
    amount_tax: 0,
    amount_total: 0,
    currency: data.currency,
    description: data.product_data.name,
    metadata: line.metadata ?? {},
    price: newPrice(account, line),
    quantity: line.quantity,
  }
  return { item, text: data.product_data.description ?? null, image: data.product_data.images?.[0] ?? null }
}

/** A way to ship, made for one session. */
export function newShippingRate(account: Account, data: ShippingRateParams): Stripe.ShippingRate {
  const { amount = 0, currency = '' } = data.fixed_amount ?? {}
  const { minimum = null, maximum = null } = data.delivery_estimate ?? {}
  return {
    id: account.newId('shr'),
    object: 'shipping_rate',
    active: false,
    created: account.now(),
    delivery_estimate: data.delivery_estimate ? { minimum, maximum } : null,
    display_name: data.display_name,
    fixed_amount: { amount, currency },
    livemode: false,
    metadata: data.metadata ?? {},
    tax_behavior: data.tax_behavior ?? 'unspecified',
    tax_code: data.tax_code ?? null,
    type: 'fixed_amount',
  }
}

/** An open session with everything in it that does not depend on amounts. */
export function newSession(
  account: Account,
  params: SessionParams,
  lines: CheckoutLine[],
  rates: Stripe.ShippingRate[],
): Stripe.Checkout.Session {
  const id = account.newId('cs_test')
  const countries = params.shipping_address_collection?.allowed_countries
  const terms = params.consent_collection?.terms_of_service ?? null
  return {
    ...structuredClone(blankSession),
    id,
    url: `${account.url()}/c/pay/${id}`,
    created: account.now(),
    expires_at: params.expires_at ?? account.now() + EXPIRY_SECONDS_DEFAULT,
    currency: lines[0]?.item.currency ?? null,
    adaptive_pricing: { enabled: params.adaptive_pricing?.enabled ?? false },
    allow_promotion_codes: params.allow_promotion_codes ?? null,
    automatic_tax: taxOf(params),
    billing_address_collection: params.billing_address_collection ?? null,
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    consent_collection: terms && { payment_method_reuse_agreement: null, promotions: null, terms_of_service: terms },
    custom_fields: (params.custom_fields ?? []).map(newField),
    customer_creation: params.customer_creation ?? 'if_required',
    customer_email: params.customer_email ?? null,
    integration_identifier: params.integration_identifier ?? null,
    locale: params.locale ?? null,
    managed_payments: params.managed_payments ? { enabled: params.managed_payments.enabled ?? false } : null,
    metadata: params.metadata ?? {},
    phone_number_collection: { enabled: params.phone_number_collection?.enabled ?? false },
    shipping_address_collection: countries ? { allowed_countries: countries as AllowedCountries } : null,
    shipping_options: rates.map(({ id: shipping_rate, fixed_amount }) => ({
      shipping_rate,
      shipping_amount: fixed_amount?.amount ?? 0,
    })),
    submit_type: params.submit_type ?? null,
    success_url: params.success_url ?? null,
  }
}

function newPrice(account: Account, { price_data: data }: PricedLine): Stripe.Price {
  return {
    id: account.newId('price'),
    object: 'price',
    active: false,
    billing_scheme: 'per_unit',
    created: account.now(),
    currency: data.currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: account.newId('prod'),
    recurring: null,
    tax_behavior: data.tax_behavior ?? 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'one_time',
    unit_amount: data.unit_amount,
    // On the wire it is text; the SDK turns it into its Decimal where it arrives.
    unit_amount_decimal: String(data.unit_amount) as unknown as Stripe.Decimal,
  }
}

type AllowedCountries = Stripe.Checkout.Session.ShippingAddressCollection['allowed_countries']

/** As with an account that has no tax registration: switched on, and nothing is collected. */
function taxOf(params: SessionParams): Stripe.Checkout.Session.AutomaticTax {
  if (!params.automatic_tax?.enabled) return { ...blankSession.automatic_tax }
  return { enabled: true, liability: { type: 'self' }, provider: 'stripe', status: 'requires_location_inputs' }
}

function newField(field: CustomFieldParams): Stripe.Checkout.Session.CustomField {
  const { key, type, label, optional = false, dropdown } = field
  const bounds = (given: CustomFieldParams['text']) => ({
    default_value: given?.default_value ?? null,
    minimum_length: given?.minimum_length ?? null,
    maximum_length: given?.maximum_length ?? null,
    value: null,
  })
  return {
    key,
    type,
    label,
    optional,
    ...(type === 'text' && { text: bounds(field.text) }),
    ...(type === 'numeric' && { numeric: bounds(field.numeric) }),
    ...(type === 'dropdown' && {
      dropdown: { default_value: dropdown?.default_value ?? null, options: dropdown?.options ?? [], value: null },
    }),
  }
}

import type Stripe from 'stripe'
import { z } from 'zod'
import { SHIPPING_COUNTRIES } from './countries.ts'
import { amount, boolean, currency, integer, metadata, webAddress } from './params.ts'
import { expandOf } from './view.ts'

/** Limits of `POST /v1/checkout/sessions`, from Stripe's specification. */
const LINE_ITEMS_MAX = 100
const SHIPPING_OPTIONS_MAX = 5
const CUSTOM_FIELDS_MAX = 3
const IMAGES_MAX = 8
const QUANTITY_MAX = 999_999
const text = (length: number) => z.string().min(1).max(length)
const quantity = integer.pipe(z.number().min(0).max(QUANTITY_MAX))
const taxBehavior = z.enum(['exclusive', 'inclusive', 'unspecified'])
const fieldLength = integer.pipe(z.number().min(1).max(255))

const productData = z.strictObject({
  name: text(5000),
  description: text(40_000).optional(),
  images: z.array(z.string()).max(IMAGES_MAX).optional(),
  metadata: metadata.optional(),
  tax_code: z.string().optional(),
  unit_label: z.string().max(12).optional(),
})

const lineItem = z.strictObject({
  price: z.string().optional(),
  price_data: z
    .strictObject({
      currency,
      unit_amount: amount.optional(),
      product: z.string().optional(),
      product_data: productData.optional(),
      tax_behavior: taxBehavior.optional(),
    })
    .optional(),
  quantity: quantity.optional(),
  adjustable_quantity: z
    .strictObject({ enabled: boolean, minimum: quantity.optional(), maximum: quantity.optional() })
    .optional(),
  metadata: metadata.optional(),
})

const estimate = z.strictObject({
  unit: z.enum(['business_day', 'day', 'hour', 'month', 'week']),
  value: integer.pipe(z.number().min(1)),
})

const shippingRateData = z.strictObject({
  type: z.literal('fixed_amount').optional(),
  display_name: text(100),
  fixed_amount: z
    .strictObject({
      amount,
      currency,
      currency_options: z
        .record(z.string(), z.strictObject({ amount, tax_behavior: taxBehavior.optional() }))
        .optional(),
    })
    .optional(),
  delivery_estimate: z.strictObject({ minimum: estimate.optional(), maximum: estimate.optional() }).optional(),
  metadata: metadata.optional(),
  tax_behavior: taxBehavior.optional(),
  tax_code: z.string().optional(),
})

const fieldBounds = z.strictObject({
  default_value: z.string().max(255).optional(),
  minimum_length: fieldLength.optional(),
  maximum_length: fieldLength.optional(),
})

const customField = z.strictObject({
  key: text(200),
  type: z.enum(['dropdown', 'numeric', 'text']),
  label: z.strictObject({ type: z.literal('custom'), custom: text(100) }),
  optional: boolean.optional(),
  text: fieldBounds.optional(),
  numeric: fieldBounds.optional(),
  dropdown: z
    .strictObject({
      default_value: z.string().max(100).optional(),
      options: z
        .array(z.strictObject({ label: text(100), value: text(100) }))
        .min(1)
        .max(200),
    })
    .optional(),
})

/** Every locale that Checkout speaks; the stand-in's page speaks English only. */
const LOCALES =
  'auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW'

type Locale = NonNullable<Stripe.Checkout.Session['locale']>

/** The parameters of `POST /v1/checkout/sessions` that the stand-in carries out. Everything else is unknown to it. */
export const sessionParams = z.strictObject({
  mode: z.enum(['payment']).optional(),
  ui_mode: z.enum(['hosted_page']).optional(),
  success_url: webAddress.optional(),
  cancel_url: webAddress.optional(),
  line_items: z.array(lineItem).max(LINE_ITEMS_MAX).optional(),
  client_reference_id: z.string().max(200).optional(),
  customer_email: z.email().optional(),
  customer_creation: z.enum(['always', 'if_required']).optional(),
  expires_at: integer.optional(),
  integration_identifier: z.string().max(200).optional(),
  locale: z.enum(LOCALES.split(' ') as [Locale, ...Locale[]]).optional(),
  submit_type: z.enum(['auto', 'book', 'donate', 'pay']).optional(),
  billing_address_collection: z.enum(['auto', 'required']).optional(),
  allow_promotion_codes: boolean.optional(),
  automatic_tax: z.strictObject({ enabled: boolean }).optional(),
  adaptive_pricing: z.strictObject({ enabled: boolean.optional() }).optional(),
  managed_payments: z.strictObject({ enabled: boolean.optional() }).optional(),
  invoice_creation: z.strictObject({ enabled: boolean }).optional(),
  phone_number_collection: z.strictObject({ enabled: boolean }).optional(),
  consent_collection: z.strictObject({ terms_of_service: z.enum(['none', 'required']).optional() }).optional(),
  custom_fields: z.array(customField).max(CUSTOM_FIELDS_MAX).optional(),
  shipping_address_collection: z
    .strictObject({ allowed_countries: z.array(z.enum(SHIPPING_COUNTRIES as [string, ...string[]])).min(1) })
    .optional(),
  shipping_options: z
    .array(z.strictObject({ shipping_rate: z.string().optional(), shipping_rate_data: shippingRateData.optional() }))
    .max(SHIPPING_OPTIONS_MAX)
    .optional(),
  metadata: metadata.optional(),
  payment_intent_data: z
    .strictObject({
      metadata: metadata.optional(),
      description: z.string().max(1000).optional(),
      statement_descriptor_suffix: z.string().max(22).optional(),
      application_fee_amount: amount.optional(),
    })
    .optional(),
  expand: expandOf('checkout.session'),
})

export type SessionParams = z.output<typeof sessionParams>
export type ProductParams = z.output<typeof productData>
export type LineItemParams = z.output<typeof lineItem>
export type ShippingRateParams = z.output<typeof shippingRateData>
export type CustomFieldParams = z.output<typeof customField>

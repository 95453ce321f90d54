import { z } from 'zod'
import { CHARGE_MINOR_UNITS_MAX, leastCharge } from '../../../catalog/schema/charge.ts'
import { Country } from '../../../catalog/schema/country.ts'
import { exponentOf } from '../../../catalog/schema/money.ts'
import { amount, boolean, currency, integer, metadata, refused, webAddress } from '../request.ts'
import { expandOf } from '../view.ts'

/** Limits of `POST /v1/checkout/sessions`, from Stripe's specification. */
const LINE_ITEMS_MAX = 100
const SHIPPING_OPTIONS_MAX = 5
const IMAGES_MAX = 8
const QUANTITY_MAX = 999_999
/** The most that a buyer may take of a line that does not say. */
const ADJUSTABLE_MAXIMUM_DEFAULT = 99

const text = (length: number) => z.string().min(1).max(length)
const quantity = integer.pipe(z.number().min(0).max(QUANTITY_MAX))

const lineItem = z.strictObject({
  price: z.string().optional(),
  price_data: z
    .strictObject({
      currency,
      unit_amount: amount,
      product_data: z.strictObject({
        name: text(5000),
        description: text(40_000).optional(),
        images: z.array(z.string()).max(IMAGES_MAX).optional(),
        metadata: metadata.optional(),
      }),
    })
    .optional(),
  quantity: quantity.optional(),
  adjustable_quantity: z
    .strictObject({
      enabled: boolean,
      minimum: quantity.default(0),
      maximum: quantity.default(ADJUSTABLE_MAXIMUM_DEFAULT),
    })
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
  fixed_amount: z.strictObject({ amount, currency }),
  delivery_estimate: z.strictObject({ minimum: estimate.optional(), maximum: estimate.optional() }).optional(),
})

/** The parameters of `POST /v1/checkout/sessions` that the stand-in carries out. Everything else is unknown to it. */
export const sessionParams = z.strictObject({
  mode: z.literal('payment'),
  ui_mode: z.literal('hosted_page').optional(),
  success_url: webAddress,
  cancel_url: webAddress.optional(),
  line_items: z.array(lineItem).min(1).max(LINE_ITEMS_MAX),
  client_reference_id: z.string().max(200).optional(),
  expires_at: integer.optional(),
  integration_identifier: z.string().max(200).optional(),
  allow_promotion_codes: boolean.optional(),
  shipping_address_collection: z
    .strictObject({ allowed_countries: z.array(z.enum(Country.options)).min(1) })
    .optional(),
  shipping_options: z
    .array(z.strictObject({ shipping_rate: z.string().optional(), shipping_rate_data: shippingRateData.optional() }))
    .max(SHIPPING_OPTIONS_MAX)
    .default([]),
  metadata: metadata.optional(),
  payment_intent_data: z.strictObject({ metadata: metadata.optional() }).optional(),
  expand: expandOf('checkout.session'),
})

type LineItemParams = z.output<typeof lineItem>
export type SessionParams = z.output<typeof sessionParams>
export type ShippingRateParams = z.output<typeof shippingRateData>

/** A line whose price is given in full, which is the only kind that the stand-in sells. */
export type PricedLine = LineItemParams & {
  price_data: NonNullable<LineItemParams['price_data']>
  quantity: number
}

/** The lines and ways to ship of a session. Refuses what only several parameters together get wrong, as Stripe does. */
export function checkGoods(params: SessionParams): { lines: PricedLine[]; rates: ShippingRateParams[] } {
  const lines = params.line_items.map(checkLine)
  const rates = params.shipping_options.map(checkShippingOption)
  const currencies = new Set([
    ...lines.map((line) => line.price_data.currency),
    ...rates.map((rate) => rate.fixed_amount.currency),
  ])
  if (currencies.size > 1) throw refused('All prices on a Checkout Session must have the same currency.')
  const goods = lines.reduce((sum, line) => sum + line.price_data.unit_amount * line.quantity, 0)
  checkTotal(goods + (rates[0]?.fixed_amount.amount ?? 0), [...currencies][0] ?? '')
  return { lines, rates }
}

function checkLine({ price, price_data, quantity, ...rest }: LineItemParams, index: number): PricedLine {
  const at = `line_items[${index}]`
  if (price) throw refused(`No such price: '${price}'`, { code: 'resource_missing', param: `${at}[price]` })
  if (!price_data) throw absent(`${at}[price_data]`)
  if (!quantity) throw absent(`${at}[quantity]`)
  checkDecimals(price_data.unit_amount, price_data.currency, `${at}[price_data][unit_amount]`)
  const { enabled = false, minimum = 0, maximum = 0 } = rest.adjustable_quantity ?? {}
  if (enabled && (quantity < minimum || quantity > maximum)) {
    throw refused(`The quantity must be between ${minimum} and ${maximum}.`, { param: `${at}[quantity]` })
  }
  return { ...rest, price_data, quantity }
}

function checkShippingOption(option: SessionParams['shipping_options'][number], index: number): ShippingRateParams {
  const { shipping_rate: stored, shipping_rate_data: data } = option
  const at = `shipping_options[${index}]`
  if (stored) {
    throw refused(`No such shipping rate: '${stored}'`, { code: 'resource_missing', param: `${at}[shipping_rate]` })
  }
  if (!data) throw absent(`${at}[shipping_rate_data]`)
  checkDecimals(data.fixed_amount.amount, data.fixed_amount.currency, `${at}[shipping_rate_data][fixed_amount][amount]`)
  return data
}

function checkDecimals(amount: number, currency: string, param: string): void {
  if (exponentOf(currency) < 3 || amount % 10 === 0) return
  throw refused(`Invalid ${param}: amounts in ${currency} end in 0`, { code: 'parameter_invalid', param })
}

function checkTotal(total: number, currency: string): void {
  const smallest = leastCharge(currency)
  if (total > CHARGE_MINOR_UNITS_MAX) {
    throw refused(
      `The Checkout Session's total amount due must be no more than ${CHARGE_MINOR_UNITS_MAX} minor units.`,
      {
        code: 'amount_too_large',
      },
    )
  }
  if (total === 0 || total >= smallest) return
  throw refused(`The Checkout Session's total amount due must add up to at least ${smallest} minor units, or to 0.`, {
    code: 'amount_too_small',
  })
}

function absent(param: string) {
  return refused(`Missing required param: ${param}.`, { code: 'parameter_missing', param })
}

import { refused } from './failure.ts'
import type { LineItemParams, ProductParams, SessionParams } from './session-params.ts'

/** When a session may run out, from its creation on. */
const EXPIRY_SECONDS_MIN = 30 * 60
const EXPIRY_SECONDS_MAX = 24 * 60 * 60
/** How far a clock, and the time that a request takes, may be off. */
const EXPIRY_SLACK_SECONDS = 10
/** The most that a buyer may take of a line that does not say. */
export const ADJUSTABLE_MAXIMUM_DEFAULT = 99

/** The smallest total that Stripe charges, in minor units (https://docs.stripe.com/currencies). */
const SMALLEST_CHARGE: Record<string, number> = { usd: 50, eur: 50, gbp: 30, chf: 50, cad: 50, aud: 50, jpy: 50 }

/** A line whose price is given in full, which is the only kind that the stand-in sells. */
export type PricedLine = LineItemParams & {
  quantity: number
  price_data: { currency: string; unit_amount: number; product_data: ProductParams }
}

/** Refuses what only several parameters together get wrong, as Stripe does, and gives the lines it accepts. */
export function checkSession(params: SessionParams, clocks: number[]): PricedLine[] {
  for (const param of ['mode', 'success_url'] as const) if (!params[param]) throw absent(param)
  if (!params.line_items?.length) throw absent('line_items')
  checkExpiry(params.expires_at, clocks)
  const lines = params.line_items.map(checkLine)
  const currencies = new Set([
    ...lines.map((line) => line.price_data.currency),
    ...(params.shipping_options ?? []).map((option, index) => checkShippingOption(option, index)),
  ])
  if (currencies.size > 1) throw refused('All prices on a Checkout Session must have the same currency.')
  if (params.invoice_creation?.enabled) throw refused('The stand-in for Stripe writes no invoices.')
  checkTotal(lines, params)
  return lines
}

/** Takes a time that is right by either clock: the real one, or the one that the tests have moved on. */
function checkExpiry(expiresAt: number | undefined, clocks: number[]): void {
  if (expiresAt === undefined || clocks.some((now) => expiryFits(expiresAt, now))) return
  throw refused('The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.', {
    param: 'expires_at',
  })
}

/** Whether a session made now may run out at this time. Unix seconds. */
export function expiryFits(expiresAt: number, now: number): boolean {
  const seconds = expiresAt - now
  return seconds >= EXPIRY_SECONDS_MIN - EXPIRY_SLACK_SECONDS && seconds <= EXPIRY_SECONDS_MAX + EXPIRY_SLACK_SECONDS
}

/** When a session runs out that does not say: after 24 hours. */
export const EXPIRY_SECONDS_DEFAULT = EXPIRY_SECONDS_MAX

function checkLine(line: LineItemParams, index: number): PricedLine {
  const at = `line_items[${index}]`
  const { price, price_data: data, quantity: count, adjustable_quantity: adjustable } = line
  if (price && data) throw refused('You may only specify one of these parameters: price, price_data.', { param: at })
  if (price) throw refused(`No such price: '${price}'`, { code: 'resource_missing', param: `${at}[price]` })
  if (!data) throw absent(`${at}[price_data]`)
  if (data.product) {
    throw refused(`No such product: '${data.product}'`, {
      code: 'resource_missing',
      param: `${at}[price_data][product]`,
    })
  }
  if (!data.product_data) throw absent(`${at}[price_data][product_data]`)
  if (data.unit_amount === undefined) throw absent(`${at}[price_data][unit_amount]`)
  if (!count) throw absent(`${at}[quantity]`)
  const [minimum, maximum] = [adjustable?.minimum ?? 0, adjustable?.maximum ?? ADJUSTABLE_MAXIMUM_DEFAULT]
  if (adjustable?.enabled && (count < minimum || count > maximum)) {
    throw refused(`The quantity must be between ${minimum} and ${maximum}.`, { param: `${at}[quantity]` })
  }
  return {
    ...line,
    quantity: count,
    price_data: { ...data, unit_amount: data.unit_amount, product_data: data.product_data },
  }
}

function checkShippingOption(option: NonNullable<SessionParams['shipping_options']>[number], index: number): string {
  const at = `shipping_options[${index}]`
  if (option.shipping_rate) {
    const details = { code: 'resource_missing', param: `${at}[shipping_rate]` }
    throw refused(`No such shipping rate: '${option.shipping_rate}'`, details)
  }
  if (!option.shipping_rate_data) throw absent(`${at}[shipping_rate_data]`)
  if (!option.shipping_rate_data.fixed_amount) throw absent(`${at}[shipping_rate_data][fixed_amount]`)
  return option.shipping_rate_data.fixed_amount.currency
}

function checkTotal(lines: PricedLine[], params: SessionParams): void {
  const goods = lines.reduce((sum, line) => sum + line.price_data.unit_amount * line.quantity, 0)
  const total = goods + (params.shipping_options?.[0]?.shipping_rate_data?.fixed_amount?.amount ?? 0)
  const smallest = SMALLEST_CHARGE[lines[0]?.price_data.currency ?? ''] ?? 1
  if (total === 0 || total >= smallest) return
  throw refused(`The Checkout Session's total amount due must add up to at least ${smallest} minor units, or to 0.`, {
    code: 'amount_too_small',
  })
}

function absent(param: string) {
  return refused(`Missing required param: ${param}.`, { code: 'parameter_missing', param })
}

// Money is whole minor units and a currency, as Stripe counts them: never a float, never a bare number.
// The exponents are Stripe's own (https://docs.stripe.com/currencies); Intl disagrees with it for a dozen currencies.

const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '))
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '))
/** Said of text that is no currency. */
export const NO_CURRENCY = 'a currency is three lower-case letters, such as eur'

/** A currency as Stripe spells it: three lower-case letters (ISO 4217). */
export type Currency = string

/** An amount in minor units (cents, yen, fils) of one currency. */
export type Money = { amount: number; currency: Currency }

/** Amounts in minor units by currency: `{ eur: 1900, usd: 2100 }`. */
export type Amounts = Record<Currency, number>

/** How many decimals Stripe counts in a currency: 0, 2 or 3. Throws a RangeError for what is none; which are charged: `charge.ts`. */
export function exponentOf(currency: Currency): 0 | 2 | 3 {
  if (!/^[a-z]{3}$/.test(currency)) throw new RangeError(NO_CURRENCY)
  if (ZERO_DECIMAL.has(currency)) return 0
  return THREE_DECIMAL.has(currency) ? 3 : 2
}

/** Reads decimal text exactly: `minorUnitsIn('19.00', 'eur')` is 1900. Nothing where `toMinorUnits` throws. */
export function minorUnitsIn(text: string, currency: Currency): number | null {
  const exponent = exponentOf(currency)
  const match = /^(0|[1-9]\d{0,7})(?:\.(\d+))?$/.exec(text)
  const decimals = match?.[2] ?? ''
  if (!match || decimals.length > exponent) return null
  const minor = Number(match[1] + decimals.padEnd(exponent, '0'))
  return exponent === 3 && minor % 10 !== 0 ? null : minor
}

/**
 * Reads decimal text exactly, as `minorUnitsIn`. Throws a RangeError that says what to write instead: for signs, exponents, too many
 * decimals, or a third decimal that Stripe can't charge. Apart from it, so that pages carry no words that they do not say.
 */
export function toMinorUnits(text: string, currency: Currency): number {
  const minor = minorUnitsIn(text, currency)
  if (minor !== null) return minor
  const exponent = exponentOf(currency)
  if (/^(0|[1-9]\d{0,7})\.\d{3}$/.test(text) && exponent === 3) {
    throw new RangeError(`in ${currency} the third decimal must be 0`)
  }
  const form =
    exponent === 0
      ? 'whole digits, such as "1900"'
      : `digits and at most ${exponent} decimals, such as "${toDecimalText({ amount: 19 * 10 ** exponent, currency })}"`
  throw new RangeError(`an amount in ${currency} is ${form}, and never below zero`)
}

/** Decimal text of an amount, the reverse of toMinorUnits: `toDecimalText({ amount: 1900, currency: 'eur' })` is `19.00`. */
export function toDecimalText({ amount, currency }: Money): string {
  const exponent = exponentOf(currency)
  const digits = String(amount).padStart(exponent + 1, '0')
  return exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}

/** An amount as a buyer reads it, `€19.00`, with Stripe's decimals whatever Intl believes. */
export const formatMoney = ({ amount, currency }: Money, locale = 'en'): string => moneyFormat(currency, locale)(amount)

/** Writes several amounts of one currency like that: making the format is what is dear. */
export function moneyFormat(currency: Currency, locale = 'en'): (amount: number) => string {
  const digits = exponentOf(currency)
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return (amount) => format.format(amount / 10 ** digits)
}

// Money is whole minor units and a currency, as Stripe counts them: never a float, never a bare number.
// The exponents are Stripe's own (https://docs.stripe.com/currencies); Intl disagrees with it for a dozen currencies.

const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '))
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '))
/** Currencies with special rules at Stripe (rounded payouts, two-decimal amounts of whole units): not offered. */
const UNSUPPORTED = new Set('isk ugx huf twd iqd'.split(' '))

/** All that Stripe charges, but for those. */
const CHARGED = new Set(
  (
    'aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny cop crc cve czk djf dkk ' +
    'dop dzd egp etb eur fjd fkp gbp gel ghs gip gmd gnf gtq gyd hkd hnl htg idr ils inr jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp ' +
    'lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub ' +
    'rwf sar sbd scr sek sgd shp sle sos srd szl thb tjs tnd top try ttd tzs uah usd uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw'
  ).split(' '),
)

/** The most that one payment can be, in minor units of any currency. */
export const CHARGE_MINOR_UNITS_MAX = 99_999_999
/** The least that one payment can be, in minor units, where Stripe says it: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
const CHARGE_MINOR_UNITS_MIN: Readonly<Record<Currency, number>> = {
  ...{
    aed: 200,
    aud: 50,
    bgn: 100,
    brl: 50,
    cad: 50,
    chf: 50,
    czk: 1500,
    dkk: 250,
    eur: 50,
    gbp: 30,
    hkd: 400,
    inr: 50,
  },
  ...{ jpy: 50, mxn: 1000, myr: 200, nok: 300, nzd: 50, pln: 200, ron: 200, sek: 300, sgd: 50, thb: 1000, usd: 50 },
}

/** The least that one payment in a currency can be, in minor units; 1 where Stripe does not say. Nothing at all is no payment. */
export const leastCharge = (currency: Currency): number =>
  Object.hasOwn(CHARGE_MINOR_UNITS_MIN, currency) ? (CHARGE_MINOR_UNITS_MIN[currency] ?? 1) : 1

/** A currency as Stripe spells it: three lower-case letters (ISO 4217). */
export type Currency = string

/** An amount in minor units (cents, yen, fils) of one currency. */
export type Money = { amount: number; currency: Currency }

/** Amounts in minor units by currency: `{ eur: 1900, usd: 2100 }`. */
export type Amounts = Record<Currency, number>

/** Says why a currency can't be used, or nothing when it can. */
export function currencyProblem(currency: string): string | undefined {
  if (!/^[a-z]{3}$/.test(currency)) return `a currency is three lower-case letters, such as eur`
  if (UNSUPPORTED.has(currency)) return `${currency} has special rules at Stripe and is not supported`
  if (!CHARGED.has(currency)) return `Stripe does not charge in ${currency}, but in eur, usd and gbp, for example`
  return undefined
}

/** How many decimals Stripe counts in a currency: 0, 2 or 3. Throws a RangeError for a currency that can't be used. */
export function exponentOf(currency: Currency): 0 | 2 | 3 {
  const problem = currencyProblem(currency)
  if (problem) throw new RangeError(problem)
  if (ZERO_DECIMAL.has(currency)) return 0
  return THREE_DECIMAL.has(currency) ? 3 : 2
}

/**
 * Reads decimal text exactly: `toMinorUnits('19.00', 'eur')` is 1900. Throws a RangeError that says what to write
 * instead: for signs, exponents, too many decimals, or a third decimal that Stripe can't charge.
 */
export function toMinorUnits(text: string, currency: Currency): number {
  const exponent = exponentOf(currency)
  const match = /^(0|[1-9]\d{0,7})(?:\.(\d+))?$/.exec(text)
  const decimals = match?.[2] ?? ''
  if (!match || decimals.length > exponent) {
    const form =
      exponent === 0
        ? 'whole digits, such as "1900"'
        : `digits and at most ${exponent} decimals, such as "${toDecimalText({ amount: 19 * 10 ** exponent, currency })}"`
    throw new RangeError(`an amount in ${currency} is ${form}, and never below zero`)
  }
  const minor = Number(match[1] + decimals.padEnd(exponent, '0'))
  if (exponent === 3 && minor % 10 !== 0) throw new RangeError(`in ${currency} the third decimal must be 0`)
  return minor
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

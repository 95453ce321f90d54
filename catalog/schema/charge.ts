import { type Currency, NO_CURRENCY } from './money.ts'

// What Stripe charges: which currencies, how little, how much. Apart from money itself, which the pages of the shop carry.

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

/** Says why a currency can't be used, or nothing when it can. */
export function currencyProblem(currency: string): string | undefined {
  if (!/^[a-z]{3}$/.test(currency)) return NO_CURRENCY
  if (UNSUPPORTED.has(currency)) return `${currency} has special rules at Stripe and is not supported`
  if (!CHARGED.has(currency)) return `Stripe does not charge in ${currency}, but in eur, usd and gbp, for example`
  return undefined
}

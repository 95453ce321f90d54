import type { Offer } from '../../catalog/offer.ts'
import { type Amounts, type Currency, formatMoney } from '../../catalog/schema/money.ts'

/** Most that one line of a cart may hold; the app refuses more. */
export const LINE_QUANTITY_MAX = 99

/** Text for people by currency, such as `{ eur: '€19.00', usd: '$21.00' }`. */
export type Texts = Record<Currency, string>

/** How many can be sold, by the catalog; null when nothing limits it. */
export function availableOf(offer: Pick<Offer, 'takes'>): number | null {
  const needed = new Map<string, { quantity: number; stock: number }>()
  for (const { price, quantity, stock } of offer.takes) {
    needed.set(price, { quantity: quantity + (needed.get(price)?.quantity ?? 0), stock })
  }
  if (needed.size === 0) return null
  return Math.min(...[...needed.values()].map(({ quantity, stock }) => Math.floor(stock / quantity)))
}

/** Whether there is none left to sell. */
export const isSoldOut = (offer: Pick<Offer, 'takes'>): boolean => availableOf(offer) === 0

/** The least an offer can cost: its price, or the minimum the buyer may name. */
export const leastAmounts = (offer: Offer): Amounts =>
  offer.price.kind === 'fixed' ? offer.price.amounts : offer.price.minimum

/** Whether it can be had for nothing, in any currency; then no payment page asks for the buyer's address. */
export const canBeFree = (offer: Offer): boolean => Object.values(leastAmounts(offer)).some((amount) => amount === 0)

/** Whether it always costs nothing. */
export const isFree = (offer: Offer): boolean =>
  offer.price.kind === 'fixed' && Object.values(offer.price.amounts).every((amount) => amount === 0)

/** Amounts as buyers read them, in the shop's order of currencies; a price of nothing is `Free`. */
export function textsOf(amounts: Amounts, currencies: readonly Currency[], prefix = ''): Texts {
  const entries = currencies.flatMap((currency) => {
    const amount = amounts[currency]
    if (amount === undefined) return []
    return [[currency, amount === 0 ? 'Free' : prefix + formatMoney({ amount, currency })] as const]
  })
  return Object.fromEntries(entries)
}

/** One price for several offers: the only one there is, or `From` the least; what a buyer may name is `From` its minimum. */
export function priceTexts(offers: readonly Offer[], currencies: readonly Currency[]): Texts {
  const texts = currencies.flatMap((currency) => {
    const amounts = offers.flatMap((offer) => leastAmounts(offer)[currency] ?? [])
    if (amounts.length === 0) return []
    const least = Math.min(...amounts)
    const named = offers.some((offer) => offer.price.kind === 'pay-what-you-want')
    if (named && least === 0) return [[currency, 'Name your price'] as const]
    const prefix = named || amounts.some((amount) => amount !== least) ? 'From ' : ''
    return [[currency, textsOf({ [currency]: least }, [currency], prefix)[currency] ?? ''] as const]
  })
  return Object.fromEntries(texts)
}

/** Texts as `data-` attributes, for the script that switches currencies. */
export const dataOf = (texts: Texts, suffix = ''): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([currency, text]) => [`data-${currency}${suffix}`, text]))

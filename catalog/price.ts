import type { Offer } from './offer.ts'
import { type Amounts, type Currency, formatMoney, type Money } from './schema/money.ts'

// Prices and stock in the words that buyers read, wherever they read them.

const FREE = 'Free'

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

/** A price as buyers read it: an amount, or `Free`. */
export const moneyOrFree = (money: Money): string => (money.amount === 0 ? FREE : formatMoney(money))

/** Amounts as buyers read them, in the shop's order of currencies. */
export function moneyTexts(amounts: Amounts, currencies: readonly Currency[]): Texts {
  const entries = currencies.flatMap((currency) => {
    const amount = amounts[currency]
    return amount === undefined ? [] : [[currency, formatMoney({ amount, currency })] as const]
  })
  return Object.fromEntries(entries)
}

/** One price for several offers: the only one there is, or `From` the least; what a buyer may name is `From` its minimum. */
export function priceTexts(offers: readonly Offer[], currencies: readonly Currency[]): Texts {
  const named = offers.some((offer) => offer.price.kind === 'pay-what-you-want')
  const entries = currencies.flatMap((currency) => {
    const amounts = offers.flatMap((offer) => leastAmounts(offer)[currency] ?? [])
    return amounts.length === 0 ? [] : [[currency, priceText(amounts, currency, named)] as const]
  })
  return Object.fromEntries(entries)
}

function priceText(amounts: readonly number[], currency: Currency, named: boolean): string {
  const least = Math.min(...amounts)
  if (named && least === 0) return 'Name your price'
  if (Math.max(...amounts) === 0) return FREE
  const text = formatMoney({ amount: least, currency })
  return named || amounts.some((amount) => amount !== least) ? `From ${text}` : text
}

import type { Currency } from '../../catalog/schema/money.ts'
import { quantityMost, readAmount } from '../scripts/typed.ts'
import { LINE_QUANTITY_MAX } from './offer.ts'
import type { ListedPrice, PriceList } from './price-list.ts'

/** Most lines a cart may have; the app refuses more. */
const LINES_MAX = 50
const GONE = 'This is no longer sold. Remove it to check out.'

/** What the browser remembers: which, how many, and the amount the buyer named, in decimal text. Never a price. */
export type CartLine = { price: string; quantity: number; amount?: string }

/** The price of one in minor units, or why there is none. */
type Unit = { unit: number; problem: null } | { unit: null; problem: string }
/** A line with what the price list says of it; null when it is no longer for sale. Amounts are minor units. */
export type PricedLine = Unit & { line: CartLine; listed: ListedPrice | null; total: number }
/** A sound cart has a price for every line; another cannot be checked out. */
export type PricedCart = { lines: PricedLine[]; subtotal: number; ships: boolean; sound: boolean }

/** Reads what was remembered; anything that is not a cart line (other versions, other scripts) is left out. */
export function readLines(text: string | null): CartLine[] {
  const lines = parsed(text)
  return Array.isArray(lines) ? lines.filter(isLine).slice(0, LINES_MAX) : []
}

/** The cart with so many more of one thing. A newly named amount replaces the old one. */
export function withAdded(lines: readonly CartLine[], added: CartLine, available: number | null): CartLine[] {
  const old = lines.find((line) => line.price === added.price)
  const quantity = Math.min(quantityMost(available), (old?.quantity ?? 0) + added.quantity)
  const line = { ...old, ...added, quantity }
  return old ? lines.map((other) => (other === old ? line : other)) : [...lines, line].slice(0, LINES_MAX)
}

/** The cart with another quantity, or another named amount, of one thing. */
export const withChange = (lines: readonly CartLine[], price: string, change: Partial<CartLine>): CartLine[] =>
  lines.map((line) => (line.price === price ? { ...line, ...change } : line))

/** The cart without one thing. */
export const without = (lines: readonly CartLine[], price: string): CartLine[] =>
  lines.filter((line) => line.price !== price)

/** How many things are in the cart. */
export const countOf = (lines: readonly CartLine[]): number => lines.reduce((sum, line) => sum + line.quantity, 0)

/** What the cart costs in a currency, by the price list; lines that cannot be priced count nothing. */
export function pricedCart(lines: readonly CartLine[], list: PriceList, currency: Currency): PricedCart {
  const priced = lines.map((line): PricedLine => {
    const listed = Object.hasOwn(list.prices, line.price) ? (list.prices[line.price] ?? null) : null
    const price = priceOf(listed, line.amount, currency)
    return { ...price, line, listed, total: (price.unit ?? 0) * line.quantity }
  })
  const subtotal = priced.reduce((sum, { total }) => sum + total, 0)
  const sound = priced.every(({ problem }) => problem === null)
  return { lines: priced, subtotal, ships: priced.some(({ listed }) => listed?.ships), sound }
}

/** The rates for a country in a currency, cheapest first; none when the shop does not ship there. */
export function ratesFor(list: PriceList, country: string, currency: Currency) {
  const rates = list.zones.find((zone) => zone.countries.includes(country))?.rates ?? []
  return rates
    .flatMap(({ name, amounts, days }) => {
      const amount = amounts[currency]
      return amount === undefined ? [] : [{ name, amount, days }]
    })
    .sort((one, other) => one.amount - other.amount)
}

/** The price of one: fixed, or named by the buyer, or suggested as long as nothing is named. */
function priceOf(listed: ListedPrice | null, named: string | undefined, currency: Currency): Unit {
  if (listed?.amounts) return unitOf(listed.amounts[currency])
  const least = listed?.minimum?.[currency]
  if (named === undefined || least === undefined) return unitOf(listed?.suggested?.[currency])
  const typed = readAmount(named, least, currency)
  return 'problem' in typed ? { unit: null, problem: typed.problem } : unitOf(typed.amount)
}

const unitOf = (unit: number | undefined): Unit =>
  unit === undefined ? { unit: null, problem: GONE } : { unit, problem: null }

function isLine(value: unknown): value is CartLine {
  if (typeof value !== 'object' || value === null) return false
  const { price, quantity, amount } = value as Partial<Record<keyof CartLine, unknown>>
  return (
    typeof price === 'string' &&
    Number.isInteger(quantity) &&
    (quantity as number) >= 1 &&
    (quantity as number) <= LINE_QUANTITY_MAX &&
    (amount === undefined || typeof amount === 'string')
  )
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '[]')
  } catch {
    return [] // not ours, or cut off: an empty cart
  }
}

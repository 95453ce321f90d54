import { type Currency, toMinorUnits } from '../../catalog/schema/money.ts'
import type { ListedPrice, PriceList } from './price-list.ts'

/** Most lines a cart may have, and the most of one thing; the app refuses more. */
const LINES_MAX = 50
const QUANTITY_MAX = 99

/** What the browser remembers: which, how many, and the amount the buyer named, in decimal text. Never a price. */
export type CartLine = { price: string; quantity: number; amount?: string }

/** A line with what the price list says of it; null when it is no longer for sale. Amounts are minor units. */
export type PricedLine = { line: CartLine; listed: ListedPrice | null; unit: number | null; total: number }
export type PricedCart = { lines: PricedLine[]; subtotal: number; ships: boolean }

/** Reads what was remembered; anything that is not a cart line (other versions, other scripts) is left out. */
export function readLines(text: string | null): CartLine[] {
  const lines = parsed(text)
  return Array.isArray(lines) ? lines.filter(isLine).slice(0, LINES_MAX) : []
}

/** The cart with so many more of one thing. A newly named amount replaces the old one. */
export function withAdded(lines: readonly CartLine[], added: CartLine, available: number | null): CartLine[] {
  const old = lines.find((line) => line.price === added.price)
  const quantity = clamp((old?.quantity ?? 0) + added.quantity, available)
  const line = { ...old, ...added, quantity }
  return old ? lines.map((other) => (other === old ? line : other)) : [...lines, line].slice(0, LINES_MAX)
}

/** The cart with another quantity of one thing; none of it removes the line. */
export function withQuantity(lines: readonly CartLine[], price: string, quantity: number): CartLine[] {
  if (!(quantity >= 1)) return lines.filter((line) => line.price !== price)
  return lines.map((line) => (line.price === price ? { ...line, quantity: clamp(quantity, null) } : line))
}

/** How many things are in the cart. */
export const countOf = (lines: readonly CartLine[]): number => lines.reduce((sum, line) => sum + line.quantity, 0)

/** What the cart costs in a currency, by the price list; lines that cannot be priced count nothing. */
export function pricedCart(lines: readonly CartLine[], list: PriceList, currency: Currency): PricedCart {
  const priced = lines.map((line): PricedLine => {
    const listed = Object.hasOwn(list.prices, line.price) ? (list.prices[line.price] ?? null) : null
    const unit = listed ? unitOf(listed, line.amount, currency) : null
    return { line, listed, unit, total: (unit ?? 0) * line.quantity }
  })
  const subtotal = priced.reduce((sum, { total }) => sum + total, 0)
  return { lines: priced, subtotal, ships: priced.some(({ listed }) => listed?.ships) }
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

function unitOf(listed: ListedPrice, named: string | undefined, currency: Currency): number | null {
  if (listed.amounts) return listed.amounts[currency] ?? null
  const suggested = listed.suggested?.[currency]
  if (suggested === undefined) return null
  return named === undefined ? suggested : (minorUnits(named, currency) ?? suggested)
}

/** What a buyer typed, in minor units; nothing while it is no amount. The app decides, and says what is wrong with it. */
function minorUnits(text: string, currency: Currency): number | undefined {
  try {
    return toMinorUnits(text, currency)
  } catch {
    return undefined
  }
}

function isLine(value: unknown): value is CartLine {
  if (typeof value !== 'object' || value === null) return false
  const { price, quantity, amount } = value as Partial<Record<keyof CartLine, unknown>>
  return (
    typeof price === 'string' &&
    Number.isInteger(quantity) &&
    (quantity as number) >= 1 &&
    (quantity as number) <= QUANTITY_MAX &&
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

const clamp = (quantity: number, available: number | null): number =>
  Math.max(1, Math.min(QUANTITY_MAX, available ?? QUANTITY_MAX, Math.floor(quantity)))

import { type CartLine, readLines } from '../view/cart.ts'
import { type Attempt, readAttempt } from './attempt.ts'

// What the browser remembers between pages. Where storage is refused, it remembers nothing and buying now still works.

const CART = 'tagsale.cart'
const CURRENCY = 'tagsale.currency'
const SHIP_TO = 'tagsale.ship-to'
const CHECKOUT = 'tagsale.checkout'
const ATTEMPT = 'tagsale.attempt'
const BROWSER = 'tagsale.browser'

/** The cart; empty when there is none, or none that can be read. */
export const rememberedLines = (): CartLine[] => readLines(recall(CART))
/** The currency that was chosen, if one was. */
export const rememberedCurrency = (): string | null => recall(CURRENCY)
/** The country that was chosen to ship to; empty text when none was. */
export const rememberedCountry = (): string => recall(SHIP_TO) ?? ''

/** The last try to check out that may still be paid; nothing when there is none. */
export const rememberedAttempt = (): Attempt | null => readAttempt(recall(ATTEMPT))

/** What this browser proves by that a try to check out is its own; made when there is none. */
export function browserKey(newKey: () => string): string {
  const known = recall(BROWSER)
  if (known) return known
  const made = newKey()
  keep(BROWSER, made)
  return made
}

/** Keeps the cart, and tells the page. False when the browser refuses to store. */
export function keepLines(lines: readonly CartLine[]): boolean {
  const kept = keep(CART, JSON.stringify(lines))
  document.dispatchEvent(new Event('tagsale:cart'))
  return kept
}

/** Keeps the chosen currency. False when the browser refuses to store. */
export const keepCurrency = (currency: string): boolean => keep(CURRENCY, currency)
/** Keeps the chosen country. False when the browser refuses to store. */
export const keepCountry = (country: string): boolean => keep(SHIP_TO, country)

/** Keeps the last try to check out, or forgets it. False when the browser refuses to store. */
export const keepAttempt = (attempt: Attempt | null): boolean => keep(ATTEMPT, attempt ? JSON.stringify(attempt) : '')

/** Notes which order the cart is becoming, so that paying for another one does not empty it. */
export const keepCheckout = (order: string): boolean => keep(CHECKOUT, order)

/** Empties the cart once the order it became is bought; any other order leaves it alone, and so does a later look. */
export function emptyCartFor(order: string): void {
  if (recall(CHECKOUT) !== order) return
  keep(CHECKOUT, '')
  keepAttempt(null)
  keepLines([])
}

/** Calls back when the cart changes, here or in another tab. */
export function onCartChange(look: () => void): void {
  document.addEventListener('tagsale:cart', look)
  addEventListener('storage', (event) => event.key === CART && look())
  addEventListener('pageshow', (event) => event.persisted && look())
}

function recall(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null // storage is switched off
  }
}

function keep(key: string, value: string): boolean {
  try {
    localStorage.setItem(key, value)
    return true
  } catch {
    return false // switched off or full
  }
}

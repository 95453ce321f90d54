import { type Catalog, findOffer, type Offer } from '../../catalog/offer.ts'
import { CHARGE_MINOR_UNITS_MAX } from '../../catalog/schema/charge.ts'
import { formatMoney, type Money, toDecimalText, toMinorUnits } from '../../catalog/schema/money.ts'
import type { Fact, OrderLine, Shipping } from './event.ts'
import type { Order } from './order.ts'

/** Stripe takes a hundred lines; a cart that long is a mistake or an attack. */
export const CART_LINES_MAX = 50
export const LINE_QUANTITY_MAX = 99
/** What an order copies of the catalog (digests of files too), unless it is one line: it is kept, whether or not somebody pays. */
const LINES_CHARACTERS_MAX = 32_000

/** What the browser may say: which things, how many, and where they go. Prices it can't say, but for a chosen one. */
export type CartRequest = {
  lines: readonly { price: string; quantity: number; amount?: string | undefined }[]
  currency?: string | undefined
  shipTo?: string | undefined
}

/** A cart priced by us. `stock` is what it needs of what is limited. */
export type Quote = {
  currency: string
  lines: OrderLine[]
  shipTo: string | null
  shipping: Shipping | null
  subtotal: number
  stock: { price: string; name: string; quantity: number; stock: number; lines: number[] }[]
}

/** Why a cart can't be bought: the line by its place, or the cart as a whole. */
export type QuoteProblem = { line: number | null; detail: string }

/** Prices a cart from the catalog alone, or says everything that is wrong with it. */
export function quote(catalog: Catalog, request: CartRequest): Quote | { problems: QuoteProblem[] } {
  const currency = request.currency ?? catalog.shop.currencies[0] ?? ''
  if (!catalog.shop.currencies.includes(currency)) {
    return { problems: [{ line: null, detail: `This shop sells in ${catalog.shop.currencies.join(', ')}.` }] }
  }
  const problems: QuoteProblem[] = []
  const priced = request.lines.map((wanted, place) => {
    const line = priceLine(catalog, wanted, currency, place)
    if ('detail' in line) problems.push({ line: place, detail: line.detail })
    return line
  })
  if (problems.length > 0) return { problems }
  const offers = priced.filter((line) => 'offer' in line)
  const lines = offers.map(({ line }) => line)
  if (lines.length > 1 && JSON.stringify(lines).length > LINES_CHARACTERS_MAX)
    return { problems: [{ line: null, detail: 'This is more than one order can hold. Please make two of it.' }] }
  const destination = shipping(catalog, lines, request.shipTo, currency)
  if ('detail' in destination) return { problems: [{ line: null, detail: destination.detail }] }
  const subtotal = lines.reduce((sum, line) => sum + line.unitAmount * line.quantity, 0)
  const dearest = Math.max(0, ...(destination.shipping?.rates.map(({ amount }) => amount) ?? []))
  if (subtotal + dearest > CHARGE_MINOR_UNITS_MAX)
    return { problems: [{ line: null, detail: 'This is more than one payment can be.' }] }
  return { currency, lines, ...destination, subtotal, stock: stockOf(catalog, offers) }
}

/**
 * What somebody holds already without having paid, by price; how often that came to nothing lately; and so many pieces that may be held
 * in any case.
 */
export type Hold = { held: ReadonlyMap<string, number>; lost: number; least: number }

/** What is not there in the quantity asked for, given what other orders hold back; or is there, and not for one alone to take. */
export function shortages(needed: Quote['stock'], reserved: ReadonlyMap<string, number>, hold?: Hold): QuoteProblem[] {
  return needed.flatMap(({ price, name, quantity, stock, lines }) => {
    const left = Math.max(0, stock - (reserved.get(price) ?? 0))
    const held = hold?.held.get(price) ?? 0
    const most = hold ? shareOf(left + held, hold) - held : left
    if (quantity <= left && quantity <= most) return []
    const detail = quantity > left ? leftWords(name, left) : shareWords(name, most, held)
    return lines.map((line) => ({ line, detail }))
  })
}

/** A little more than half of what is there; and half of that each time that a hold came to nothing. */
const shareOf = (all: number, { lost, least }: Hold): number =>
  Math.max(Math.floor(least / 2 ** lost), Math.floor(all / 2 ** (lost + 1)) + 1)

const leftWords = (name: string, left: number): string =>
  left === 0 ? `${name} is sold out.` : `Only ${left} of ${name} ${left === 1 ? 'is' : 'are'} left.`

const shareWords = (name: string, most: number, held: number): string =>
  most > 0
    ? `At most ${most} of ${name} can be bought at once just now.`
    : `${held} of ${name} wait to be paid by you, or by somebody beside you. Pay for them first, or try again in half an hour.`

type PricedLine = { offer: Offer; line: OrderLine }

function priceLine(
  catalog: Catalog,
  wanted: CartRequest['lines'][number],
  currency: string,
  place: number,
): PricedLine | { detail: string } {
  const offer = findOffer(catalog, wanted.price)
  if (offer?.product.status !== 'live') return { detail: 'This is not for sale (any more).' }
  const unit = unitAmount(offer, wanted.amount, currency)
  if ('detail' in unit) return unit
  return { offer, line: orderLine(catalog, offer, { place, quantity: wanted.quantity, unitAmount: unit.amount }) }
}

/** What is sold, copied from the catalog: so many of an offer, as the order's line in that place. */
export function orderLine(
  catalog: Catalog,
  offer: Offer,
  { place, quantity, unitAmount }: { place: number; quantity: number; unitAmount: number },
): OrderLine {
  const assets = offer.downloads.flatMap((id) => {
    const asset = catalog.assets.get(id)
    if (!asset) return []
    const { title, release, sha256 } = asset
    return [{ id, title, release, ...(sha256 !== null && { sha256 }) }]
  })
  const takes = offer.takes.map((take) => ({ price: take.price, quantity: take.quantity * quantity }))
  const { id: price, name, parcel } = offer
  return { id: `line-${place + 1}`, price, name, quantity, unitAmount, assets, parcel, takes }
}

function unitAmount(offer: Offer, chosen: string | undefined, currency: string): Money | { detail: string } {
  if (offer.price.kind === 'fixed') {
    const amount = offer.price.amounts[currency]
    return amount === undefined ? { detail: `This has no price in ${currency}.` } : { amount, currency }
  }
  const minimum = offer.price.minimum[currency]
  const suggested = offer.price.suggested[currency]
  if (minimum === undefined || suggested === undefined) return { detail: `This has no price in ${currency}.` }
  if (chosen === undefined) return { amount: suggested, currency }
  try {
    const amount = toMinorUnits(chosen, currency)
    if (amount >= minimum) return { amount, currency }
    return { detail: `The least that is asked for it is ${formatMoney({ amount: minimum, currency })}.` }
  } catch (error) {
    return { detail: `${(error as Error).message}.` }
  }
}

function shipping(
  catalog: Catalog,
  lines: readonly OrderLine[],
  shipTo: string | undefined,
  currency: string,
): Pick<Quote, 'shipTo' | 'shipping'> | { detail: string } {
  if (!lines.some((line) => line.parcel)) return { shipTo: null, shipping: null }
  if (!shipTo) return { detail: 'Say which country it goes to.' }
  const zone = catalog.shop.shipping.find(({ countries }) => countries.includes(shipTo))
  if (!zone) return { detail: 'This shop does not ship to that country.' }
  const rates = zone.rates.map(({ name, price, days }) => ({ name, amount: price[currency] ?? 0, days }))
  const countries = [shipTo, ...zone.countries.filter((country) => country !== shipTo)]
  return { shipTo, shipping: { countries, rates } }
}

function stockOf(catalog: Catalog, offers: readonly PricedLine[]): Quote['stock'] {
  const needed = new Map<string, Quote['stock'][number]>()
  for (const [place, { offer, line }] of offers.entries()) {
    for (const { price, quantity, stock } of offer.takes) {
      const name = findOffer(catalog, price)?.name ?? line.name // a part of a bundle has its own
      const entry = needed.get(price) ?? { price, name, quantity: 0, stock, lines: [] }
      entry.quantity += quantity * line.quantity
      if (!entry.lines.includes(place)) entry.lines.push(place)
      needed.set(price, entry)
    }
  }
  return [...needed.values()]
}

/** The cart of an order that came to nothing, to start again with today's prices, or the one that the buyer chose. */
export const cartOf = (order: Order): CartRequest => ({
  currency: order.currency,
  ...(order.shipTo && { shipTo: order.shipTo }),
  lines: order.lines.map(({ price, quantity, unitAmount }) => {
    return { price, quantity, amount: toDecimalText({ amount: unitAmount, currency: order.currency }) }
  }),
})

/** Whether the order is of this cart, at these prices. */
export function isSameCart(order: Order, priced: Quote): boolean {
  const cart = ({ currency, lines, shipTo }: Pick<Order, 'currency' | 'lines' | 'shipTo'>) =>
    JSON.stringify([currency, shipTo, lines.map((line) => [line.price, line.quantity, line.unitAmount])])
  return cart(order) === cart(priced)
}

/** The facts that begin an order of this cart, whose payment page closes then. */
export function placingFacts({ currency, lines, shipTo, shipping }: Quote, expiresAt: string, free: boolean): Fact[] {
  const placed: Fact = { type: 'order.placed', currency, lines, shipTo, shipping, expiresAt }
  return free ? [placed, { type: 'order.paid', payment: null, amount: 0, shipping: 0, currency }] : [placed]
}

import { type Catalog, findOffer } from '../../catalog/offer.ts'
import type { Fact, OrderLine } from './event.ts'
import { orderLine } from './quote.ts'

/** A line of a payment as Stripe has it; `price` is ours, as we gave it to Stripe. Amounts are minor units. */
export type PaidLine = { price: string | null; name: string; quantity: number; unitAmount: number }

/** An order that Stripe was paid for and the store does not have: what was bought, where it goes, until when it could be paid. */
export type LostOrder = { currency: string; lines: readonly PaidLine[]; shipTo: string | null; expiresAt: string }

/**
 * The facts that begin an order which the store has lost, from what was paid and today's catalog. A person is asked to look where
 * that is not certain: something is no longer in the catalog, or is a parcel, which may be on its way already.
 */
export function restoredFacts(catalog: Catalog, { currency, lines, shipTo, expiresAt }: LostOrder): Fact[] {
  const restored = lines.map((line, place) => restoredLine(catalog, line, place))
  const placed: Fact = { type: 'order.placed', currency, lines: restored, shipTo, shipping: null, expiresAt }
  const doubtful = restored.filter(({ assets, parcel }) => parcel || assets.length === 0)
  if (doubtful.length === 0) return [placed]
  const detail = `taken in from Stripe, after the store had lost it: see what has gone out of ${doubtful.map(({ name }) => name).join(', ')}`
  return [placed, { type: 'order.stalled', reason: 'restored', detail }]
}

function restoredLine(catalog: Catalog, { price, name, quantity, unitAmount }: PaidLine, place: number): OrderLine {
  const offer = price === null ? undefined : findOffer(catalog, price)
  if (offer) return { ...orderLine(catalog, offer, { place, quantity, unitAmount }), name }
  return {
    id: `line-${place + 1}`,
    price: price ?? 'unknown',
    name,
    quantity,
    unitAmount,
    assets: [],
    parcel: null,
    takes: [],
  }
}

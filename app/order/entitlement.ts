import type { OrderLine, SoldAsset } from './event.ts'
import type { Order } from './order.ts'
import { isCalledOff, isGoodsMoneyBack, linesLeft, openStalls, paymentStatus, shippedLines } from './status.ts'

/** What the customer may have now: one file through one line of the order. Derived, never stored. */
export type Entitlement = { line: string; asset: SoldAsset }

/** Everything the order entitles to now: nothing before it is paid in full, nothing of what is given back or disputed. */
export function entitlementsOf(order: Order): Entitlement[] {
  if (!isDue(order)) return []
  const entitlements = linesLeft(order).flatMap((line) => line.assets.map((asset) => ({ line: line.id, asset })))
  return entitlements.filter(
    (entitlement, index) => entitlements.findIndex((other) => other.asset.id === entitlement.asset.id) === index,
  )
}

/** The file the order entitles to, or nothing. */
export const mayDownload = (order: Order, asset: string): SoldAsset | undefined =>
  entitlementsOf(order).find((entitlement) => entitlement.asset.id === asset)?.asset

/** What is to be put into a parcel. */
export function linesToPack(order: Order): OrderLine[] {
  if (!isDue(order)) return []
  const shipped = shippedLines(order)
  return linesLeft(order).filter((line) => line.parcel && !shipped.has(line.id))
}

/** Whether what was bought may be handed out at all: it is paid, and not disputed, given back, called off or held back. */
export function isDue(order: Order): boolean {
  if (!['paid', 'partially_refunded'].includes(paymentStatus(order))) return false
  if (isCalledOff(order) || isGoodsMoneyBack(order)) return false
  return !order.stalls.some(
    ({ reason, settled }) => settled === 'withhold' || (reason === 'amount-differs' && settled !== 'give'),
  )
}

/** What people look orders up by, besides their status: a parcel to pack, a decision to take, a dispute. */
export const LABELS = ['to-pack', 'needs-person', 'disputed'] as const
export type OrderLabel = (typeof LABELS)[number]

/** The labels that an order has now. */
export function labelsOf(order: Order): OrderLabel[] {
  const has: Record<OrderLabel, boolean> = {
    'to-pack': linesToPack(order).length > 0,
    'needs-person': openStalls(order).length > 0,
    disputed: paymentStatus(order) === 'disputed',
  }
  return LABELS.filter((label) => has[label])
}

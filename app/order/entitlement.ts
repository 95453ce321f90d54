import type { SoldAsset } from './event.ts'
import { isGoodsMoneyBack, isStalledBy, type Order, paymentStatus } from './order.ts'

/** What the customer may have now: one file through one line of the order. Derived, never stored. */
export type Entitlement = { line: string; asset: SoldAsset }

/**
 * Everything the order entitles to now: nothing before it is paid in full, nothing once the money for the goods is back (or on its
 * way) or disputed.
 */
export function entitlementsOf(order: Order): Entitlement[] {
  const status = paymentStatus(order)
  if (status !== 'paid' && status !== 'partially_refunded') return []
  if (isGoodsMoneyBack(order)) return []
  if (isStalledBy(order, 'amount-differs')) return []
  const entitlements = order.lines.flatMap((line) => line.assets.map((asset) => ({ line: line.id, asset })))
  return entitlements.filter(
    (entitlement, index) => entitlements.findIndex((other) => other.asset.id === entitlement.asset.id) === index,
  )
}

/** The file the order entitles to, or nothing. */
export const mayDownload = (order: Order, asset: string): SoldAsset | undefined =>
  entitlementsOf(order).find((entitlement) => entitlement.asset.id === asset)?.asset

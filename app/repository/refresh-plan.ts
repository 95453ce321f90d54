import type { CatalogProblem } from '../../catalog/problem/problem.ts'
import type { Found, Head } from '../live/source.ts'
import type { ClosedReason } from '../shop/event.ts'
import { isOpen, isSameRepository, type ShopState } from '../shop/shop.ts'

/** What is to be done about what the catalog's source has now. */
export type RefreshPlan =
  | { do: 'nothing' }
  | { do: 'close'; reason: ClosedReason }
  /** The newest commit was refused before, and the shop was closed since: what was live opens again. */
  | { do: 'reopen'; live: NonNullable<ShopState['live']>; refused: NonNullable<ShopState['refused']> }
  | { do: 'refuse'; head: Head; problem: CatalogProblem }
  | { do: 'publish'; head: Head; tree: string; folder: string }

/** Decides by what is recorded, what was found, and which tree is shown here. Pure; whether the catalog has mistakes is seen when it is published. */
export function planRefresh(shop: ShopState, found: Found, shown: string | undefined): RefreshPlan {
  if ('closed' in found) return { do: 'close', reason: found.closed }
  const { live, refused, closed } = shop
  if (refused?.commit === found.head.commit) {
    if (live && closed) return { do: 'reopen', live, refused }
    if (!refused.again) return { do: 'nothing' }
  }
  if ('refused' in found) return { do: 'refuse', head: found.head, problem: found.refused }
  return isRecorded(shop, found.head) && shown === found.tree ? { do: 'nothing' } : { do: 'publish', ...found }
}

/** Whether this commit is what the shop sells, by the facts. */
export const isRecorded = (shop: ShopState, head: Pick<Head, 'commit' | 'repository'>): boolean =>
  isOpen(shop) &&
  !shop.refused &&
  shop.live?.commit === head.commit &&
  isSameRepository(shop.repository, head.repository)

/**
 * Whether somebody else had a say while the work took its time: another repository was chosen, another commit went live or was
 * refused, or the shop was closed or opened. Then the work begins anew, by what holds now.
 */
export const isOvertaken = (known: ShopState, now: ShopState): boolean =>
  known.repository !== now.repository ||
  known.live?.commit !== now.live?.commit ||
  known.refused?.commit !== now.refused?.commit ||
  known.closed?.at !== now.closed?.at

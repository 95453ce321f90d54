import type Stripe from 'stripe'
import { missing, refused } from './failure.ts'
import type { ListParams } from './params.ts'
import type { Account, Checkout } from './state.ts'

type Listed = { id: string; created?: number }

const LINE_ITEMS_EXPANDED = 10

/** One page of a list that is sorted newest first. Throws Stripe's refusal for a cursor that is not in it. */
export function page<T extends Listed>(rows: T[], path: string, params: ListParams): Stripe.ApiList<T> {
  const { limit, starting_after: after, ending_before: before, created } = params
  let found = rows.filter((row) => inRange(row.created, created))
  if (after) found = found.slice(indexOf(found, after, 'starting_after') + 1)
  if (before) {
    found = found.slice(0, indexOf(found, before, 'ending_before'))
    const data = found.slice(-limit)
    return { object: 'list', url: path, has_more: found.length > limit, data }
  }
  return { object: 'list', url: path, has_more: found.length > limit, data: found.slice(0, limit) }
}

/** Rows in the order in which Stripe lists them: the newest first. */
export function newestFirst<T>(rows: Record<string, T>): T[] {
  return Object.values(rows).reverse()
}

/**
 * The object with the ids at these paths (`payment_intent.latest_charge`) replaced by what they stand for.
 * Throws Stripe's refusal for a path that can't be expanded.
 */
export function expanded<T extends { object: string }>(account: Account, object: T, paths: string[] = []): T {
  const copy: Record<string, unknown> = structuredClone(object)
  for (const path of paths) expandPath(account, copy, path.split('.'), path)
  return copy as T
}

function expandPath(account: Account, parent: Record<string, unknown>, [field = '', ...rest]: string[], path: string) {
  const find = EXPANDABLE[`${parent.object ?? 'shipping_cost'}.${field}`]
  if (field === 'shipping_cost' && rest.length > 0) {
    if (parent.shipping_cost) expandPath(account, parent.shipping_cost as Record<string, unknown>, rest, path)
    return
  }
  if (!find) throw refused(`This property cannot be expanded (${path}).`, { param: 'expand[0]' })
  const value = parent[field]
  if (value === null) return
  if (typeof value !== 'object') parent[field] = structuredClone(find(account, String(value ?? parent.id)) ?? value)
  if (rest.length > 0) expandPath(account, parent[field] as Record<string, unknown>, rest, path)
}

/** What each expandable field is looked up in, by `object.field`. Line items are found by their session. */
const EXPANDABLE: Record<string, (account: Account, id: string) => object | undefined> = {
  'checkout.session.payment_intent': ({ state }, id) => state.paymentIntents[id],
  'checkout.session.line_items': ({ state }, id) =>
    state.checkouts[id] &&
    page(lineItems(state.checkouts[id]), `/v1/checkout/sessions/${id}/line_items`, { limit: LINE_ITEMS_EXPANDED }),
  'shipping_cost.shipping_rate': ({ state }, id) => state.shippingRates[id],
  'payment_intent.latest_charge': ({ state }, id) => state.charges[id],
  'charge.payment_intent': ({ state }, id) => state.paymentIntents[id],
  'refund.charge': ({ state }, id) => state.charges[id],
  'refund.payment_intent': ({ state }, id) => state.paymentIntents[id],
  'dispute.charge': ({ state }, id) => state.charges[id],
  'dispute.payment_intent': ({ state }, id) => state.paymentIntents[id],
}

/** What was bought in a session. */
export function lineItems({ lines }: Checkout): Stripe.LineItem[] {
  return lines.map(({ item }) => item)
}

function inRange(time: number | undefined, range: ListParams['created']): boolean {
  if (time === undefined || range === undefined) return true
  if (typeof range === 'number') return time === range
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range
  return time > gt && time >= gte && time < lt && time <= lte
}

function indexOf(rows: Listed[], id: string, param: string): number {
  const index = rows.findIndex((row) => row.id === id)
  if (index < 0) throw missing('object', id, param)
  return index
}

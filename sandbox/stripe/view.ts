import type Stripe from 'stripe'
import { z } from 'zod'
import type { ListParams } from './request.ts'
import { missing } from './request.ts'
import type { Checkout, State } from './state.ts'

type Listed = { id: string; created?: number }

const LINE_ITEMS_EXPANDED = 10

/** One page of a list that is sorted newest first. Throws Stripe's refusal for a cursor that is not in it. */
export function page<T extends Listed>(rows: T[], path: string, params: ListParams): Stripe.ApiList<T> {
  const { limit, starting_after: after, created } = params
  const found = rows.filter((row) => inRange(row.created, created))
  const start = after ? found.findIndex(({ id }) => id === after) + 1 : 0
  if (after && start === 0) throw missing('object', after, 'starting_after')
  return { object: 'list', url: path, has_more: found.length > start + limit, data: found.slice(start, start + limit) }
}

/** Rows in the order in which Stripe lists them: the newest first. */
export function newestFirst<T>(rows: Record<string, T>): T[] {
  return Object.values(rows).reverse()
}

/** What was bought in a session. */
export function lineItems({ lines }: Checkout): Stripe.LineItem[] {
  return lines.map(({ item }) => item)
}

/** The paths that can be expanded, by kind of object. */
const EXPANDABLE: Record<string, string[]> = {
  'checkout.session': ['payment_intent', 'payment_intent.latest_charge', 'line_items', 'shipping_cost.shipping_rate'],
  payment_intent: ['latest_charge'],
  charge: ['payment_intent'],
  refund: ['charge', 'payment_intent'],
  dispute: ['charge', 'payment_intent'],
}

/** The object that a field stands for, by the id in it; line items are found by their session's. */
const FIND: Record<string, (state: State, id: string) => object | undefined> = {
  payment_intent: (state, id) => state.paymentIntents[id],
  latest_charge: (state, id) => state.charges[id],
  charge: (state, id) => state.charges[id],
  shipping_rate: (state, id) => state.shippingRates[id],
  line_items: (state, id) => {
    const checkout = state.checkouts[id]
    const path = `/v1/checkout/sessions/${id}/line_items`
    return checkout && page(lineItems(checkout), path, { limit: LINE_ITEMS_EXPANDED })
  },
}

/** The parameter `expand` for a kind of object: paths such as `payment_intent.latest_charge`, checked before any work. */
export function expandOf(kind: string, prefix = '') {
  const known = EXPANDABLE[kind]?.map((path) => prefix + path) ?? []
  return z
    .array(
      z.string().refine((path) => known.includes(path), {
        error: ({ input }) => `This property cannot be expanded (${input}).`,
      }),
    )
    .transform((paths) => paths.map((path) => path.slice(prefix.length)))
    .optional()
}

/** The object with the ids at these paths replaced by what they stand for. The paths have passed `expandOf`. */
export function expanded<T extends object>(state: State, object: T, paths: string[] = []): T {
  const copy = structuredClone(object)
  for (const path of paths) expandPath(state, copy as Record<string, unknown>, path.split('.'))
  return copy
}

function expandPath(state: State, parent: Record<string, unknown>, [field = '', ...rest]: string[]): void {
  if (parent[field] === null) return
  if (typeof parent[field] !== 'object') {
    parent[field] = structuredClone(FIND[field]?.(state, String(parent[field] ?? parent.id)))
  }
  if (rest.length > 0) expandPath(state, parent[field] as Record<string, unknown>, rest)
}

function inRange(time: number | undefined, { gt, gte, lt, lte }: NonNullable<ListParams['created']> = {}): boolean {
  if (time === undefined) return true
  return time > (gt ?? -Infinity) && time >= (gte ?? -Infinity) && time < (lt ?? Infinity) && time <= (lte ?? Infinity)
}

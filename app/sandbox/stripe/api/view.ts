import type Stripe from 'stripe'
import { z } from 'zod'
import type { Account, Checkout } from '../state.ts'
import { missing } from './failure.ts'
import type { ListParams } from './params.ts'

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

/** A field that stands for another object: its kind, and where it is found by its id. Embedded objects need no finding. */
type Expandable = { kind: string; find?: (account: Account, id: string) => object | undefined }

const paymentIntent: Expandable = { kind: 'payment_intent', find: ({ state }, id) => state.paymentIntents[id] }
const charge: Expandable = { kind: 'charge', find: ({ state }, id) => state.charges[id] }

/** What can be expanded, by kind of object and field. Line items are found by their session. */
const EXPANDABLE: Record<string, Record<string, Expandable>> = {
  'checkout.session': {
    payment_intent: paymentIntent,
    shipping_cost: { kind: 'shipping_cost' },
    line_items: { kind: 'list', find: firstLineItems },
  },
  shipping_cost: { shipping_rate: { kind: 'shipping_rate', find: ({ state }, id) => state.shippingRates[id] } },
  payment_intent: { latest_charge: charge },
  charge: { payment_intent: paymentIntent },
  refund: { charge, payment_intent: paymentIntent },
  dispute: { charge, payment_intent: paymentIntent },
}

/** The parameter `expand` for a kind of object: paths such as `payment_intent.latest_charge`, checked before any work. */
export function expandOf(kind: string, prefix = '') {
  return z
    .array(
      z.string().refine((path) => path.startsWith(prefix) && canExpand(kind, path.slice(prefix.length).split('.')), {
        error: ({ input }) => `This property cannot be expanded (${input}).`,
      }),
    )
    .transform((paths) => paths.map((path) => path.slice(prefix.length)))
    .optional()
}

/** The object with the ids at these paths replaced by what they stand for. The paths have passed `expandOf`. */
export function expanded<T extends { object: string }>(account: Account, object: T, paths: string[] = []): T {
  const copy = structuredClone(object)
  for (const path of paths) expandPath(account, copy.object, copy, path.split('.'))
  return copy
}

function canExpand(kind: string, [field = '', ...rest]: string[]): boolean {
  const target = EXPANDABLE[kind]?.[field]
  if (!target) return false
  return rest.length > 0 ? canExpand(target.kind, rest) : target.find !== undefined
}

function expandPath(account: Account, kind: string, parent: object, [field = '', ...rest]: string[]): void {
  const target = EXPANDABLE[kind]?.[field]
  const fields = parent as Record<string, unknown>
  if (!target || fields[field] === null) return
  if (target.find && typeof fields[field] !== 'object') {
    fields[field] = structuredClone(target.find(account, String(fields[field] ?? fields.id)))
  }
  if (rest.length > 0) expandPath(account, target.kind, fields[field] as object, rest)
}

function firstLineItems({ state }: Account, sessionId: string): Stripe.ApiList<Stripe.LineItem> | undefined {
  const checkout = state.checkouts[sessionId]
  const path = `/v1/checkout/sessions/${sessionId}/line_items`
  return checkout && page(lineItems(checkout), path, { limit: LINE_ITEMS_EXPANDED })
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

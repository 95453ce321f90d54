import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { toMinorUnits } from '../../../catalog/schema/money.ts'
import { recordAccess } from '../../account/access.ts'
import { mayDo, type Person } from '../../account/person.ts'
import { ROLE_OF, runCommand } from '../../desk/commands.ts'
import { listOrders, ORDER_STATES } from '../../desk/orders.ts'
import type { Command } from '../../order/command.ts'
import type { Address } from '../../order/customer.ts'
import { Settlement, StallReason } from '../../order/event.ts'
import { idBeginning, isOrderId, type OrderId } from '../../order/id.ts'
import type { Order } from '../../order/order.ts'
import type { Parts } from '../../parts.ts'
import type { HttpEnv } from '../context.ts'
import type { Limits } from '../limit.ts'
import { problemResponse, Refusal } from '../problem.ts'
import { DeskOrder, DeskOrderWhole, viewInList, viewWhole } from './desk-order.ts'
import { limitUnknown, requireRole } from './who.ts'

const BASE = '/api/v1/desk'
const PRIVATE = { 'cache-control': 'no-store' }
const security = [{ deskToken: [] }]

const OrderParam = z.string().openapi({ param: { name: 'order', in: 'path' }, example: 'ord_0g6k2m9w1x7c3v5b8n4q1z2s' })
const Instant = z.union([z.iso.datetime(), z.iso.date()]).openapi({ example: '2026-11-01' })
const Amount = z.string().max(14).openapi({ description: "Decimal text in the order's currency", example: '5.00' })
const refusals = {
  401: problemResponse('No token, or one that is over'),
  403: problemResponse('The role does not suffice'),
  429: problemResponse('Too many unknown tokens'),
}

const listRoute = createRoute({
  method: 'get',
  path: `${BASE}/orders`,
  summary: 'Orders, newest first, fifty a page',
  security,
  request: {
    query: z.object({
      state: z.enum(ORDER_STATES).optional(),
      q: z
        .string()
        .max(200)
        .optional()
        .openapi({ description: 'An id, a number (TERN-0G6K2M), a mail address, a name, a tracking number' }),
      product: z.string().max(130).optional().openapi({ description: "A price's id", example: 'sticker-pack' }),
      from: Instant.optional(),
      to: Instant.optional().openapi({ description: 'Placed before then' }),
      cursor: z.string().max(100).optional().openapi({ description: 'The `next` of the page before' }),
    }),
  },
  responses: {
    200: {
      description: 'A page',
      content: {
        'application/json': { schema: z.object({ orders: z.array(DeskOrder), next: z.string().nullable() }) },
      },
    },
    422: problemResponse('Not a question that can be answered'),
    ...refusals,
  },
})
const orderRoute = createRoute({
  method: 'get',
  path: `${BASE}/orders/{order}`,
  summary: 'An order, with everything about it',
  description: 'Who bought it is there for roles from `write` on; that they looked is written down.',
  security,
  request: { params: z.object({ order: OrderParam }) },
  responses: {
    200: { description: 'The order', content: { 'application/json': { schema: DeskOrderWhole } } },
    404: problemResponse('No such order'),
    ...refusals,
  },
})

const Done = z.object({
  done: z
    .array(z.string())
    .openapi({ description: 'What was done, in sentences; nothing when the key was used before' }),
  repeated: z.boolean(),
  order: DeskOrder,
})

/** One route a command: its path, its body, and the command that it makes of an order. */
function command<Body extends z.ZodType>(
  path: string,
  summary: string,
  body: Body,
  make: (given: z.output<Body>, order: Order, part: string) => Command,
) {
  const isOfPart = path.includes('{shipment}')
  const params = z.object({ order: OrderParam, ...(isOfPart && { shipment: z.string() }) })
  const route = createRoute({
    method: 'post',
    path: `${BASE}/orders/{order}/${path}`,
    summary,
    security,
    request: {
      params,
      headers: z.object({ 'idempotency-key': z.string().min(1).max(200) }),
      body: { content: { 'application/json': { schema: body } } },
    },
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: Done } } },
      404: problemResponse('No such order'),
      409: problemResponse('The order is not so that this can be done'),
      422: problemResponse('Not a command'),
      ...refusals,
    },
  })
  return { route, make: make as (given: unknown, order: Order, part: string) => Command }
}

const Part = z.string().trim().max(200).nullable().default(null)
const AddressGiven = z.strictObject({
  ...{ name: Part, line1: Part, line2: Part, city: Part, state: Part, postalCode: Part },
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .nullable()
    .default(null),
}) satisfies z.ZodType<Address>
const Line = z.strictObject({ line: z.string().max(130), quantity: z.int().min(1).default(1) })
const COMMANDS = [
  command(
    'shipments',
    'Ship all that is to be packed, or these lines',
    z.strictObject({
      lines: z.array(z.string().max(130)).min(1).optional(),
      carrier: z.string().trim().min(1).max(60),
      tracking: z.string().trim().min(1).max(60).optional(),
      url: z
        .url({ protocol: /^https$/ })
        .max(500)
        .optional(),
    }),
    (given) => ({ do: 'ship', ...given }),
  ),
  command(
    'shipments/{shipment}/delivered',
    'A parcel has arrived',
    z.strictObject({}).optional(),
    (_, __, shipment) => {
      return { do: 'deliver', shipment }
    },
  ),
  command(
    'refunds',
    'Give money back: all that is left, lines, shipping, or an amount',
    z.strictObject({
      lines: z.array(Line).min(1).optional(),
      amount: Amount.optional(),
      shipping: z.boolean().optional(),
      restock: z.boolean().optional(),
      reason: z.string().trim().min(1).max(500).optional(),
    }),
    ({ amount, ...given }, order) => ({
      ...{ do: 'refund', ...given },
      ...(amount !== undefined && { amount: minorUnits(amount, order.currency) }),
    }),
  ),
  command('cancel', 'Call it off: nothing is sent, and what was paid goes back', z.strictObject({}).optional(), () => {
    return { do: 'cancel' }
  }),
  command(
    'resend',
    'Send a mail again, also to a corrected address',
    z.strictObject({ mail: z.literal('receipt').default('receipt'), to: z.email().max(254).optional() }),
    (given) => ({ do: 'resend', ...given }),
  ),
  command(
    'notes',
    'Keep a note with the order',
    z.strictObject({ text: z.string().trim().min(1).max(2000) }),
    (given) => {
      return { do: 'note', ...given }
    },
  ),
  command(
    'settle',
    'Settle what the order waits for a person for',
    z.strictObject({ stall: StallReason, decision: Settlement, reason: z.string().trim().min(1).max(500) }),
    (given) => ({ do: 'settle', ...given }),
  ),
  command('address', 'Mend the address before it is shipped', AddressGiven, (address) => ({ do: 'address', address })),
]

/** The desk for scripts: the same commands and lists as its pages, behind a token. */
export function deskApiRoutes(api: OpenAPIHono<HttpEnv>, limits: Limits): void {
  api.openAPIRegistry.registerComponent('securitySchemes', 'deskToken', { type: 'http', scheme: 'bearer' })
  api.use(`${BASE}/*`, limitUnknown(limits))
  api.openapi(listRoute, async (c) => {
    const who = await requireRole(c, 'triage')
    const { from, to, ...query } = c.req.valid('query')
    if (query.q && !mayDo(who, 'write') && !isOrderName(query.q)) throw notForTriage()
    const { orders, next } = await listOrders(c.var.parts, {
      ...query,
      from: from && instantOf(from),
      to: to && instantOf(to),
    })
    return c.json({ orders: orders.map(viewInList), next: next ?? null }, 200, PRIVATE)
  })
  api.openapi(orderRoute, async (c) => {
    const who = await requireRole(c, 'triage')
    const order = await orderNamed(c.var.parts, c.req.valid('param').order)
    return c.json(await showWhole(c.var.parts, who, order), 200, PRIVATE)
  })
  for (const { route, make } of COMMANDS) {
    api.openapi(route, (async (c: Context<HttpEnv>) => {
      const { order: id, shipment = '' } = c.req.valid('param' as never) as { order: string; shipment?: string }
      const { 'idempotency-key': key } = c.req.valid('header' as never) as { 'idempotency-key': string }
      const given = c.req.valid('json' as never) as unknown
      await requireRole(c, 'triage')
      const order = await orderNamed(c.var.parts, id)
      const wanted = make(given, order, shipment)
      const who = await requireRole(c, ROLE_OF[wanted.do])
      return c.json(await perform(c.var.parts, who, order.id, wanted, key), 200, PRIVATE)
    }) as never)
  }
}

/** The order with its buyer, where this person may know who that is: then it is written down that they looked. */
export async function showWhole(parts: Parts, who: Person, order: Order) {
  const [customer, events] = await Promise.all([parts.store.customer(order.id), parts.store.events(order.id)])
  if (customer && mayDo(who, 'write')) await recordAccess(parts, who, 'order.seen', { orders: [order.id] })
  return viewWhole(order, customer, events, who)
}

async function orderNamed({ store }: Pick<Parts, 'store'>, id: string): Promise<Order> {
  const order = isOrderId(id) ? await store.order(id) : undefined
  if (!order)
    throw new Refusal({ status: 404, title: 'No such order', detail: `There is no order ${id.slice(0, 60)}.` })
  return order
}

async function perform(
  parts: Parts,
  who: Person,
  id: OrderId,
  wanted: Command,
  key: string,
): Promise<z.output<typeof Done>> {
  const outcome = await runCommand(parts, who, id, wanted, key)
  if (outcome.end === 'unknown')
    throw new Refusal({ status: 404, title: 'No such order', detail: `There is no order ${id}.` })
  if (outcome.end === 'refused') throw new Refusal({ status: 409, title: 'This can not be done', detail: outcome.why })
  const isRepeated = outcome.end === 'repeated'
  return { done: isRepeated ? [] : [...outcome.words], repeated: isRepeated, order: viewInList(outcome.order) }
}

const isOrderName = (q: string): boolean => q.trim().startsWith('ord_') || idBeginning(q.trim()) !== undefined

const notForTriage = () =>
  new Refusal({
    status: 403,
    title: 'Not for this role',
    detail: 'To find orders by who bought them takes the role write.',
  })

const instantOf = (text: string): string => new Date(text).toISOString()

function minorUnits(amount: string, currency: string): number {
  try {
    return toMinorUnits(amount, currency)
  } catch (error) {
    throw new Refusal({ status: 422, title: 'Not an amount', detail: (error as Error).message })
  }
}

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Person } from '../../account/person.ts'
import { ROLE_OF, runCommand } from '../../desk/commands.ts'
import { ORDER_STATES } from '../../desk/orders.ts'
import type { Command } from '../../order/command.ts'
import type { OrderId } from '../../order/id.ts'
import type { Parts } from '../../parts.ts'
import type { HttpEnv } from '../context.ts'
import type { Limits } from '../limit.ts'
import { problemResponse, Refusal } from '../problem.ts'
import { DeskOrder, DeskOrderWhole, viewInList } from './desk-order.ts'
import { COMMANDS, type DeskCommand } from './orders/command.ts'
import { noSuchOrder, orderNamed, ordersFor, showWhole } from './orders/shown.ts'
import { limitUnknown, requireRole } from './who.ts'

const BASE = '/api/v1/desk'
const PRIVATE = { 'cache-control': 'no-store' }
const security = [{ deskToken: [] }]

const OrderParam = z.string().openapi({ param: { name: 'order', in: 'path' }, example: 'ord_0g6k2m9w1x7c3v5b8n4q1z2s' })
const Instant = z.union([z.iso.datetime(), z.iso.date()]).openapi({ example: '2026-11-01' })
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

/** One route a command. */
function routeOf({ path, summary, body }: DeskCommand) {
  const isOfPart = path.includes('{shipment}')
  const params = z.object({ order: OrderParam, ...(isOfPart && { shipment: z.string() }) })
  return createRoute({
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
}

/** The desk for scripts: the same commands and lists as its pages, behind a token. */
export function deskApiRoutes(api: OpenAPIHono<HttpEnv>, limits: Limits): void {
  api.openAPIRegistry.registerComponent('securitySchemes', 'deskToken', { type: 'http', scheme: 'bearer' })
  api.use(`${BASE}/*`, limitUnknown(limits))
  api.openapi(listRoute, async (c) => {
    const who = await requireRole(c, 'triage')
    const { from, to, ...query } = c.req.valid('query')
    const bounds = { from: from && instantOf(from), to: to && instantOf(to) }
    const { orders, next } = await ordersFor(c.var.parts, who, { ...query, ...bounds })
    return c.json({ orders: orders.map(viewInList), next: next ?? null }, 200, PRIVATE)
  })
  api.openapi(orderRoute, async (c) => {
    const who = await requireRole(c, 'triage')
    const order = await orderNamed(c.var.parts, c.req.valid('param').order)
    return c.json(await showWhole(c.var.parts, who, order), 200, PRIVATE)
  })
  for (const one of COMMANDS) {
    api.openapi(routeOf(one), (async (c: Context<HttpEnv>) => {
      const { order: id, shipment = '' } = c.req.valid('param' as never) as { order: string; shipment?: string }
      const { 'idempotency-key': key } = c.req.valid('header' as never) as { 'idempotency-key': string }
      const given = c.req.valid('json' as never) as unknown
      await requireRole(c, 'triage')
      const order = await orderNamed(c.var.parts, id)
      const wanted = one.make(given, order, shipment)
      const who = await requireRole(c, ROLE_OF[wanted.do])
      return c.json(await perform(c.var.parts, who, order.id, wanted, key), 200, PRIVATE)
    }) as never)
  }
}

async function perform(
  parts: Parts,
  who: Person,
  id: OrderId,
  wanted: Command,
  key: string,
): Promise<z.output<typeof Done>> {
  const outcome = await runCommand(parts, who, id, wanted, key)
  if (outcome.end === 'unknown') throw noSuchOrder(id)
  if (outcome.end === 'refused') throw new Refusal({ status: 409, title: 'This can not be done', detail: outcome.why })
  const isRepeated = outcome.end === 'repeated'
  return { done: isRepeated ? [] : [...outcome.words], repeated: isRepeated, order: viewInList(outcome.order) }
}

const instantOf = (text: string): string => new Date(text).toISOString()

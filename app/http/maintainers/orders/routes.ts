import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Person } from '../../../account/person.ts'
import { ROLE_OF, runCommand } from '../../../desk/commands.ts'
import { ORDER_STATES } from '../../../desk/orders.ts'
import { possibleCommands } from '../../../desk/possible.ts'
import type { Order } from '../../../order/order.ts'
import type { HttpEnv } from '../../context.ts'
import { problemResponse, Refusal } from '../../problem.ts'
import { viewInList } from '../desk-order.ts'
import { requireRole } from '../who.ts'
import { ordersPage } from './list-page.ts'
import { type OrderShown, orderPage } from './order-page.ts'
import { commandOf, isForm, OrderForm } from './read-form.ts'
import { noSuchOrder, orderNamed, ordersFor, showWhole } from './shown.ts'

const PRIVATE = { 'cache-control': 'no-store', 'x-robots-tag': 'noindex' }
const KEY_BYTES = 16

const page = { description: 'A page', content: { 'text/html': { schema: z.string() } } }
const refusals = {
  303: { description: 'In a browser: sign in first' },
  401: problemResponse('Nobody is signed in'),
  403: problemResponse('Not for this role, or the form was on another site'),
}
const OrderParam = z.string().openapi({ param: { name: 'order', in: 'path' } })

const listRoute = createRoute({
  method: 'get',
  path: '/desk/orders',
  summary: 'The page of orders, fifty of them; those to pack first',
  request: {
    query: z.object({
      state: z.enum([...ORDER_STATES, '']).optional(),
      q: z.string().max(200).optional(),
      cursor: z.string().max(100).optional(),
    }),
  },
  responses: { 200: page, ...refusals },
})
const orderRoute = createRoute({
  method: 'get',
  path: '/desk/orders/{order}',
  summary: "An order's page, with a form for each thing that can be done",
  request: { params: z.object({ order: OrderParam }) },
  responses: { 200: page, 404: problemResponse('No such order'), ...refusals },
})
const commandRoute = createRoute({
  method: 'post',
  path: '/desk/orders/{order}/{command}',
  summary: 'One of those forms; the page says what was done, or why not',
  request: {
    params: z.object({ order: OrderParam, command: z.string() }),
    body: { required: true, content: { 'application/x-www-form-urlencoded': { schema: OrderForm } } },
  },
  responses: {
    200: page,
    404: problemResponse('No such order, or no such command'),
    409: { ...page, description: 'The order is not so that this can be done' },
    422: { ...page, description: 'Not a command' },
    ...refusals,
  },
})

/** The desk's pages of orders. */
export function deskOrderRoutes(api: OpenAPIHono<HttpEnv>): void {
  api.openapi(listRoute, async (c) => {
    const person = await requireRole(c, 'triage')
    const { state, q = '', cursor } = c.req.valid('query')
    const shown = state || (q.trim() ? 'all' : 'to-pack')
    const { orders, next } = await ordersFor(c.var.parts, person, { state: shown, q, cursor })
    return c.html(ordersPage({ person, state: shown, q, orders: orders.map(viewInList), next }), 200, PRIVATE)
  })
  api.openapi(orderRoute, async (c) => {
    const person = await requireRole(c, 'triage')
    const order = await orderNamed(c.var.parts, c.req.valid('param').order)
    return c.html(await pageOf(c, person, order), 200, PRIVATE)
  })
  // Of who asks again for what a form answered: the address is still there.
  api.get('/desk/orders/:order/:command', (c) => c.redirect(`/desk/orders/${encodeURIComponent(c.req.param('order'))}`))
  api.openapi(commandRoute, async (c) => {
    const { order: id, command } = c.req.valid('param')
    const person = await requireRole(c, 'triage')
    const order = await orderNamed(c.var.parts, id)
    if (!isForm(command)) throw new Refusal({ status: 404, title: 'No such command', detail: 'There is no such form.' })
    const { status, after, answer } = await give(c, order, command, c.req.valid('form'))
    return c.html(await pageOf(c, person, after, answer), status, PRIVATE)
  })
}

async function pageOf(c: Context<HttpEnv>, person: Person, order: Order, answer?: OrderShown['answer']) {
  const { parts } = c.var
  const shown = await showWhole(parts, person, order)
  const customer = shown.customer ? { ...shown.customer, order: order.id } : undefined
  const possible = possibleCommands(order, customer, person)
  const key = Buffer.from(parts.random(KEY_BYTES)).toString('hex')
  return orderPage({ person, order: shown, possible, key, ...(answer && { answer }) })
}

type Answered = { status: 200 | 409 | 422; after: Order; answer: NonNullable<OrderShown['answer']> }

/** Does what the form says, and tells what came of it. */
async function give(c: Context<HttpEnv>, order: Order, command: string, form: OrderForm): Promise<Answered> {
  const wanted = commandOf(command, form, order)
  if ('refused' in wanted) return { status: 422, after: order, answer: { isDone: false, words: [wanted.refused] } }
  const who = await requireRole(c, ROLE_OF[wanted.do])
  const outcome = await runCommand(c.var.parts, who, order.id, wanted, form.key)
  switch (outcome.end) {
    case 'unknown':
      throw noSuchOrder(order.id)
    case 'refused': {
      const after = await orderNamed(c.var.parts, order.id) // it may be another by now: that may be why
      return { status: 409, after, answer: { isDone: false, words: [outcome.why] } }
    }
    case 'repeated':
      return { status: 200, after: outcome.order, answer: { isDone: true, words: ['That was done already, once.'] } }
    case 'done':
      return { status: 200, after: outcome.order, answer: { isDone: true, words: outcome.words } }
  }
}

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { LRUCache } from 'lru-cache'
import { catchUpWithPayment } from '../../catch-up.ts'
import { type Asker, type Sale, startSale } from '../../checkout.ts'
import { downloadsOf } from '../../fulfillment/download.ts'
import { isOrderKey, isReturnKey, orderKey, orderUrl, thanksUrl } from '../../link.ts'
import { receiptJob } from '../../order/caused-jobs.ts'
import { isOrderId, type OrderId } from '../../order/id.ts'
import type { Order } from '../../order/order.ts'
import { cartOf } from '../../order/quote.ts'
import { paymentStatus } from '../../order/status.ts'
import type { Parts } from '../../parts.ts'
import type { HttpEnv } from '../context.ts'
import { addressOf, type Limits } from '../limit.ts'
import { showPage } from '../page.ts'
import { problemResponse, Refusal } from '../problem.ts'
import type { Askers } from './asker.ts'
import { ownPagesOnly, refuseWhileClosed, started } from './checkouts.ts'
import { orderFragment } from './order-page.ts'
import { OrderView, viewOrder } from './order-view.ts'

/** A buyer is waiting, and the page can show what we know meanwhile. */
const RETURN_PAGE_PATIENCE = { timeout: 4_000, maxNetworkRetries: 0 }
/** How often a waiting page may make us ask Stripe about the same order. */
const LOOK_AGAIN_SECONDS = 2
const LOOKS_REMEMBERED_MAX = 10_000

const OrderParam = z.string().openapi({ param: { name: 'order', in: 'path' }, example: 'ord_0g6k2m9w1x7c3v5b8n4q1z2s' })
/** Half a link is what mail programs make of long ones: a missing key is answered like any other wrong one. */
const Key = z.string().max(200).default('').openapi({ description: "The secret in the order's address" })
const responses = {
  404: problemResponse('No such order, or another key'),
  429: problemResponse('Too many wrong keys'),
}

const readRoute = createRoute({
  method: 'get',
  path: '/api/v1/orders/{order}',
  summary: 'An order, as its buyer sees it',
  description: 'While it is unpaid, asking makes the shop look at Stripe, so that a lost webhook does not matter.',
  request: {
    params: z.object({ order: OrderParam }),
    query: z.object({ key: Key, checkout: z.string().max(200).optional() }),
  },
  responses: {
    200: { description: 'The order', content: { 'application/json': { schema: OrderView } } },
    ...responses,
  },
})

const page = { description: 'A page of the shop', content: { 'text/html': { schema: z.string() } } }
const pageRoute = createRoute({
  method: 'get',
  path: '/orders/{order}',
  summary: "The order's own page",
  request: { params: z.object({ order: OrderParam }), query: z.object({ key: Key }) },
  responses: { 200: page, ...responses },
})
const thanksRoute = createRoute({
  method: 'get',
  path: '/thanks',
  summary: 'Where the buyer comes back to from Stripe',
  request: { query: z.object({ order: z.string().default(''), key: Key, checkout: z.string().max(200).optional() }) },
  responses: { 200: page, 302: { description: 'To the same page, by its lasting address' }, ...responses },
})
const retryRoute = createRoute({
  method: 'post',
  path: '/orders/{order}/retry',
  summary: 'Buy again what was not paid, at today’s prices',
  request: { params: z.object({ order: OrderParam }), query: z.object({ key: Key }) },
  responses: {
    303: { description: "To Stripe's payment page" },
    422: problemResponse('Not for sale any more'),
    ...responses,
  },
})

/** The order as JSON and as pages, all of them behind its key. */
export function orderRoutes(api: OpenAPIHono<HttpEnv>, limits: Limits, askers: Askers): void {
  const lastLooks = new LRUCache<OrderId, number>({ max: LOOKS_REMEMBERED_MAX })
  const open = (c: Context<HttpEnv>, ask: Ask) => openOrder(c, limits, lastLooks, ask)

  api.openapi(readRoute, async (c) => {
    const order = await open(c, { ...c.req.valid('param'), ...c.req.valid('query') })
    return c.json(await view(c.var.parts, order), 200, { 'cache-control': 'no-store' })
  })
  api.openapi(pageRoute, async (c) => {
    const order = await open(c, { ...c.req.valid('param'), ...c.req.valid('query') })
    return showOrder(c, 'order', order)
  })
  api.openapi(thanksRoute, async (c) => {
    const { key, checkout = '' } = c.req.valid('query')
    const order = await open(c, c.req.valid('query'))
    const { config } = c.var.parts
    if (isOrderKey(config, order.id, key)) return showOrder(c, 'thanks', order)
    c.header('cache-control', 'no-store')
    return c.redirect(`${thanksUrl(config, order.id)}&checkout=${encodeURIComponent(checkout)}`, 302)
  })
  api.post('/orders/:order/retry', ownPagesOnly)
  api.openapi(retryRoute, async (c) => {
    const order = await open(c, { ...c.req.valid('param'), ...c.req.valid('query') })
    if (paymentStatus(order) !== 'failed') return c.redirect(orderUrl(c.var.parts.config, order.id), 303)
    await refuseWhileClosed(c.var.parts)
    return c.redirect(started(await buyAgain(c.var.parts, order, askers(c))).url, 303)
  })
}

/** One new order however often it is asked for, and the next one when that came to nothing. Its key can't be guessed. */
async function buyAgain(parts: Parts, order: Order, asker: Asker): Promise<Sale> {
  const key = orderKey(parts.config, order.id)
  for (let turn = 1; ; turn += 1) {
    const keys = { retryKey: `again ${turn} ${key}`, replaces: `again ${turn - 1} ${key}` }
    const sale = await startSale(parts, { ...cartOf(order), ...keys }, asker)
    if (sale.end !== 'conflict') return sale
  }
}

type Ask = { order: string; key: string; checkout?: string | undefined }

/** The order that the key opens, caught up with its payment. One answer for every way to be wrong. */
async function openOrder(
  c: Context<HttpEnv>,
  limits: Limits,
  lastLooks: LRUCache<OrderId, number>,
  { order: id, key, checkout }: Ask,
): Promise<Order> {
  const { parts } = c.var
  const isOpen = isOrderId(id) && (isOrderKey(parts.config, id, key) || isReturnKey(parts.config, id, key, parts.now()))
  const order = isOpen ? await parts.store.order(id) : undefined
  if (!order) {
    await limits.wrongKey(addressOf(c))
    const detail = 'There is no such order, or the link is not whole. Copy all of it from your mail.'
    throw new Refusal({ status: 404, title: 'No such order', detail })
  }
  const object = order.checkout ?? (checkout?.startsWith('cs_') ? checkout : undefined)
  if (!object || paymentStatus(order) !== 'pending' || !isLookDue(lastLooks, order.id, parts.now())) return order
  if (!(await limits.mayLook(addressOf(c)))) return order
  await catchUpWithPayment(parts, object, { by: 'return-page' }, RETURN_PAGE_PATIENCE).catch((error: unknown) => {
    parts.log.warn({ order: order.id, err: error }, 'Stripe does not answer; the page shows what we know')
  })
  return (await parts.store.order(order.id)) ?? order
}

function isLookDue(lastLooks: LRUCache<OrderId, number>, order: OrderId, now: Date): boolean {
  if (now.getTime() - (lastLooks.get(order) ?? 0) < LOOK_AGAIN_SECONDS * 1000) return false
  lastLooks.set(order, now.getTime())
  return true
}

async function view(parts: Parts, order: Order) {
  const [downloads, receipt] = await Promise.all([downloadsOf(parts, order), parts.store.job(receiptJob(order.id))])
  return viewOrder(order, downloads, receipt, parts.config, parts.now())
}

async function showOrder(c: Context<HttpEnv>, shell: 'order' | 'thanks', order: Order) {
  const { parts } = c.var
  const retryUrl = `/orders/${order.id}/retry?key=${orderKey(parts.config, order.id)}`
  const content = await showPage(parts, shell, orderFragment(await view(parts, order), retryUrl))
  return c.html(content, 200, { 'cache-control': 'no-store' })
}

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { type Sale, startSale } from '../../checkout.ts'
import { CART_LINES_MAX, LINE_QUANTITY_MAX } from '../../order/quote.ts'
import type { HttpEnv } from '../context.ts'
import { addressOf } from '../limit.ts'
import { problemResponse, Refusal } from '../problem.ts'
import type { Askers } from './asker.ts'
import { closedProblem } from './closed.ts'

/** It leads to the order, so nobody may guess it. */
const RandomKey = z.uuidv4('a random UUID (version 4), such as crypto.randomUUID() makes: it leads to the order')
const Price = z
  .string()
  .regex(/^[a-z0-9-]{1,60}(\/[a-z0-9-]{1,60})?$/, 'a price id, such as sticker-pack or shirt/black-m')
const Quantity = z.int().min(1).max(LINE_QUANTITY_MAX)
const Amount = z
  .string()
  .max(12)
  .openapi({ description: 'What the buyer chose to pay, as decimal text', example: '5.00' })

const common = {
  currency: z
    .string()
    .regex(/^[a-z]{3}$/)
    .optional()
    .openapi({ description: "Default: the shop's first", example: 'eur' }),
  shipTo: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional()
    .openapi({ description: 'Country, when something is shipped', example: 'DE' }),
  email: z.email().max(254).optional().openapi({ description: 'Only where nothing is to be paid' }),
}

export const CheckoutRequest = z
  .strictObject({
    lines: z
      .array(z.strictObject({ price: Price, quantity: Quantity, amount: Amount.optional() }))
      .min(1)
      .max(CART_LINES_MAX),
    ...common,
    replaces: RandomKey.optional().openapi({
      description:
        'The `Idempotency-Key` of an earlier try that was not paid, with the same `Browser-Key`: its order is given up for this one',
    }),
  })
  .openapi('CheckoutRequest')

/** One thing, bought without scripts. A form sends every field it has, so an empty one counts as missing. */
const empty = (value: unknown) => (value === '' ? undefined : value)
const CheckoutForm = z.object({
  price: Price,
  quantity: z.preprocess((value) => (empty(value) === undefined ? 1 : Number(value)), Quantity),
  amount: z.preprocess(empty, Amount.optional()),
  currency: z.preprocess(empty, common.currency),
  shipTo: z.preprocess(empty, common.shipTo),
  email: z.preprocess(empty, common.email),
})

const CheckoutAnswer = z
  .object({
    order: z.string().openapi({ example: 'ord_0g6k2m9w1x7c3v5b8n4q1z2s' }),
    url: z.url().openapi({ description: "Stripe's payment page, or the order's page when nothing is to be paid" }),
  })
  .openapi('Checkout')

const route = createRoute({
  method: 'post',
  path: '/api/v1/checkouts',
  summary: 'Start a sale',
  description:
    'Prices, stock and shipping are decided here, from the catalog. With an `Idempotency-Key`, a repeat gives the same order: to the same `Browser-Key`, or where there is none, to the same address. A form (`application/x-www-form-urlencoded`: price, quantity, amount, currency, shipTo, email) is answered with a redirect.',
  request: {
    headers: z.object({ 'idempotency-key': RandomKey.optional(), 'browser-key': RandomKey.optional() }),
    body: { required: true, content: { 'application/json': { schema: CheckoutRequest } } },
  },
  responses: {
    201: { description: 'The order, and where to pay it', content: { 'application/json': { schema: CheckoutAnswer } } },
    303: { description: 'To a form: the same, as a redirect' },
    403: problemResponse('Sent by a page of another site'),
    409: problemResponse('The idempotency key belongs to another cart, or to a try of long ago'),
    422: problemResponse('Something in the cart cannot be bought'),
    429: problemResponse('Too many checkouts'),
    502: problemResponse('Stripe does not answer'),
    503: problemResponse('The shop is closed, or not open yet'),
  },
})

/** POST /api/v1/checkouts: a cart as JSON, or one thing as a plain form. */
export function checkoutRoutes(api: OpenAPIHono<HttpEnv>, askers: Askers): void {
  api.post('/api/v1/checkouts', ownPagesOnly)
  // A form has other fields than the JSON that the route describes, so it is taken before.
  api.post('/api/v1/checkouts', async (c, next) => {
    await refuseWhileClosed(c.var.parts)
    if (!isForm(c)) return next()
    const form = CheckoutForm.safeParse(await c.req.parseBody())
    if (!form.success) throw unreadable(form.error)
    const { price, quantity, amount, ...rest } = form.data
    const sale = await startSale(c.var.parts, { ...rest, lines: [{ price, quantity, amount }] }, askers(c))
    return c.redirect(started(sale, `/products/${price.split('/')[0]}/`).url, 303)
  })
  api.openapi(route, async (c) => {
    const { 'idempotency-key': key, 'browser-key': browser = addressOf(c) } = c.req.valid('header')
    const { replaces, ...cart } = c.req.valid('json')
    const own = (one: string | undefined) => one && `${one} ${browser}`
    const request = { ...cart, retryKey: own(key), replaces: own(replaces) }
    const { order, url } = started(await startSale(c.var.parts, request, askers(c)))
    return c.json({ order, url }, 201)
  })
}

/**
 * Refuses what a page of another site sent: its visitors' browsers would order, and mail, in their name. (Our pages send no referrer,
 * so `Origin` may be null; then the browser says in `Sec-Fetch-Site` where it is from.)
 */
export const ownPagesOnly: MiddlewareHandler<HttpEnv> = async (c, next) => {
  const { SHOP_URL, STOREFRONT_URL } = c.var.parts.config
  const [origin, site] = [c.req.header('origin'), c.req.header('sec-fetch-site')]
  const isOurs = [SHOP_URL, STOREFRONT_URL].some((url) => new URL(url).origin === origin)
  const isForeign = site === undefined ? origin !== undefined && origin !== 'null' : site === 'cross-site'
  if (isOurs || site === 'same-origin' || !isForeign) return next()
  const detail = 'Another site sent this. Open the shop itself, and buy it there.'
  throw new Refusal({ status: 403, title: 'Not from here', detail })
}

/** Nothing is sold while the shop is closed, and that is what its buyers are told. Throws a Refusal. */
export async function refuseWhileClosed(parts: Parameters<typeof closedProblem>[0]): Promise<void> {
  const closed = await closedProblem(parts)
  if (closed) throw new Refusal(closed)
}

/** The sale that was started; throws a Refusal that says why it was not, and leads back to where it can be mended. */
export function started(sale: Sale, back?: string): Extract<Sale, { end: 'started' }> {
  if (sale.end === 'started') return sale
  if (sale.end === 'conflict') {
    const detail =
      'This was asked for before: with another cart, too long ago, or it came to nothing. Ask again, with a new idempotency key.'
    throw new Refusal({ status: 409, title: 'Used before', detail })
  }
  const detail = sale.problems.map((one) => one.detail).join(' ')
  throw new Refusal({
    status: 422,
    title: 'This cannot be bought as it is',
    detail,
    errors: sale.problems,
    ...(back && { back }),
  })
}

/** The refusal of input that does not fit its schema, naming the fields. */
export function unreadable(error: z.core.$ZodError): Refusal {
  const detail = error.issues.map((issue) => `${issue.path.join('.') || 'The body'}: ${issue.message}.`).join(' ')
  return new Refusal({ status: 422, title: 'This is not what was expected', detail })
}

const isForm = (c: Context): boolean =>
  (c.req.header('content-type') ?? '').startsWith('application/x-www-form-urlencoded')

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type NotGiven, openDownload } from '../fulfillment/download.ts'
import { checkDownload } from '../link.ts'
import { isOrderId } from '../order/id.ts'
import { tooMany } from './checkout.ts'
import type { HttpEnv } from './context.ts'
import { addressOf, type Limits } from './limit.ts'
import { problem, problemResponse } from './problem.ts'

const route = createRoute({
  method: 'get',
  path: '/downloads/{order}/{asset}',
  summary: 'A file that was bought',
  description:
    'Sends the buyer on to a short-lived address of GitHub, a fresh one each time, so a broken download can go on.',
  request: {
    params: z.object({ order: z.string(), asset: z.string().max(60) }),
    // Half a link is what mail programs make of long ones: what is missing is answered like what is wrong.
    query: z.object({
      expires: z.coerce.number().int().min(0).default(0),
      signature: z.string().max(200).default(''),
    }),
  },
  responses: {
    200: { description: 'The file itself, where GitHub gives it straight' },
    302: { description: 'To the file at GitHub' },
    404: problemResponse('A link that is not whole'),
    410: problemResponse('A link that has expired, or a file that the order no longer entitles to'),
    503: problemResponse('GitHub does not answer'),
  },
})

/** Nothing on the way may keep the address that we pass on. */
const PRIVATE = { 'cache-control': 'no-store' }

/** Our link → checked → GitHub asked for a fresh address → the buyer sent there. */
export function downloadRoutes(api: OpenAPIHono<HttpEnv>, limits: Limits): void {
  api.openapi(route, async (c) => {
    const { parts } = c.var
    const { order: id, asset } = c.req.valid('param')
    const link = isOrderId(id)
      ? checkDownload(parts.config, { order: id, asset, ...c.req.valid('query') }, parts.now())
      : 'forged'
    if (link === 'forged') return notWhole(c, limits) as never
    if (link === 'expired') return gone(c, 'This link has expired. Your order page has a fresh one.') as never
    const order = isOrderId(id) ? await parts.store.order(id) : undefined
    if (!order) return gone(c, NOT_ENTITLED) as never
    const file = await openDownload(parts, order, asset)
    if ('redirect' in file) return c.body(null, 302, { ...PRIVATE, location: file.redirect })
    if ('stream' in file) return c.body(file.stream, 200, { ...file.headers, ...PRIVATE }) as never
    if (file.refused === 'not-entitled') return gone(c, NOT_ENTITLED) as never
    parts.log.warn({ order: id, asset, why: file.refused, reason: file.reason }, 'download not given')
    return notNow(c, file) as never
  })
}

const NOT_ENTITLED = 'This order does not, or no longer, entitle to this file.'

async function notWhole(c: Context<HttpEnv>, limits: Limits): Promise<Response> {
  const wait = await limits.wrongKey(addressOf(c))
  if (wait) return tooMany(c, wait)
  const detail = 'This link is not whole. Copy all of it from your mail, or go to your order page.'
  return problem(c, { status: 404, title: 'No such download', detail })
}

const gone = (c: Context<HttpEnv>, detail: string): Promise<Response> =>
  problem(c, { status: 410, title: 'No longer here', detail })

function notNow(c: Context<HttpEnv>, file: Exclude<NotGiven, { refused: 'not-entitled' }>): Promise<Response> {
  const detail =
    file.refused === 'missing'
      ? 'The file is not where it should be. The maintainers can see that; your download waits for you.'
      : 'GitHub, where the file lies, does not answer just now. Your download is safe; try again in a while.'
  return problem(c, { status: 503, title: 'Not just now', detail, retryAfterSeconds: file.retryAfterSeconds })
}

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type NotGiven, openDownload } from '../../fulfillment/download.ts'
import { checkDownload } from '../../link.ts'
import { isOrderId } from '../../order/id.ts'
import type { HttpEnv } from '../context.ts'
import { addressOf, type Limits } from '../limit.ts'
import { problemResponse, Refusal } from '../problem.ts'

const route = createRoute({
  method: 'get',
  path: '/downloads/{order}/{asset}',
  summary: 'A file that was bought',
  description:
    'Sends the buyer on to a short-lived address of GitHub, which works for three minutes at least; a broken download goes on by way of this one.',
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
    429: problemResponse('Too many tries'),
    503: problemResponse('GitHub does not answer'),
  },
})

/** Nothing on the way may keep the address that we pass on. */
const PRIVATE = { 'cache-control': 'no-store' }

/** Our link → checked → an address of GitHub's, asked for where none is known → the buyer sent there. */
export function downloadRoutes(api: OpenAPIHono<HttpEnv>, limits: Limits): void {
  api.openapi(route, async (c) => {
    const { parts } = c.var
    const { order: id, asset } = c.req.valid('param')
    const link = isOrderId(id)
      ? checkDownload(parts.config, { order: id, asset, ...c.req.valid('query') }, parts.now())
      : 'forged'
    if (link === 'forged') await notWhole(c, limits)
    if (link === 'expired') throw gone('This link has expired. Your order page has a fresh one.')
    const order = isOrderId(id) ? await parts.store.order(id) : undefined
    if (!order) throw gone(NOT_ENTITLED)
    const mayAsk = () => limits.file(addressOf(c), `${id} ${asset}`)
    const file = await openDownload({ ...parts, mayAsk }, order, asset)
    if ('redirect' in file) return c.body(null, 302, { ...PRIVATE, location: file.redirect })
    if ('stream' in file) return c.body(file.stream, 200, { ...file.headers, ...PRIVATE })
    if (file.refused === 'not-entitled') throw gone(NOT_ENTITLED)
    parts.log.warn({ order: id, asset, why: file.refused, reason: file.reason }, 'download not given')
    throw notNow(file)
  })
}

const NOT_ENTITLED = 'This order does not, or no longer, entitle to this file.'

async function notWhole(c: Context<HttpEnv>, limits: Limits): Promise<never> {
  await limits.wrongKey(addressOf(c))
  const detail = 'This link is not whole. Copy all of it from your mail, or go to your order page.'
  throw new Refusal({ status: 404, title: 'No such download', detail })
}

const gone = (detail: string) => new Refusal({ status: 410, title: 'No longer here', detail })

type NotNow = Exclude<NotGiven, { refused: 'not-entitled' }>
const WHY_NOT_NOW: Record<NotNow['refused'], string> = {
  missing: 'The file is not where it should be. The maintainers can see that; your download waits for you.',
  changed: 'The file is being checked by the maintainers. Your download waits for you; try again in a while.',
  unavailable: 'GitHub, where the file lies, does not answer just now. Your download is safe; try again in a while.',
}

function notNow(file: NotNow): Refusal {
  const detail = WHY_NOT_NOW[file.refused]
  return new Refusal({ status: 503, title: 'Not just now', detail, retryAfterSeconds: file.retryAfterSeconds })
}

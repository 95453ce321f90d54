import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { LRUCache } from 'lru-cache'
import { isPreviewKey } from '../../link.ts'
import { drawPreview } from '../../live/preview.ts'
import type { HttpEnv } from '../context.ts'
import { addressOf, type Limits } from '../limit.ts'
import { problemResponse, Refusal } from '../problem.ts'

const route = createRoute({
  method: 'get',
  path: '/previews/{tree}/{picture}',
  summary: "How a product's card will look",
  description: 'The picture that the check of a pull request links to: an SVG, drawn from the catalog as it would be.',
  request: {
    params: z.object({
      tree: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/),
      picture: z
        .string()
        .max(64)
        .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*\.svg$/),
    }),
    query: z.object({ key: z.string().max(200).default('') }),
  },
  responses: {
    200: { description: 'The picture', content: { 'image/svg+xml': { schema: z.string() } } },
    404: problemResponse('A link that is not whole, or a picture of something long gone'),
    503: problemResponse('Too many pictures are being drawn'),
  },
})

/** A name stands for one content for ever, so caches may keep it; nothing in it may load or run anything. */
const HEADERS = {
  'content-type': 'image/svg+xml; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
  'cache-control': 'public, max-age=86400, immutable',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
}

/** Pictures that are waited for at once; a check shows eight. */
const WAITING_MAX = 40
/** Pictures kept in memory, of some hundred kilobytes each at most. */
const KEPT_MAX = 50
const BUSY_RETRY_SECONDS = 10

/**
 * Draws one picture at a time, and none twice while it is kept: strangers choose what is drawn, and may ask for it without end.
 * Throws a Refusal when too many wait.
 */
function createQueue() {
  const kept = new LRUCache<string, Promise<string | undefined>>({ max: KEPT_MAX })
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return (name: string, draw: () => Promise<string | undefined>): Promise<string | undefined> => {
    const known = kept.get(name)
    if (known) return known
    if (waiting >= WAITING_MAX) throw new Refusal(BUSY)
    waiting += 1
    const drawn = last.then(draw).finally(() => {
      waiting -= 1
    })
    kept.set(name, drawn)
    const forget = () => kept.delete(name)
    last = drawn.then((picture) => picture ?? forget(), forget) // who asked for it is told what went wrong
    return drawn
  }
}

const BUSY = {
  ...{ status: 503, title: 'Too many pictures at once', retryAfterSeconds: BUSY_RETRY_SECONDS },
  detail: 'Please try again in a moment.',
}

/** A link from a check run → checked → the card drawn. */
export function previewRoutes(api: OpenAPIHono<HttpEnv>, limits: Limits): void {
  const draw = createQueue()
  api.openapi(route, async (c) => {
    const { tree, picture } = c.req.valid('param')
    const product = picture.slice(0, -'.svg'.length)
    if (!isPreviewKey(c.var.parts.config, tree, product, c.req.valid('query').key)) {
      await limits.wrongKey(addressOf(c))
      throw gone('This link is not whole. Follow it from the pull request.')
    }
    const drawn = await draw(`${tree}/${product}`, () => drawPreview(c.var.parts.config, tree, product))
    if (!drawn) throw gone('This picture is no longer kept. Check the pull request again to have a new one.')
    return c.body(drawn, 200, HEADERS)
  })
}

const gone = (detail: string) => new Refusal({ status: 404, title: 'No such picture', detail })

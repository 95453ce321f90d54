import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { receiveGitHubDelivery, receiveStripeDelivery } from '../../intake.ts'
import type { HttpEnv } from '../context.ts'
import { limitBody, problemResponse, Refusal } from '../problem.ts'

export const WEBHOOK_BODY_BYTES_MAX = 1024 * 1024
/** A push names all its commits and their files; GitHub itself sends nothing above this. */
export const PUSH_BODY_BYTES_MAX = 25 * 1024 * 1024
/** Bodies that may be large are held in memory before anybody knows who sent them; what GitHub sends in vain, our sweep asks for. */
export const LARGE_BODIES_AT_ONCE_MAX = 4
const BUSY_RETRY_SECONDS = 15

const stripe = createRoute({
  method: 'post',
  path: '/webhooks/stripe',
  summary: 'A delivery of Stripe’s',
  description: 'Snapshot and thin events. Kept durably with its job, then answered; a repeat is answered the same.',
  request: { headers: z.object({ 'stripe-signature': z.string().optional() }) },
  responses: {
    204: { description: 'Kept, now or before' },
    400: problemResponse('Not genuine'),
    413: problemResponse('Too large'),
    503: problemResponse('It could not be kept: send it again'),
  },
})

const github = createRoute({
  method: 'post',
  path: '/webhooks/github',
  summary: 'A delivery of GitHub’s',
  description:
    'Kept durably with the work it causes, then answered; a delivery with a known GUID is answered the same.',
  request: {
    headers: z.object({
      'x-github-delivery': z.string().optional(),
      'x-github-event': z.string().optional(),
      'x-hub-signature-256': z.string().optional(),
    }),
  },
  responses: {
    204: { description: 'Kept, now or before' },
    401: problemResponse('Not genuine'),
    413: problemResponse('Too large'),
    503: problemResponse('It could not be kept'),
  },
})

/** POST /webhooks/stripe and /webhooks/github: genuine → kept → answered. */
export function webhookRoutes(api: OpenAPIHono<HttpEnv>): void {
  const small = limitBody(WEBHOOK_BODY_BYTES_MAX)
  const large = fewAtOnce(limitBody(PUSH_BODY_BYTES_MAX))
  api.use('/webhooks/*', (c, next) => {
    const mayBeLarge = !(Number(c.req.header('content-length')) <= WEBHOOK_BODY_BYTES_MAX)
    return mayBeLarge && c.req.header('x-github-event') === 'push' ? large(c, next) : small(c, next)
  })
  api.openapi(stripe, async (c) => {
    const received = await receiveStripeDelivery(c.var.parts, await c.req.text(), c.req.header('stripe-signature'))
    if (received === 'forged') throw new Refusal(NOT_GENUINE)
    return c.body(null, 204)
  })
  api.openapi(github, async (c) => {
    const received = await receiveGitHubDelivery(c.var.parts, await c.req.text(), {
      id: c.req.header('x-github-delivery'),
      event: c.req.header('x-github-event'),
      signature: c.req.header('x-hub-signature-256'),
    })
    if (received === 'forged') throw new Refusal(NOT_FROM_GITHUB)
    return c.body(null, 204)
  })
}

/** Lets only so many requests in at once; the server ends those that take their time. */
function fewAtOnce(within: MiddlewareHandler): MiddlewareHandler {
  let inside = 0
  return async (c, next) => {
    if (inside >= LARGE_BODIES_AT_ONCE_MAX) throw new Refusal(TOO_MANY_LARGE)
    inside += 1
    try {
      return await within(c, next)
    } finally {
      inside -= 1
    }
  }
}

const TOO_MANY_LARGE = {
  ...{ status: 503, title: 'In a moment', retryAfterSeconds: BUSY_RETRY_SECONDS },
  detail: 'Too many large bodies are being read at once.',
}

const NOT_FROM_GITHUB = {
  status: 401,
  title: 'Not genuine',
  detail: 'The signature does not match the body. See GITHUB_WEBHOOK_SECRET, and the secret of the App at GitHub.',
}

const NOT_GENUINE = {
  status: 400,
  title: 'Not genuine',
  detail: 'The signature does not match the body, or is older or newer than five minutes. See STRIPE_WEBHOOK_SECRET.',
}

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { receiveGitHubDelivery, receiveStripeDelivery } from '../../intake.ts'
import { limitBody } from '../body.ts'
import type { HttpEnv } from '../context.ts'
import { problemResponse, Refusal } from '../problem.ts'

export const WEBHOOK_BODY_BYTES_MAX = 1024 * 1024
/** A push names all its commits and their files; GitHub itself sends nothing above this. */
export const PUSH_BODY_BYTES_MAX = 25 * 1024 * 1024

const stripe = createRoute({
  method: 'post',
  path: '/webhooks/stripe',
  summary: 'A delivery of Stripe’s',
  description:
    'Snapshot and thin events. Kept durably with its job, then answered; a repeat is answered the same, and so is what causes nothing.',
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
  description: 'Kept durably with the work it causes, then answered; a body that is known is answered the same.',
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
  api.use('/webhooks/stripe', (c, next) => {
    if (!c.req.header('stripe-signature')) throw new Refusal(NOT_GENUINE)
    return limitBody(WEBHOOK_BODY_BYTES_MAX)(c, next)
  })
  api.use('/webhooks/github', (c, next) => {
    if (!c.req.header('x-hub-signature-256')) throw new Refusal(NOT_FROM_GITHUB)
    const isPush = c.req.header('x-github-event') === 'push'
    return limitBody(isPush ? PUSH_BODY_BYTES_MAX : WEBHOOK_BODY_BYTES_MAX)(c, next)
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

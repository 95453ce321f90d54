import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { receiveDelivery } from '../intake.ts'
import type { HttpEnv } from './context.ts'
import { limitBody, problemResponse, Refusal } from './problem.ts'

export const WEBHOOK_BODY_BYTES_MAX = 1024 * 1024

const route = createRoute({
  method: 'post',
  path: '/webhooks/stripe',
  summary: 'A knock of Stripe’s',
  description: 'Snapshot and thin events. Kept durably with its job, then answered; a repeat is answered the same.',
  request: { headers: z.object({ 'stripe-signature': z.string().optional() }) },
  responses: {
    204: { description: 'Kept, now or before' },
    400: problemResponse('Not genuine'),
    413: problemResponse('Too large'),
    503: problemResponse('It could not be kept: send it again'),
  },
})

/** POST /webhooks/stripe: genuine → kept → answered. */
export function webhookRoutes(api: OpenAPIHono<HttpEnv>): void {
  api.use('/webhooks/*', limitBody(WEBHOOK_BODY_BYTES_MAX))
  api.openapi(route, async (c) => {
    const received = await receiveDelivery(c.var.parts, await c.req.text(), c.req.header('stripe-signature'))
    if (received === 'forged') throw new Refusal(NOT_GENUINE)
    return c.body(null, 204)
  })
}

const NOT_GENUINE = {
  status: 400,
  title: 'Not genuine',
  detail: 'The signature does not match the body, or is older or newer than five minutes. See STRIPE_WEBHOOK_SECRET.',
}

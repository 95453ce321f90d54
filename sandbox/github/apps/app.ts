import type { RestEndpointMethodTypes } from '@octokit/rest'
import { Hono } from 'hono'
import { z } from 'zod'
import { requireApp } from '../access.ts'
import { type GitHubEnv, instant, notFound, originOf } from '../answer.ts'
import { bodyOf } from '../body.ts'
import type { GitHubState } from '../state.ts'
import type { App, Delivery, Hook } from './app-state.ts'
import { appJson } from './app-view.ts'
import { deliveriesPage } from './delivery-page.ts'
import { redeliver } from './webhooks.ts'

type DeliveryJson = RestEndpointMethodTypes['apps']['getWebhookDelivery']['response']['data']
type DeliveryItemJson = RestEndpointMethodTypes['apps']['listWebhookDeliveries']['response']['data'][number]

const HookRequest = z.object({
  url: z.url().optional(),
  content_type: z.enum(['json', 'form']).optional(),
  secret: z.string().optional(),
  insecure_ssl: z.union([z.enum(['0', '1']), z.literal(0), z.literal(1)]).optional(),
})
const FAILED_FROM = 400

/** The App that asks: who it is, where its webhooks go, and how their deliveries went. */
export function appRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const deliveriesOf = (app: App) => state.apps.deliveries.filter((delivery) => delivery.app === app.id).reverse()
  const deliveryOf = (app: App, id: string) => {
    const delivery = deliveriesOf(app).find((one) => largeId(one.id) === id)
    if (!delivery) throw notFound()
    return delivery
  }

  routes.get('/app', (c) => c.json(appJson(state, requireApp(c.var.who), originOf(c))))
  routes.get('/app/hook/config', (c) => c.json(hookJson(requireApp(c.var.who).hook)))
  routes.patch('/app/hook/config', async (c) => {
    const { hook } = requireApp(c.var.who)
    const { url, content_type, secret, insecure_ssl } = await bodyOf(c, HookRequest)
    if (url !== undefined) Object.assign(hook, { url, active: true })
    if (content_type) hook.contentType = content_type
    if (secret !== undefined) hook.secret = secret
    if (insecure_ssl !== undefined) hook.insecureSsl = String(insecure_ssl) === '1' ? '1' : '0'
    return c.json(hookJson(hook))
  })
  routes.get('/app/hook/deliveries', (c) => {
    const wanted = c.req.query('status')
    const all = deliveriesOf(requireApp(c.var.who)).filter(
      ({ statusCode }) => !wanted || (wanted === 'failure') === statusCode >= FAILED_FROM,
    )
    return c.json(deliveriesPage(c, all).map(itemJson))
  })
  routes.get('/app/hook/deliveries/:id', (c) => {
    return c.json(deliveryJson(deliveryOf(requireApp(c.var.who), c.req.param('id'))))
  })
  routes.post('/app/hook/deliveries/:id/attempts', (c) => {
    redeliver(state, deliveryOf(requireApp(c.var.who), c.req.param('id')))
    return c.json({}, 202)
  })
  return routes
}

const HIDDEN_SECRET = '********'

const hookJson = ({ url, contentType, secret, insecureSsl }: Hook) => ({
  content_type: contentType,
  insecure_ssl: insecureSsl,
  ...(secret ? { secret: HIDDEN_SECRET } : {}),
  url,
})

/** GitHub's ids of deliveries are past 2^53: whoever reads them as a number reads another's. */
const largeId = (id: number): string => String(2n ** 60n + BigInt(id))

/** A number in JSON that is too large for one here. Node has this, and TypeScript does not know it yet. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => number }

const itemJson = (delivery: Delivery): DeliveryItemJson => ({
  id: rawJson(largeId(delivery.id)),
  guid: delivery.guid,
  delivered_at: instant(delivery.at),
  redelivery: delivery.redelivery,
  duration: delivery.duration,
  status: delivery.status,
  status_code: delivery.statusCode,
  event: delivery.event,
  action: delivery.action,
  installation_id: delivery.installation,
  repository_id: delivery.repository,
  throttled_at: null,
})

/** A delivery with all that was said: as the App reads it, and a test. */
export const deliveryJson = (delivery: Delivery): DeliveryJson =>
  ({
    ...itemJson(delivery),
    url: delivery.url,
    request: { headers: delivery.request.headers, payload: JSON.parse(delivery.request.payload) },
    response: delivery.response,
  }) as DeliveryJson

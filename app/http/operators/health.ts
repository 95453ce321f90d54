import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { isSameText } from '../../link.ts'
import type { Parts } from '../../parts.ts'
import type { HttpEnv } from '../context.ts'
import { problemResponse, Refusal } from '../problem.ts'

const text = (description: string) => ({ description, content: { 'text/plain': { schema: z.string() } } })
/** The event loop's delay is looked at so often. At 10 (what `prom-client` does), this was most of what an idle shop did. */
const EVENT_LOOP_MILLISECONDS = 200
const DURATION_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const alive = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'Whether the process runs',
  responses: { 200: text('It does') },
})
const ready = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'Whether it can serve: the store answers, and what is for sale is shown',
  description:
    'A shop that is closed, or not open yet, is ready too: buyers still have their orders, and GitHub must reach it. What is wrong around it stands below, a line each.',
  responses: { 200: text('It can; and whether the shop is open'), 503: text('Not yet, or not any more') },
})
const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  summary: 'Numbers for Prometheus',
  description: 'Live, it needs `Authorization: Bearer METRICS_TOKEN`; without that variable there is nothing here.',
  responses: { 200: text('Numbers'), 404: problemResponse('No or another token') },
})

/** Times every request by its route, never by its address: addresses hold keys. */
export type Metrics = { registry: Registry; timing: MiddlewareHandler<HttpEnv> }

/** The process's numbers and the store's, read when they are asked for. */
export function createMetrics(parts: Pick<Parts, 'store'>): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_MILLISECONDS })
  const durations = new Histogram({
    name: 'tagsale_http_request_seconds',
    help: 'Time to answer, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers: [registry],
  })
  new Gauge({
    name: 'tagsale_store',
    help: 'What the store holds',
    labelNames: ['what'],
    registers: [registry],
    async collect() {
      for (const [what, count] of Object.entries(await parts.store.counts())) this.set({ what }, count)
    },
  })
  const timing: MiddlewareHandler<HttpEnv> = async (c, next) => {
    const stop = durations.startTimer()
    await next()
    stop({ method: c.req.method, route: routePath(c), status: c.res.status })
  }
  return { registry, timing }
}

/** /healthz, /readyz and /metrics. */
export function healthRoutes(api: OpenAPIHono<HttpEnv>, { registry }: Metrics): void {
  api.openapi(alive, (c) => c.text('ok'))
  api.openapi(ready, async (c) => {
    const { parts } = c.var
    const state = await stateOf(parts).catch(() => 'not ready')
    return c.text([state, ...parts.notices.all()].join('\n'), state === 'not ready' ? 503 : 200)
  })
  api.openapi(metricsRoute, async (c) => {
    const { METRICS_TOKEN, TAGSALE_MODE: mode } = c.var.parts.config
    const isAllowed =
      mode === 'sandbox' ||
      (METRICS_TOKEN && isSameText(c.req.header('authorization') ?? '', `Bearer ${METRICS_TOKEN}`))
    if (!isAllowed)
      throw new Refusal({ status: 404, title: 'Nothing here', detail: 'There is nothing at this address.' })
    return c.text(await registry.metrics(), 200)
  })
}

/** Rejects when the store does not answer. */
async function stateOf({ store, shop }: Pick<Parts, 'store' | 'shop'>) {
  const { live, closed } = await store.shop()
  if (shop.isOpen()) return (await shop.storefront()) ? 'ready' : 'not ready'
  if (!live) return 'ready; the shop is not open yet'
  return closed ? 'ready; the shop is closed' : 'not ready'
}

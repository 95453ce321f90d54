import { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { requestId } from 'hono/request-id'
import { routePath } from 'hono/route'
import { secureHeaders } from 'hono/secure-headers'
import type { Config } from '../config.ts'
import type { Parts } from '../parts.ts'
import { StoreFullError, StoreUnavailableError } from '../store/refusal.ts'
import { BODIES_BYTES_MAX, limitBody } from './body.ts'
import { createAskers } from './buyers/asker.ts'
import { checkoutRoutes, unreadable } from './buyers/checkouts.ts'
import { downloadRoutes } from './buyers/downloads.ts'
import { orderRoutes } from './buyers/orders.ts'
import { shopRoutes } from './buyers/shop-status.ts'
import { nothingHere, storefrontRoutes } from './buyers/storefront.ts'
import type { HttpEnv } from './context.ts'
import { createHeld } from './held.ts'
import { createLimits, type Limits, watchProxies } from './limit.ts'
import { deskRoutes } from './maintainers/desk.ts'
import { deskApiRoutes } from './maintainers/desk-api.ts'
import { previewRoutes } from './maintainers/previews.ts'
import { docsRoutes } from './operators/docs.ts'
import { createMetrics, healthRoutes } from './operators/health.ts'
import { webhookRoutes } from './outside/webhooks.ts'
import { problem, Refusal } from './problem.ts'

export const API_BODY_BYTES_MAX = 64 * 1024
const BUSY_RETRY_SECONDS = 2
const FULL_RETRY_SECONDS = 300
/** Pictures shown on GitHub's pages: they bring headers of their own, and stricter ones. */
const PREVIEWS = '/previews/'
const STRIPE_PAGE = 'https://checkout.stripe.com'

/** Every route, one error shape, and what holds for all of them. */
export function createHttp(parts: Parts): OpenAPIHono<HttpEnv> {
  const api = new OpenAPIHono<HttpEnv>({
    defaultHook: (result) => {
      if (!result.success) throw unreadable(result.error)
    },
  })
  const limits = createLimits(parts.config, parts.store.limiter)
  const metrics = createMetrics(parts)
  const headers = securityHeaders(parts.config)
  api.use(requestId(), withParts(parts), watchProxies, logging, metrics.timing)
  api.use((c, next) => (c.req.path.startsWith(PREVIEWS) ? next() : headers(c, next)))
  api.use(
    '/api/*',
    cors({
      origin: new URL(parts.config.STOREFRONT_URL).origin,
      allowHeaders: ['content-type', 'idempotency-key', 'browser-key'],
      maxAge: 600,
    }),
  )
  api.use('/api/*', limitBody(API_BODY_BYTES_MAX))
  healthRoutes(api, metrics)
  mountRoles(api, parts.config, limits)
  api.notFound(nothingHere)
  api.onError((error, c) => {
    const refusal = refusalOf(error)
    if (refusal !== error && refusal.input.status >= 500)
      parts.log.error({ request: c.var.requestId, route: routePath(c), err: error }, 'request failed')
    return problem(c, refusal.input)
  })
  return api
}

/** The routes of what this process does; the storefront's takes whatever is left. */
function mountRoles(api: OpenAPIHono<HttpEnv>, { TAGSALE_ROLES: roles }: Config, limits: Limits): void {
  if (roles.includes('webhooks')) webhookRoutes(api)
  if (roles.includes('downloads')) downloadRoutes(api, limits)
  if (!roles.includes('web')) return
  const askers = createAskers(limits)
  checkoutRoutes(api, askers)
  orderRoutes(api, limits, askers)
  previewRoutes(api, limits)
  shopRoutes(api)
  deskRoutes(api, limits)
  deskApiRoutes(api, limits)
  docsRoutes(api)
  storefrontRoutes(api)
}

function withParts(parts: Parts): MiddlewareHandler<HttpEnv> {
  const bodies = createHeld(BODIES_BYTES_MAX)
  return (c, next) => {
    c.set('parts', parts)
    c.set('bodies', bodies)
    return next()
  }
}

/** One line a request, with the route and not the address: addresses hold keys. */
const logging: MiddlewareHandler<HttpEnv> = async (c, next) => {
  const start = performance.now()
  await next()
  const line = { request: c.var.requestId, method: c.req.method, route: routePath(c), status: c.res.status }
  c.var.parts.log[c.res.status >= 500 && c.res.status !== 503 ? 'warn' : 'debug'](
    { ...line, ms: Math.round(performance.now() - start) },
    'request',
  )
}

/** Forms lead to Stripe's page, by way of a redirect, which browsers hold against `form-action` too. */
function securityHeaders({ TAGSALE_MODE: mode, STRIPE_API_URL, STRIPE_CHECKOUT_URL }: Config): MiddlewareHandler {
  const payment = [
    mode === 'live' ? STRIPE_PAGE : STRIPE_API_URL,
    ...(STRIPE_CHECKOUT_URL ? [STRIPE_CHECKOUT_URL] : []),
  ]
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      manifestSrc: ["'self'"],
      formAction: ["'self'", ...payment],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
    referrerPolicy: 'no-referrer', // an order's address holds its key
    xFrameOptions: 'DENY',
    strictTransportSecurity: mode === 'live' ? 'max-age=31536000' : false,
    permissionsPolicy: { camera: [], microphone: [], geolocation: [], payment: [] },
  })
}

/** What went wrong, without its insides: a refusal of ours, the request, the store being busy, Stripe, or a bug. */
function refusalOf(error: Error): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof HTTPException) {
    return new Refusal({ status: error.status, title: 'This is not what was expected', detail: `${error.message}.` })
  }
  if (error instanceof StoreFullError) {
    const detail =
      'The shop can not write orders down just now, and takes none. Nothing was charged; please come back later.'
    return new Refusal({
      status: 503,
      title: 'Nothing can be bought just now',
      detail,
      retryAfterSeconds: FULL_RETRY_SECONDS,
    })
  }
  if (error instanceof StoreUnavailableError) {
    const detail = 'The shop has its hands full. Please try again in a moment.'
    return new Refusal({ status: 503, title: 'In a moment', detail, retryAfterSeconds: BUSY_RETRY_SECONDS })
  }
  if ('type' in error && String(error.type).startsWith('Stripe')) return stripeRefusal(String(error.type))
  const detail = 'Something went wrong here. Nothing of yours is lost; please try again.'
  return new Refusal({ status: 500, title: 'Our mistake', detail })
}

/** Stripe is away or in a hurry, or it does not take what we ask: then waiting does not help, and a person must look. */
function stripeRefusal(type: string): Refusal {
  const isPassing = ['StripeConnectionError', 'StripeAPIError', 'StripeRateLimitError'].includes(type)
  const title = 'Payment is not available'
  if (!isPassing) {
    const detail =
      'Our payment provider does not take this. Nothing was charged. Please tell the maintainers: their log says why.'
    return new Refusal({ status: 502, title, detail })
  }
  const detail = 'Our payment provider does not answer just now. Nothing was charged; please try again in a moment.'
  return new Refusal({ status: 502, title, detail, retryAfterSeconds: BUSY_RETRY_SECONDS })
}

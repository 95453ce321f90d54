// Stands in for Stripe on one machine: the part of its API that the shop uses, the hosted checkout page, and signed
// webhooks that are delivered as Stripe delivers them. No money moves. The app talks to it over HTTP, with the real SDK.
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { csrf } from 'hono/csrf'
import { HTTPException } from 'hono/http-exception'
import { type Keeper, NO_KEEPER, openKeeper } from './keeper.ts'
import { listen } from './listen.ts'
import { answer, createApi } from './stripe/api.ts'
import { expireOverdue } from './stripe/checkout/session.ts'
import { controlRoutes } from './stripe/controls.ts'
import { createPostman, type Postman } from './stripe/events/webhooks.ts'
import { checkoutRoutes } from './stripe/pages/checkout-routes.ts'
import { homeRoutes } from './stripe/pages/home.ts'
import { StripeFailure } from './stripe/request.ts'
import { stripeRoutes } from './stripe/routes.ts'
import { type Account, accountOf, emptyState, type State } from './stripe/state.ts'

const BODY_BYTES_MAX = 1024 * 1024
/** How often the clock is looked at for sessions that run out and deliveries that are tried again. */
const TICK_MS = 1000
/** As long as Stripe promises to know an idempotency key. */
const REPLIES_KEPT_SECONDS = 24 * 60 * 60
const TEST_KEY = 'sk_test_tagsale_sandbox'

export type StripeOptions = {
  /** 0, or none, takes any free port. */
  port?: number
  /** A JSON file that everything is kept in; without it, everything is forgotten at the end. */
  stateFile?: string
  /** Gets a line for each webhook. */
  log?: (line: string) => void
}

/** A running stand-in: where it is, a test key that it takes (it takes every test key), and how to stop it. */
export type StripeStandIn = { url: string; key: string; close: () => Promise<void> }

/** Starts the stand-in on this machine only. Rejects with Node's own error when the port is taken. */
export async function startStripe(options: StripeOptions): Promise<StripeStandIn> {
  const { state, keeper } = await openState(options.stateFile)
  let url = ''
  const account = accountOf(state, () => url)
  const postman = createPostman(account, { onSent: keeper.changed, log: options.log ?? (() => {}) })
  const app = stripeApp(account, postman, keeper)
  const server = await listen(app.fetch, options.port)
  url = server.url
  const ticking = setInterval(() => {
    if (expireOverdue(account)) keeper.changed()
    void postman.drain()
  }, TICK_MS)
  return {
    url,
    key: TEST_KEY,
    async close() {
      clearInterval(ticking)
      await postman.stop()
      await server.close()
      await keeper.kept()
    },
  }
}

async function openState(file: string | undefined): Promise<{ state: State; keeper: Keeper }> {
  if (!file) return { state: emptyState(), keeper: NO_KEEPER }
  const { found, keep } = await openKeeper<Partial<State>>(file)
  const state = { ...emptyState(), ...found }
  const oldest = Date.now() / 1000 + state.clock - REPLIES_KEPT_SECONDS
  state.replies = Object.fromEntries(Object.entries(state.replies).filter(([, { at }]) => at > oldest))
  return { state, keeper: keep(state) }
}

function stripeApp(account: Account, postman: Postman, keeper: Keeper): Hono {
  const app = new Hono()
  app.use(bodyLimit({ maxSize: BODY_BYTES_MAX }))
  app.use('/home/*', csrf())
  app.use(async (context, next) => {
    await next()
    if (context.req.method === 'GET') return
    keeper.changed()
    // After the answer is on its way, as a webhook from Stripe would be.
    setImmediate(() => void postman.drain())
  })
  stripeRoutes(createApi(app, account))
  app.route('/', controlRoutes(account, postman, keeper))
  app.route('/', checkoutRoutes(account))
  app.route('/', homeRoutes(account))
  app.notFound((context) => {
    const { method, path } = context.req
    const message = `Unrecognized request URL (${method}: ${path}). The stand-in for Stripe has only what the shop uses.`
    return answer(context, () => {
      throw new StripeFailure(404, { type: 'invalid_request_error', message })
    })
  })
  app.onError((error, context) =>
    answer(context, () => {
      if (error instanceof HTTPException) {
        throw new StripeFailure(error.status, { type: 'invalid_request_error', message: error.message || 'Forbidden' })
      }
      console.error(error)
      throw new StripeFailure(500, { type: 'api_error', message: `The stand-in for Stripe failed: ${error.message}` })
    }),
  )
  return app
}

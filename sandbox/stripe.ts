// Stands in for Stripe on one machine: the part of its API that the shop uses, the hosted checkout page, and signed
// webhooks that are delivered as Stripe delivers them. No money moves. The app talks to it over HTTP, with the real SDK.
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { csrf } from 'hono/csrf'
import { HTTPException } from 'hono/http-exception'
import { listen } from './listen.ts'
import { answer, createApi } from './stripe/api.ts'
import { controlRoutes } from './stripe/controls.ts'
import { checkoutRoutes } from './stripe/pages/checkout-routes.ts'
import { homeRoutes } from './stripe/pages/home.ts'
import { StripeFailure } from './stripe/request.ts'
import { stripeRoutes } from './stripe/routes.ts'
import { expireOverdue } from './stripe/session.ts'
import { type Account, accountOf, loadState, stateSaver } from './stripe/state.ts'
import { createPostman, type Postman } from './stripe/webhooks.ts'

const BODY_BYTES_MAX = 1024 * 1024
/** How often the clock is looked at for sessions that run out and deliveries that are tried again. */
const TICK_MS = 1000
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
  const state = loadState(options.stateFile)
  const save = stateSaver(state, options.stateFile)
  let url = ''
  const account = accountOf(state, () => url)
  const postman = createPostman(account, { onDrained: () => void save(), log: options.log ?? (() => {}) })
  const app = stripeApp(account, postman, save)
  const server = await listen(app.fetch, options.port)
  url = server.url
  const ticking = setInterval(() => {
    if (expireOverdue(account)) void save()
    void postman.drain()
  }, TICK_MS)
  return {
    url,
    key: TEST_KEY,
    async close() {
      clearInterval(ticking)
      await postman.stop()
      await server.close()
      await save()
    },
  }
}

function stripeApp(account: Account, postman: Postman, save: () => Promise<void>): Hono {
  const app = new Hono()
  app.use(bodyLimit({ maxSize: BODY_BYTES_MAX }))
  app.use('/home/*', csrf())
  app.use(async (context, next) => {
    await next()
    if (context.req.method === 'GET') return
    await save()
    // After the answer is on its way, as a webhook from Stripe would be.
    setImmediate(() => void postman.drain())
  })
  stripeRoutes(createApi(app, account))
  app.route('/', controlRoutes(account, postman))
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

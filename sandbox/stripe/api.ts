import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { z } from 'zod'
import { checkParams, missing, parseForm, StripeFailure } from './request.ts'
import type { Account } from './state.ts'
import { expanded, expandOf } from './view.ts'

const REFUSED_LIVE_KEY =
  'This is a stand-in for Stripe, in which no money moves, and you gave it a live key. Never give it a live key: ' +
  'use a test key (sk_test_… or rk_test_…) here, and the live key only with Stripe itself.'

/** Anything that Stripe's API answers with. */
export type Answer = { object: string }

/** Adds routes to the API; each checks the key, the parameters and the idempotency key first. */
export type Api = {
  account: Account
  route: <T>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    schema: z.ZodType<T>,
    handle: (params: T, id: string) => Answer,
  ) => void
  /** `GET <path>/:id` for a kind of object that is kept by its id. */
  retrieve: (path: string, kind: string, find: (id: string) => Answer | undefined) => void
}

/** Stripe's API on this Hono app. */
export function createApi(app: Hono, account: Account): Api {
  const route: Api['route'] = (method, path, schema, handle) => {
    app.on(method, path, async (context) => {
      await sleep(account.state.faults.delayMs)
      const { gateway } = account.state.faults
      if (gateway) return context.json(gateway.body, gateway.status as ContentfulStatusCode)
      const text = method === 'POST' ? await context.req.text() : new URL(context.req.url).search.slice(1)
      const id = context.req.param('id') ?? ''
      return answer(context, () => {
        checkAccess(account, context.req.header('authorization'))
        return once(account, context, text, () => handle(checkParams(schema, parseForm(text)), id))
      })
    })
  }
  const retrieve: Api['retrieve'] = (path, kind, find) => {
    route('GET', `${path}/:id`, z.strictObject({ expand: expandOf(kind) }), (params, id) => {
      const object = find(id)
      if (!object) throw missing(kind, id)
      return expanded(account.state, object, params.expand)
    })
  }
  return { account, route, retrieve }
}

/** Answers with what `work` returns, or with its refusal, always with a request id and Stripe's error shape. */
export async function answer(context: Context, work: () => object | Promise<object>): Promise<Response> {
  const headers = { 'request-id': `req_${crypto.randomUUID().replaceAll('-', '')}` }
  try {
    return context.json(await work(), 200, headers)
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error
    return context.json({ error: error.body }, error.status, headers)
  }
}

function checkAccess({ state }: Account, authorization = ''): void {
  if (/^Bearer (sk|rk)_live_/.test(authorization)) {
    throw new StripeFailure(401, { type: 'invalid_request_error', message: REFUSED_LIVE_KEY })
  }
  if (!/^Bearer (sk|rk)_test_\w/.test(authorization)) {
    const message = 'Invalid API Key provided: the stand-in for Stripe takes sk_test_… and rk_test_….'
    throw new StripeFailure(401, { type: 'invalid_request_error', message })
  }
  if (state.faults.down) {
    throw new StripeFailure(503, { type: 'api_error', message: 'The stand-in for Stripe was told to be down.' })
  }
}

/** Repeats the first answer for a request with an idempotency key. A refused request is not remembered. */
function once({ state, now }: Account, context: Context, text: string, work: () => Answer): object {
  const key = context.req.method === 'POST' ? context.req.header('idempotency-key') : undefined
  if (!key) return work()
  const fingerprint = createHash('sha256').update(`${context.req.path}\n${text}`).digest('hex')
  const known = state.replies[key]
  if (!known) {
    const body = structuredClone(work())
    state.replies[key] = { fingerprint, body, at: now() }
    return body
  }
  if (known.fingerprint !== fingerprint) {
    const message =
      'Keys for idempotent requests can only be used with the same parameters they were first used with. ' +
      `Try using a key other than '${key}' if you meant to execute a different request.`
    throw new StripeFailure(400, { type: 'idempotency_error', message })
  }
  context.header('idempotent-replayed', 'true')
  return known.body
}

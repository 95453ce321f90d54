import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { Hono, type MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { Refusal } from './answer.ts'
import { type GitHubState, publish } from './state.ts'

const REQUESTS_KEPT_MAX = 1000
const LIMIT_SECONDS = 60

const FaultsRequest = z.strictObject({
  /** 502 to everything. */
  down: z.boolean().optional(),
  /** Closes every connection without an answer. */
  refuse: z.boolean().optional(),
  delayMs: z.number().min(0).optional(),
  /** The secondary rate limit: a wait in seconds, or just `true`. */
  limit: z.union([z.boolean(), z.number().min(1)]).optional(),
  /** Answers a request for a file with its bytes instead of a redirect. */
  stream: z.boolean().optional(),
})
const ReleaseRequest = z.strictObject({
  repository: z.string().regex(/^[^/]+\/[^/]+$/),
  tag: z.string().min(1),
  file: z.string().min(1),
  base64: z.base64(),
})

/** What tests hold in their hands: what was asked, what goes wrong, what is published. */
export function controlRoutes(state: GitHubState): Hono {
  return new Hono()
    .get('/_test/requests', (c) => c.json(state.requests))
    .post('/_test/faults', async (c) => {
      const { down, refuse, delayMs, limit, stream } = parse(FaultsRequest, await c.req.json())
      const seconds = limit === true ? LIMIT_SECONDS : limit || 0
      state.faults = {
        down: down ?? false,
        refuse: refuse ?? false,
        delayMs: delayMs ?? 0,
        limit: seconds,
        stream: stream ?? false,
      }
      return c.json(state.faults)
    })
    .post('/_test/releases', async (c) => {
      const { base64, ...seed } = parse(ReleaseRequest, await c.req.json())
      const { id, size, sha256 } = await publish(state, { ...seed, bytes: Buffer.from(base64, 'base64') })
      return c.json({ id, size, sha256 }, 201)
    })
}

/** Notes every request with its answer. */
export function keepRequests(state: GitHubState): MiddlewareHandler {
  return async (c, next) => {
    const at = new Date(state.now()).toISOString()
    await next()
    state.requests.push({ method: c.req.method, path: c.req.path, status: c.res.status, at })
    if (state.requests.length > REQUESTS_KEPT_MAX) state.requests.shift()
  }
}

/** Lets go wrong what was asked to go wrong. */
export function withFaults(state: GitHubState): MiddlewareHandler<{ Bindings: HttpBindings }> {
  return async (c, next) => {
    const { down, refuse, delayMs, limit } = state.faults
    if (delayMs) await sleep(delayMs)
    if (refuse) c.env.incoming.destroy()
    if (down || refuse) return c.html('<h1>502 Bad Gateway</h1>', 502)
    if (limit) {
      const wait = { 'retry-after': String(limit) }
      throw new Refusal(
        403,
        'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
        wait,
      )
    }
    return next()
  }
}

function parse<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input)
  if (!result.success) throw new Refusal(422, z.prettifyError(result.error))
  return result.data
}

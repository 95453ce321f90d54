import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import { type GitHubEnv, Refusal, type Who } from '../answer.ts'
import type { GitHubState } from '../state.ts'
import { happens } from './faults.ts'

const REQUESTS_KEPT_MAX = 1000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits */
const WRITES_A_MINUTE_MAX = 80
const WRITES_AN_HOUR_MAX = 500
const WRITING = /^\/repos\/[^/]+\/[^/]+\/(issues|pulls|comments|releases|check-runs|contents|git)\b/

/** Notes every request with its answer, and who asked. */
export function keepRequests(state: GitHubState): MiddlewareHandler<GitHubEnv> {
  return async (c, next) => {
    const at = new Date(state.now()).toISOString()
    await next()
    const who = nameOf(c.get('who') as Who | undefined)
    state.requests.push({ method: c.req.method, path: c.req.path, status: c.res.status, at, who })
    if (state.requests.length > REQUESTS_KEPT_MAX) state.requests.shift()
  }
}

/** Lets go wrong what was asked to go wrong. */
export function withFaults(state: GitHubState): MiddlewareHandler<GitHubEnv & { Bindings: HttpBindings }> {
  return async (c, next) => {
    const { down, break: broken, refuse, delayMs, limit } = state.faults
    if (delayMs) await sleep(delayMs)
    if (refuse) c.env.incoming.destroy()
    const isBroken = c.req.method === 'GET' && broken.some((end) => c.req.path.endsWith(end))
    if (refuse || isBroken || happens(state, down)) return c.html('<h1>502 Bad Gateway</h1>', 502)
    if (happens(state, limit.probability)) throw tooFast(limit.retryAfter)
    return next()
  }
}

/** GitHub's secondary limits on writing, for each installation and user. In force when the faults say so. */
export function withWriteLimits(state: GitHubState): MiddlewareHandler<GitHubEnv> {
  const writes = new Map<string, number[]>()
  return async (c, next) => {
    if (state.faults.limits && (await isWrite(c))) {
      const name = nameOf(c.var.who)
      const now = state.now()
      const lately = (writes.get(name) ?? []).filter((at) => at > now - HOUR_MS)
      const wait = waitFor(lately, now)
      if (wait > 0) throw tooFast(Math.ceil(wait / 1000))
      writes.set(name, [...lately, now])
    }
    return next()
  }
}

/** A change through GraphQL counts as one through REST. */
async function isWrite({ req }: Context): Promise<boolean> {
  if (req.path === '/graphql') return /"query"\s*:\s*"\s*mutation\b/.test(await req.text())
  return req.method !== 'GET' && WRITING.test(req.path)
}

/** Milliseconds until one more write is within both limits. */
function waitFor(writes: readonly number[], now: number): number {
  const until = (most: number, span: number) => {
    const first = writes.filter((at) => at > now - span).at(-most)
    return first === undefined ? 0 : first + span - now
  }
  return Math.max(until(WRITES_A_MINUTE_MAX, MINUTE_MS), until(WRITES_AN_HOUR_MAX, HOUR_MS))
}

const tooFast = (seconds: number) =>
  new Refusal(403, 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.', {
    'retry-after': String(seconds),
  })

function nameOf(who: Who | undefined): string {
  if (who?.kind === 'installation') return `installation ${who.installation.id}`
  if (who?.kind === 'app') return `app ${who.app.id}`
  return who?.kind === 'user' ? `user ${who.login}` : 'nobody'
}

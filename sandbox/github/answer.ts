import { randomBytes } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { App, Installation, Token } from './apps/app-state.ts'

/** What travels with a request: who asks. */
export type GitHubEnv = { Variables: { who: Who } }

/** An answer that GitHub gives instead of what was asked for. */
export class Refusal extends Error {
  readonly status: ContentfulStatusCode
  readonly headers: Record<string, string>
  readonly errors: readonly Record<string, string>[] | undefined
  constructor(
    status: ContentfulStatusCode,
    message: string,
    headers: Record<string, string> = {},
    errors?: readonly Record<string, string>[],
  ) {
    super(message)
    this.status = status
    this.headers = headers
    this.errors = errors
  }
}

/** What GitHub says of a field that won't do: `code` is one of its words, or `custom` with a message of its own. */
export const invalid = (resource: string, field: string, code: string, message?: string) =>
  new Refusal(422, 'Validation Failed', {}, [{ resource, field, code, ...(message ? { message } : {}) }])

/** GitHub says the same of what isn't there and of what the asker may not see. */
export const notFound = () => new Refusal(404, 'Not Found')

const HOUR_MS = 3_600_000

/** Turns a refusal into GitHub's error body. Anything else is a fault of the stand-in, and says so. */
export function refuse(error: Error, c: Context): Response {
  if (!(error instanceof Refusal)) console.error('The GitHub stand-in failed:', error)
  const { status, message, headers, errors } = error instanceof Refusal ? error : new Refusal(500, 'Server Error')
  const more = errors ? { errors } : {}
  const body = { message, ...more, documentation_url: 'https://docs.github.com/rest', status: String(status) }
  return c.json(body, status, headers)
}

/** The headers of every answer, and the limit of requests an hour: of an installation, whichever of its tokens asks; or of a user. */
export function withLimits(state: {
  now: () => number
  apps: { tokens: Record<string, Token> }
  faults: { requestsAnHour: number }
}): MiddlewareHandler {
  const windows = new Map<string, { used: number; endsAt: number }>()
  return async (c, next) => {
    const most = state.faults.requestsAnHour
    const credentials = (c.req.header('authorization') ?? '').replace(/^(?:bearer|token) /i, '')
    const installation = Object.hasOwn(state.apps.tokens, credentials) && state.apps.tokens[credentials]?.installation
    const key = credentials.includes('.') ? 'the App' : String(installation || credentials) // a JWT is a new one every time
    const known = windows.get(key)
    const window = known && known.endsAt > state.now() ? known : { used: 0, endsAt: state.now() + HOUR_MS }
    windows.set(key, window)
    window.used += 1
    c.header('date', new Date(state.now()).toUTCString())
    c.header('x-github-request-id', randomBytes(8).toString('hex').toUpperCase())
    c.header('x-github-media-type', 'github.v3; format=json')
    c.header('x-ratelimit-limit', String(most))
    c.header('x-ratelimit-remaining', String(Math.max(0, most - window.used)))
    c.header('x-ratelimit-used', String(Math.min(most, window.used)))
    c.header('x-ratelimit-reset', String(Math.ceil(window.endsAt / 1000)))
    c.header('x-ratelimit-resource', 'core')
    if (window.used > most) throw new Refusal(403, 'API rate limit exceeded')
    await next()
  }
}

/** A moment as GitHub writes it: to the second. */
export const instant = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')

/** Where the asker reached us, for the addresses in answers. */
export const originOf = (c: Context): string => new URL(c.req.url).origin

/** Who asks: nobody we know, an App (by a JWT it signed), an installation (by a token it was given), or a user. */
export type Who =
  | { kind: 'nobody' }
  | { kind: 'app'; app: App }
  | { kind: 'installation'; token: Token; app: App; installation: Installation }
  | { kind: 'user'; login: string }

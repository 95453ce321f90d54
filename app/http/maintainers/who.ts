import type { Context, MiddlewareHandler } from 'hono'
import { mayDo, type Person, type Role } from '../../account/person.ts'
import { type AtDesk, personOfSession, RoleUnknownError, SESSION_DAYS_MAX } from '../../account/session.ts'
import { personOfToken } from '../../account/token.ts'
import type { HttpEnv } from '../context.ts'
import { addressOf, type Limits } from '../limit.ts'
import { Refusal } from '../problem.ts'
import { giveCookie, readCookie } from './cookie.ts'

const BEARER = /^bearer +(\S+)$/i
const SAFE_METHODS = new Set(['GET', 'HEAD'])
const DAY_SECONDS = 86_400
const GITHUB_RETRY_SECONDS = 30

/**
 * Who is asking at the desk: a script, by its token, or a person, by the session of the browser; that one's changes only from our own
 * pages. Everybody else is refused, with 401, or on the way to a page is sent to sign in first.
 */
export async function whoIsAtDesk(c: Context<HttpEnv>): Promise<Person> {
  const authorization = c.req.header('authorization')
  if (authorization === undefined) {
    const atDesk = await sessionAtDesk(c)
    if (!atDesk) throw notSignedIn(c)
    if (!SAFE_METHODS.has(c.req.method)) refuseOtherSites(c)
    return atDesk.person
  }
  const [, token = ''] = BEARER.exec(authorization) ?? []
  const person = await personOfToken(c.var.parts, token)
  if (!person) throw notSignedIn(c, 'The token is none, was revoked, or is over. Maintainers make tokens at the desk.')
  return person
}

/** Who is asking, where that may do what takes this role; the others are refused. */
export async function requireRole(c: Context<HttpEnv>, role: Role): Promise<Person> {
  const person = await whoIsAtDesk(c)
  if (mayDo(person, role)) return person
  const detail = `This takes the role ${role}, and ${person.name} has ${person.role}.`
  throw new Refusal({ status: 403, title: 'Not for this role', detail })
}

/** Who is there by the session of the browser, and by which; nobody without one. */
export async function sessionAtDesk(c: Context<HttpEnv>): Promise<AtDesk | undefined> {
  const cookie = readCookie(c, 'session')
  if (!cookie) return undefined
  const atDesk = await personOfSession(c.var.parts, cookie).catch((error: unknown) => {
    throw error instanceof RoleUnknownError ? roleUnknown() : error
  })
  if (atDesk?.renewed) giveSession(c, atDesk.renewed)
  return atDesk
}

/** Gives the browser its session. */
export const giveSession = (c: Context<HttpEnv>, session: string): void =>
  giveCookie(c, 'session', session, SESSION_DAYS_MAX * DAY_SECONDS)

/** Forms of other sites have no business here. Browsers name the site they come from in one of these two. */
export function refuseOtherSites(c: Context<HttpEnv>): void {
  const site = c.req.header('sec-fetch-site')
  const isOurs = site ? site === 'same-origin' : c.req.header('origin') === new URL(c.var.parts.config.SHOP_URL).origin
  if (isOurs) return
  throw new Refusal({ status: 403, title: 'Not from here', detail: 'Open the desk itself, and do it there.' })
}

/** As RFC 6750 has it: no word on what was wrong where nothing was shown. */
function notSignedIn(c: Context<HttpEnv>, wrong?: string): Refusal {
  const detail = wrong ?? 'Sign in at the desk, or send a token: Authorization: Bearer …'
  const challenge = `Bearer realm="desk"${wrong ? ', error="invalid_token"' : ''}`
  const isPage = c.req.method === 'GET' && !c.req.path.startsWith('/api/') && !wrong
  const to = new URLSearchParams({ to: c.req.url.slice(new URL(c.req.url).origin.length) })
  const instead = isPage ? { instead: `/desk/sign-in?${to}` } : {}
  return new Refusal({ status: 401, title: 'Not signed in', detail, challenge, back: '/desk', ...instead })
}

function roleUnknown(): Refusal {
  const detail = 'GitHub has not said for a while what you may do here. Please try again in a moment.'
  return new Refusal({ status: 503, title: 'In a moment', detail, retryAfterSeconds: GITHUB_RETRY_SECONDS })
}

/** Counts answers that nobody was known for, against the address they went to: after some, it has to wait. */
export const limitUnknown =
  (limits: Limits): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    await next()
    if (c.res.status === 401) await limits.wrongKey(addressOf(c))
  }

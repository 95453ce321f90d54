import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { recordAccess } from '../../account/access.ts'
import { deviceOf } from '../../account/device.ts'
import { redeemLink } from '../../account/one-time-link.ts'
import type { Person } from '../../account/person.ts'
import { endSession, LINK_NAME, openSession } from '../../account/session.ts'
import {
  deskPath,
  finishSignIn,
  SIGN_IN_MINUTES,
  type SignedIn,
  signInClient,
  startSignIn,
} from '../../account/sign-in.ts'
import { SIGN_IN_CALLBACK } from '../../link.ts'
import type { HttpEnv } from '../context.ts'
import { addressOf, type Limits } from '../limit.ts'
import { problemResponse, Refusal } from '../problem.ts'
import { dropCookie, giveCookie, readCookie } from './cookie.ts'
import { withoutSignInPage } from './desk-page.ts'
import { giveSession, refuseOtherSites, sessionAtDesk } from './who.ts'

const USER_AGENT_CHARACTERS_MAX = 500
const PRIVATE = { 'cache-control': 'no-store', 'x-robots-tag': 'noindex' }
const text = (description: string) => z.string().max(1000).optional().openapi({ description })
const tooMany = { 429: problemResponse('Too many tries') }

const signInRoute = createRoute({
  method: 'get',
  path: '/desk/sign-in',
  summary: 'Sign in at the desk, with GitHub or by a link of the server',
  request: {
    query: z.object({ to: text('The page of the desk to go to'), code: text('Of a link that works once') }),
  },
  responses: {
    200: { description: 'How to set it up', content: { 'text/html': { schema: z.string() } } },
    303: { description: 'To GitHub, or to the desk' },
    403: problemResponse('The link is over, or was used'),
    ...tooMany,
  },
})
const callbackRoute = createRoute({
  method: 'get',
  path: SIGN_IN_CALLBACK,
  summary: 'Back from GitHub',
  request: { query: z.object({ code: text('For us, once'), state: text('As it was sent'), error: text('Why not') }) },
  responses: {
    303: { description: 'To the desk' },
    403: problemResponse('Not begun in this browser, or nothing to do at this desk'),
    502: problemResponse('GitHub gives no answer'),
    ...tooMany,
  },
})
const signOutRoute = createRoute({
  method: 'post',
  path: '/desk/sign-out',
  summary: 'Sign out: ends the session of this browser',
  responses: { 303: { description: 'To the desk' }, 403: problemResponse('The form was on another site') },
})

/** The ways in at the desk, and the way out. */
export function signInRoutes(api: OpenAPIHono<HttpEnv>, limits: Limits): void {
  api.openapi(signInRoute, async (c) => {
    await limits.signIn(addressOf(c))
    const { to, code } = c.req.valid('query')
    if (code !== undefined) return signInByLink(c, code, limits)
    const client = signInClient(c.var.parts.config)
    if (!client) return c.html(withoutSignInPage(c.var.parts.config), 200, PRIVATE)
    const { url, cookie } = startSignIn(c.var.parts, client, deskPath(to))
    giveCookie(c, 'signIn', cookie, SIGN_IN_MINUTES * 60)
    return away(c, url)
  })
  api.openapi(callbackRoute, async (c) => {
    await limits.signIn(addressOf(c))
    const client = signInClient(c.var.parts.config)
    const cookie = readCookie(c, 'signIn')
    dropCookie(c, 'signIn')
    if (!client) throw refusalFor({ refused: 'not-begun-here' })
    const { code, state, error } = c.req.valid('query')
    const way = { code, state, error, cookie, device: deviceHere(c) }
    const end = await finishSignIn(c.var.parts, client, way)
    if (!('refused' in end)) return enter(c, end)
    if ('cause' in end) c.var.parts.log.warn({ err: end.cause }, 'somebody could not sign in at the desk')
    if (WRONG.has(end.refused)) await limits.wrongKey(addressOf(c))
    throw refusalFor(end)
  })
  api.openapi(signOutRoute, async (c) => {
    refuseOtherSites(c)
    const atDesk = await sessionAtDesk(c)
    if (atDesk) await endSession(c.var.parts, atDesk.session)
    dropCookie(c, 'session')
    return away(c, '/desk')
  })
}

const away = (c: Context<HttpEnv>, to: string) => {
  c.header('cache-control', 'no-store')
  return c.redirect(to, 303)
}

const deviceHere = (c: Context<HttpEnv>): string =>
  deviceOf((c.req.header('user-agent') ?? '').slice(0, USER_AGENT_CHARACTERS_MAX))

async function signInByLink(c: Context<HttpEnv>, code: string, limits: Limits) {
  if (await redeemLink(c.var.parts, code)) {
    const session = await openSession(c.var.parts, { role: 'maintain', device: deviceHere(c) })
    return enter(c, { session, person: { name: LINK_NAME, role: 'maintain', via: 'desk' }, to: '/desk' })
  }
  await limits.wrongKey(addressOf(c))
  const detail = 'It works once, and within an hour. `npx tagsale desk` makes another on the server.'
  throw new Refusal({ status: 403, title: 'This link is over, or was used', detail, back: '/desk' })
}

/** A new session takes the place of whatever the browser had: nobody can have prepared it. */
async function enter(c: Context<HttpEnv>, { session, person, to }: { session: string; person: Person; to: string }) {
  const before = await sessionAtDesk(c).catch(() => undefined)
  if (before) await endSession(c.var.parts, before.session)
  await recordAccess(c.var.parts, person, 'signed-in', { about: deviceHere(c) })
  giveSession(c, session)
  return away(c, to)
}

/** What a person does not come to by pressing buttons. */
const WRONG = new Set<Refused['refused']>(['not-begun-here', 'code', 'no-role'])
type Refused = Extract<SignedIn, { refused: string }>

function refusalFor({ refused }: Refused): Refusal {
  const [status, title, detail] = REFUSALS[refused]
  return new Refusal({ status, title, detail, back: '/desk' })
}

const REFUSALS: Record<Refused['refused'], [status: number, title: string, detail: string]> = {
  'not-begun-here': [403, 'Not signed in', 'It was not begun in this browser, or too long ago. Please sign in again.'],
  declined: [403, 'Not signed in', 'GitHub was told not to say who you are. Nobody signed in.'],
  code: [403, 'Not signed in', 'GitHub does not know the code, or not any more. Please sign in again.'],
  'no-role': [
    403,
    'Not signed in',
    'The desk opens to who may triage, write to, maintain or administer the shop’s repository.',
  ],
  settings: [
    502,
    'Signing in is not set up right',
    'GitHub refuses the shop’s client ID, its secret or its callback URL. The log of the server says which.',
  ],
  away: [502, 'GitHub does not answer', 'Please try again in a moment.'],
  'role-unknown': [
    502,
    'GitHub does not say what you may do',
    'Perhaps the App may not enter the shop’s repository any more. Please try again in a moment.',
  ],
}

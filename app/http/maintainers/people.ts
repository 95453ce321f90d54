import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { recordAccess } from '../../account/access.ts'
import { type Credential, mayDo, type Person, ROLES } from '../../account/person.ts'
import { endSession } from '../../account/session.ts'
import { isTokenName, makeToken, TOKEN_DAYS_MAX } from '../../account/token.ts'
import type { HttpEnv } from '../context.ts'
import { problemResponse, Refusal } from '../problem.ts'
import { accessPage, type People, peoplePage } from './people-page.ts'
import { requireRole, sessionAtDesk, whoIsAtDesk } from './who.ts'

const PRIVATE = { 'cache-control': 'no-store', 'x-robots-tag': 'noindex' }
const page = { description: 'A page', content: { 'text/html': { schema: z.string() } } }
const refusals = {
  303: { description: 'In a browser: sign in first' },
  401: problemResponse('Nobody is signed in'),
  403: problemResponse('Not for this role, or the form was on another site'),
}

const Form = z.discriminatedUnion('action', [
  z.object({ action: z.literal('end'), id: z.string().max(100) }),
  z.object({
    action: z.literal('make'),
    name: z.string().trim().refine(isTokenName, 'a token is called by letters, digits, spaces and . _ -'),
    role: z.enum(ROLES),
    days: z.coerce.number().int().min(1).max(TOKEN_DAYS_MAX),
  }),
])

const peopleRoute = createRoute({
  method: 'get',
  path: '/desk/people',
  summary: 'Who is signed in at the desk, and which tokens there are',
  responses: { 200: page, ...refusals },
})
const changeRoute = createRoute({
  method: 'post',
  path: '/desk/people',
  summary: 'End a session, revoke a token, or make one, which is shown once',
  request: { body: { required: true, content: { 'application/x-www-form-urlencoded': { schema: Form } } } },
  responses: { 200: page, 422: problemResponse('Not a name, a role or a number of days for a token'), ...refusals },
})
const accessRoute = createRoute({
  method: 'get',
  path: '/desk/access',
  summary: 'Who did what at the desk, and who saw whose order',
  request: { query: z.object({ before: z.string().max(100).optional() }) },
  responses: { 200: page, ...refusals },
})

/** Sessions and tokens, and the log of what was done with them. */
export function peopleRoutes(api: OpenAPIHono<HttpEnv>): void {
  api.openapi(peopleRoute, async (c) => {
    const person = await whoIsAtDesk(c)
    return c.html(peoplePage(await peopleFor(c, person)), 200, PRIVATE)
  })
  api.openapi(changeRoute, async (c) => {
    const person = await whoIsAtDesk(c)
    const form = c.req.valid('form')
    if (form.action === 'end') {
      await end(c, person, form.id)
      c.header('cache-control', 'no-store')
      return c.redirect('/desk/people', 303)
    }
    refuseScripts(person)
    const { text, token } = await makeToken(c.var.parts, { ...form, by: person.name })
    await recordAccess(c.var.parts, person, 'token.made', { about: `${token.name} (${token.role})` })
    return c.html(peoplePage({ ...(await peopleFor(c, person)), made: { text, token } }), 200, PRIVATE)
  })
  api.openapi(accessRoute, async (c) => {
    const person = await requireRole(c, 'maintain')
    return c.html(accessPage(person, await c.var.parts.store.accesses(c.req.valid('query').before)), 200, PRIVATE)
  })
}

/** What somebody may see of it: all, or the own sessions. */
async function peopleFor(c: Context<HttpEnv>, person: Person): Promise<People> {
  const all = await c.var.parts.store.credentials(c.var.parts.now())
  const seen = all.filter((one) => one.kind !== 'link' && isOpenTo(person, one))
  return { person, here: await sessionHere(c), credentials: seen }
}

const sessionHere = async (c: Context<HttpEnv>) => (await sessionAtDesk(c))?.session

const isOpenTo = (person: Person, one: Credential): boolean =>
  mayDo(person, 'maintain') || (one.kind === 'session' && person.via === 'desk' && one.name === person.name)

/** Ends what is there and one's own to end. To everybody else it is as if it were not there. */
async function end(c: Context<HttpEnv>, person: Person, id: string): Promise<void> {
  const { store } = c.var.parts
  const found = await store.credential(id)
  if (!found || found.kind === 'link' || !isOpenTo(person, found)) return
  if (!(await endSession({ store }, id))) return
  const what = found.kind === 'token' ? 'token.revoked' : 'session.ended'
  await recordAccess(c.var.parts, person, what, { about: found.name })
}

/** A token that makes tokens would never end. */
function refuseScripts(person: Person): void {
  if (person.via === 'desk' && mayDo(person, 'maintain')) return
  const detail = 'Tokens are made by a maintainer who is signed in at the desk.'
  throw new Refusal({ status: 403, title: 'Not for this role', detail })
}

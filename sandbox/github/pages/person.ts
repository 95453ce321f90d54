import { Octokit } from '@octokit/rest'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { setCookie } from 'hono/cookie'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { authenticate, visible } from '../access.ts'
import { type GitHubEnv, notFound, Refusal, refuse } from '../answer.ts'
import { adminOf } from '../apps/installation-change.ts'
import { checkRoutes } from '../checks/checks.ts'
import { hostRoutes } from '../host.ts'
import { releaseRoutes } from '../releases/release.ts'
import { signedInAs } from '../session.ts'
import type { GitHubState, Repository } from '../state.ts'
import type { Role } from '../user-state.ts'
import { mayAs, roleOf, tokenFor } from '../users.ts'

/** What a page knows: the state, who looks at it, and that person's REST API, whose routes are called without a network. */
export type PageEnv = { Variables: { state: GitHubState; login: string; api: Octokit } }
/** Any page's context. */
export type PageContext = Context<PageEnv> | Context<RepositoryEnv>
/** The same for a page of a repository. */
export type RepositoryEnv = { Variables: PageEnv['Variables'] & { repository: Repository } }

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Tells every page who looks at it. All that a page changes goes through that person's API, and so emits the same webhooks. */
export function withPerson(state: GitHubState): MiddlewareHandler<PageEnv> {
  const routes = new Hono<GitHubEnv>()
  routes.onError(refuse)
  routes.notFound((c) => refuse(notFound(), c))
  routes.use(authenticate(state))
  for (const part of [checkRoutes, hostRoutes, releaseRoutes]) routes.route('/', part(state))
  const fetch = async (url: string, init: RequestInit) => routes.fetch(new Request(url, init))
  return async (c, next) => {
    const login = personOf(state, c)
    const auth = login ? { auth: tokenFor(state, login) } : {}
    c.set('state', state)
    c.set('login', login)
    const api = new Octokit({ ...auth, baseUrl: state.url, log: silent, request: { fetch } })
    api.hook.error('request', (error) => {
      throw refusalOf(error as Failure)
    })
    c.set('api', api)
    await next()
    if (c.req.method === 'POST') state.changed()
  }
}

/** Puts the repository of the address in place; what the person may not see isn't there. */
export const withRepository: MiddlewareHandler<RepositoryEnv> = async (c, next) => {
  const { state, login } = c.var
  const who = login ? { kind: 'user' as const, login } : { kind: 'nobody' as const }
  const path = { o: c.req.param('o') ?? '', r: c.req.param('r') ?? '' }
  c.set('repository', visible(state, who, path, 'metadata'))
  await next()
}

/** Whether the person who looks has at least this role in a repository. */
export function may({ var: { state, login } }: PageContext, repository: Repository, least: Role): boolean {
  return mayAs(roleOf(state, repository, login), least)
}

/** Becoming somebody else. Nothing is asked: here everybody may be everyone. */
export function signInRoutes(state: GitHubState): Hono<PageEnv> {
  return new Hono<PageEnv>().post('/login', async (c) => {
    const { login, return_to } = await c.req.parseBody()
    const user = state.users.get(String(login).toLowerCase())
    if (!user) throw notFound()
    setCookie(c, 'login', user.login, { path: '/', httpOnly: true, sameSite: 'Lax' })
    return c.redirect(localPath(return_to), 303)
  })
}

type Failure = Error & {
  status?: number | undefined
  response?: { data?: { message?: string; errors?: Record<string, string>[] } } | undefined
}

/** The API's refusal, as it was before it became an answer. */
function refusalOf(error: Failure): Error {
  const { message, errors } = error.response?.data ?? {}
  return message ? new Refusal((error.status ?? 500) as ContentfulStatusCode, message, {}, errors) : error
}

/** A path on this server, whatever was asked for. */
const localPath = (asked: unknown): string => (/^\/(?![/\\])/.test(String(asked)) ? String(asked) : '/')

/** Who is signed in; at first, who runs the first organisation. */
function personOf(state: GitHubState, c: Context): string {
  const known = state.users.get(signedInAs(c)?.toLowerCase() ?? '')
  if (known) return known.login
  const organization = state.organizations.values().next().value
  const admin = state.users.get(organization ? adminOf(state, organization.login).toLowerCase() : '')
  return (admin ?? state.users.values().next().value)?.login ?? ''
}

import { type Context, Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import { html } from 'hono/html'
import { showPage } from '../../page.ts'
import { type GitHubEnv, notFound } from '../answer.ts'
import { STYLE } from '../pages/style.ts'
import { signedInAs } from '../session.ts'
import type { GitHubState } from '../state.ts'
import type { App } from './app-state.ts'
import { agree, codeFor, hasAgreed } from './sign-in.ts'

const AUTHORIZE = '/login/oauth/authorize'

/** Where a person agrees that an App may know who they are; as whom, is chosen here, or over HTTP by the form's field `login`. */
export function signInPages(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const asked = (c: Context) => {
    const app = state.apps.apps.find(({ clientId }) => clientId === c.req.query('client_id'))
    if (!app) throw notFound()
    return { app, ...redirectOf(c, app) }
  }
  routes.get(AUTHORIZE, (c) => {
    const { app, redirect, wrong } = asked(c)
    if (wrong) return back(c, redirect, wrong)
    const user = state.users.get((signedInAs(c) ?? '').toLowerCase())
    const isChosen = c.req.query('prompt') !== 'select_account' && user && hasAgreed(state, app, user.login)
    if (isChosen) return agreed(c, state, { app, login: user.login, redirect })
    return showPage(c, agreePage(state, app, `${c.req.path}?${new URL(c.req.url).searchParams}`, redirect))
  })
  routes.post(AUTHORIZE, async (c) => {
    const { app, redirect, wrong } = asked(c)
    if (wrong) return back(c, redirect, wrong)
    const { login, cancel } = await c.req.parseBody()
    if (cancel) return back(c, redirect, DENIED)
    const user = state.users.get(String(login).toLowerCase())
    if (!user) throw notFound()
    becomes(c, user.login)
    return agreed(c, state, { app, login: user.login, redirect })
  })
  /** A link that needs nobody to press anything: signed in here, and agreed with every App. */
  routes.get('/login/as/:login', (c) => {
    const user = state.users.get(c.req.param('login').toLowerCase())
    const to = c.req.query('return_to')
    if (!user || !to) throw notFound()
    becomes(c, user.login)
    for (const app of state.apps.apps) agree(state, app, user.login)
    return c.redirect(to, 302)
  })
  return routes
}

const becomes = (c: Context, login: string): void =>
  setCookie(c, 'login', login, { path: '/', httpOnly: true, sameSite: 'Lax' })

type Wrong = { error: string; error_description: string }
const DENIED: Wrong = { error: 'access_denied', error_description: 'The user has denied your application access.' }
const MISMATCH: Wrong = {
  error: 'redirect_uri_mismatch',
  error_description: 'The redirect_uri MUST match the registered callback URL for this application.',
}
const NO_PKCE: Wrong = { error: 'invalid_request', error_description: 'code_challenge_method must be S256.' }

/** Exactly one of the App's callback addresses; with another, GitHub says so to the first of them. */
function redirectOf(c: Context, { callbackUrls = [] }: App): { redirect: string; wrong?: Wrong } {
  const [first] = callbackUrls
  if (!first) throw notFound()
  const redirect = c.req.query('redirect_uri') ?? first
  if (!callbackUrls.includes(redirect)) return { redirect: first, wrong: MISMATCH }
  const isPlain = c.req.query('code_challenge') && c.req.query('code_challenge_method') !== 'S256'
  return isPlain ? { redirect, wrong: NO_PKCE } : { redirect }
}

function agreed(c: Context, state: GitHubState, one: { app: App; login: string; redirect: string }) {
  return back(c, one.redirect, { code: codeFor(state, { ...one, challenge: c.req.query('code_challenge') }) })
}

function back(c: Context, redirect: string, fields: Record<string, string>) {
  const to = new URL(redirect)
  const state = c.req.query('state')
  for (const [name, value] of Object.entries({ ...fields, ...(state && { state }) })) to.searchParams.set(name, value)
  return c.redirect(to.href, 302)
}

function agreePage(state: GitHubState, app: App, action: string, redirect: string) {
  return {
    title: `Sign in to ${app.name}`,
    name: 'GitHub stand-in',
    note: 'Plays GitHub for a shop on this machine. Nothing here is on github.com.',
    style: STYLE,
    formsLeadTo: new URL(redirect).origin,
    body: html`<h1>${app.name} wants to know who you are</h1>
<p>Nothing is asked here: everybody may be everyone.</p>
<form method="post" action="${action}" class="card">
${[...state.users.values()].map(({ login }) => html`<section><button name="login" value="${login}">Authorize as ${login}</button></section>`)}
<section><button name="cancel" value="1">Cancel</button></section></form>`,
  }
}

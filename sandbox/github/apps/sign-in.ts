import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { type GitHubEnv, notFound, Refusal } from '../answer.ts'
import type { GitHubState } from '../state.ts'
import type { App, SignIns } from './app-state.ts'

// People sign in elsewhere with an App of here: what the App asks for. The pages are in sign-in-pages.ts.
// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app

const CODE_LIFETIME_MS = 600_000
const TOKEN_LIFETIME_SECONDS = 28_800
const REFRESH_LIFETIME_SECONDS = 15_897_600

/** What a person agreed to: who, to which App, where the browser goes then, and what only the App's side can answer. */
export type Agreed = { app: App; login: string; redirect: string; challenge: string | undefined }

/** Who signed in with which App. Those who agreed once are not asked again. */
export function signInsOf({ apps }: GitHubState): SignIns {
  apps.signIns ??= { codes: {}, tokens: {}, agreed: [] }
  return apps.signIns
}

/** A code for what somebody agreed to: it works once, for ten minutes. */
export function codeFor(state: GitHubState, { app, login, redirect, challenge }: Agreed): string {
  const signIns = signInsOf(state)
  const code = randomBytes(10).toString('hex')
  const expiresAt = state.now() + CODE_LIFETIME_MS
  signIns.codes[code] = { app: app.id, login, redirect, ...(challenge && { challenge }), expiresAt }
  agree(state, app, login)
  return code
}

/** Somebody agrees that the App may know who they are. */
export function agree(state: GitHubState, app: App, login: string): void {
  const signIns = signInsOf(state)
  if (!hasAgreed(state, app, login)) signIns.agreed.push(`${app.id} ${login}`)
  state.changed()
}

/** Whether somebody agreed before. */
export const hasAgreed = (state: GitHubState, app: App, login: string): boolean =>
  signInsOf(state).agreed.includes(`${app.id} ${login}`)

/** The exchange of a code for a token of the person's, and taking that back. Errors have status 200, as GitHub's have. */
export function signInRoutes(state: GitHubState): Hono<GitHubEnv> {
  return new Hono<GitHubEnv>()
    .post('/login/oauth/access_token', async (c) => {
      const asked = await fieldsOf(c)
      const app = state.apps.apps.find(({ clientId }) => clientId === asked.client_id)
      if (!app) return inForm(c, { error: 'Not Found' }, 404)
      return inForm(c, exchange(state, app, asked))
    })
    .delete('/applications/:client/token', async (c) => {
      const app = state.apps.apps.find(({ clientId }) => clientId === c.req.param('client'))
      const [id, secret] = basicOf(c)
      if (!app || id !== app.clientId || !isSame(secret, app.clientSecret)) throw notFound()
      const { access_token: token } = await fieldsOf(c)
      const { tokens } = signInsOf(state)
      if (!token) throw new Refusal(422, 'Validation Failed')
      if (tokens[token]?.app !== app.id) throw notFound()
      delete tokens[token]
      state.changed()
      return c.body(null, 204)
    })
}

type Fields = Record<string, string>

function exchange(state: GitHubState, app: App, asked: Fields): Fields | Record<string, string | number> {
  const refused = (error: string, error_description: string) => ({
    ...{ error, error_description },
    error_uri: `https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/#${error.replaceAll('_', '-')}`,
  })
  if (!isSame(asked.client_secret ?? '', app.clientSecret))
    return refused('incorrect_client_credentials', 'The client_id and/or client_secret passed are incorrect.')
  const { codes, tokens } = signInsOf(state)
  const code = asked.code ?? ''
  const kept = Object.hasOwn(codes, code) ? codes[code] : undefined
  if (!kept || kept.app !== app.id || kept.expiresAt <= state.now())
    return refused('bad_verification_code', 'The code passed is incorrect or expired.')
  delete codes[code]
  if (asked.redirect_uri && asked.redirect_uri !== kept.redirect)
    return refused(
      'redirect_uri_mismatch',
      'The redirect_uri MUST match the registered callback URL for this application.',
    )
  const shown = createHash('sha256')
    .update(asked.code_verifier ?? '')
    .digest('base64url')
  if (kept.challenge && kept.challenge !== shown)
    return refused('bad_verification_code', 'The code passed is incorrect or expired.')
  const token = newToken('ghu')
  tokens[token] = { app: app.id, login: kept.login, expiresAt: state.now() + TOKEN_LIFETIME_SECONDS * 1000 }
  state.changed()
  return {
    ...{ access_token: token, expires_in: TOKEN_LIFETIME_SECONDS, refresh_token: newToken('ghr') },
    ...{ refresh_token_expires_in: REFRESH_LIFETIME_SECONDS, scope: '', token_type: 'bearer' },
  }
}

const newToken = (kind: string) => `${kind}_${randomBytes(27).toString('base64url').replace(/[-_]/g, '0')}`

/** The fields of a form or of JSON, whichever it is. */
async function fieldsOf(c: Context): Promise<Fields> {
  const isJson = (c.req.header('content-type') ?? '').includes('json')
  const given: Record<string, unknown> = isJson ? await c.req.json() : await c.req.parseBody()
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]))
}

/** Only who asks for JSON gets it; the others get a form. */
function inForm(c: Context, fields: Record<string, string | number>, status: 200 | 404 = 200) {
  if ((c.req.header('accept') ?? '').includes('json')) return c.json(fields, status)
  const form = new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)]))
  return c.body(form.toString(), status, { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' })
}

function basicOf(c: Context): [string, string] {
  const [, credentials = ''] = /^basic (\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
  const [id = '', ...secret] = Buffer.from(credentials, 'base64').toString().split(':')
  return [id, secret.join(':')]
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

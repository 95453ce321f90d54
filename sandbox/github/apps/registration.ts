import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { z } from 'zod'
import { type Markup, showPage } from '../../page.ts'
import { type GitHubEnv, notFound, originOf } from '../answer.ts'
import { STYLE } from '../pages/style.ts'
import { signedInAs } from '../session.ts'
import { type GitHubState, newId } from '../state.ts'
import { type App, newClient, newPrivateKey } from './app-state.ts'
import { appJson } from './app-view.ts'
import { adminOf } from './installation-change.ts'

// The manifest flow: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest

const CODE_LIFETIME_MS = 3_600_000
const NAME_CHARACTERS_MAX = 34

const Manifest = z.object({
  name: z.string().max(NAME_CHARACTERS_MAX).optional(),
  url: z.url('the homepage address `url` is missing'),
  description: z.string().optional(),
  hook_attributes: z
    .object({ url: z.url('`hook_attributes.url` is missing'), active: z.boolean().default(true) })
    .optional(),
  redirect_url: z.url('`redirect_url` is missing'),
  callback_urls: z.array(z.url()).max(10).optional(),
  setup_url: z.url().optional(),
  setup_on_update: z.boolean().optional(),
  public: z.boolean().default(false),
  default_permissions: z.record(z.string(), z.enum(['read', 'write', 'admin'])).default({}),
  default_events: z.array(z.string()).default([]),
  request_oauth_on_install: z.boolean().optional(),
})
type Manifest = z.output<typeof Manifest>
type Asked = { manifest: string; name: string; state: string; owner: string; action: string }

/** Registers Apps: a page on which a person confirms a manifest, and the exchange of the code for the credentials. */
export function registrationRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  for (const path of ['/settings/apps/new', '/organizations/:org/settings/apps/new'] as const) {
    routes.post(path, async (c) => {
      const form = await c.req.parseBody()
      const person = signedInAs(c) ?? adminOf(state, state.users.values().next().value?.login ?? 'ghost')
      const text = (name: string) => (typeof form[name] === 'string' ? form[name] : '')
      const read = readManifest(text('manifest'))
      const suggested = typeof read === 'string' ? '' : (read.name ?? '')
      const asked: Asked = {
        manifest: text('manifest'),
        name: text('name').trim() || suggested,
        state: c.req.query('state') ?? '',
        owner: c.req.param('org') ?? person,
        action: `${c.req.path}?${new URLSearchParams({ state: c.req.query('state') ?? '' })}`,
      }
      const wrong = typeof read === 'string' ? read : 'name' in form ? nameProblem(state, asked.name) : undefined
      if (typeof read === 'string' || wrong || !('name' in form)) {
        if (wrong) c.status(422)
        return showPage(c, confirmation(asked, typeof read === 'string' ? undefined : read, wrong))
      }
      const back = new URL(read.redirect_url)
      back.searchParams.set('code', confirm(state, asked, read))
      if (asked.state) back.searchParams.set('state', asked.state)
      return c.redirect(back.href, 302)
    })
  }
  routes.post('/app-manifests/:code/conversions', (c) => {
    const code = c.req.param('code')
    const pending = Object.hasOwn(state.apps.pending, code) ? state.apps.pending[code] : undefined
    delete state.apps.pending[code]
    if (!pending || pending.expiresAt <= state.now()) throw notFound()
    const { app } = pending
    state.apps.apps.push(app)
    state.changed()
    const { clientSecret: client_secret, privateKey: pem } = app
    return c.json(
      { ...appJson(state, app, originOf(c)), client_secret, webhook_secret: app.hook.secret || null, pem },
      201,
    )
  })
  return routes
}

function readManifest(text: string): Manifest | string {
  try {
    const result = Manifest.safeParse(JSON.parse(text))
    return result.success
      ? result.data
      : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
  } catch {
    return 'The manifest is not JSON.'
  }
}

const slugOf = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')

function nameProblem(state: GitHubState, name: string): string | undefined {
  if (!slugOf(name)) return 'Name can’t be blank'
  if (name.length > NAME_CHARACTERS_MAX) return `Name is too long (maximum is ${NAME_CHARACTERS_MAX} characters)`
  const isTaken = state.apps.apps.some((app) => app.slug === slugOf(name)) || state.users.has(slugOf(name))
  return isTaken ? 'Name is already taken' : undefined
}

function confirm(state: GitHubState, asked: Asked, manifest: Manifest): string {
  const hook = manifest.hook_attributes
  const app: App = {
    id: newId(state),
    slug: slugOf(asked.name),
    name: asked.name,
    description: manifest.description ?? '',
    owner: asked.owner,
    externalUrl: manifest.url,
    ...(manifest.setup_url ? { setupUrl: manifest.setup_url } : {}),
    ...(manifest.callback_urls ? { callbackUrls: manifest.callback_urls } : {}),
    public: manifest.public,
    privateKey: newPrivateKey(),
    ...newClient(),
    hook: {
      url: hook?.url ?? '',
      secret: hook ? randomBytes(20).toString('hex') : '',
      active: hook?.active ?? false,
      contentType: 'json',
      insecureSsl: '0',
    },
    permissions: { ...manifest.default_permissions, metadata: 'read' },
    events: manifest.default_events,
    at: state.now(),
  }
  const code = randomBytes(20).toString('hex')
  state.apps.pending[code] = { app, expiresAt: state.now() + CODE_LIFETIME_MS }
  state.changed()
  return code
}

function confirmation(asked: Asked, manifest: Manifest | undefined, wrong: string | undefined) {
  const back = manifest ? new URL(manifest.redirect_url).origin : ''
  return {
    title: 'Create a GitHub App',
    name: 'GitHub stand-in',
    note: 'Plays GitHub for a shop on this machine. Nothing here is on github.com.',
    style: STYLE,
    formsLeadTo: back,
    body: html`<h1>Create GitHub App for ${asked.owner}</h1>
${wrong ? html`<p role="alert"><strong>${wrong}</strong></p>` : ''}
${manifest ? confirmForm(asked, manifest) : html`<p>Go back and mend the manifest.</p>`}`,
  }
}

const confirmForm = (
  asked: Asked,
  manifest: Manifest,
): Markup => html`<form method="post" action="${asked.action}" class="card">
<input type="hidden" name="manifest" value="${asked.manifest}">
<div><label for="name">GitHub App name</label>
<input type="text" id="name" name="name" value="${asked.name}" required maxlength="${NAME_CHARACTERS_MAX}"></div>
<section><h2>It will be able to</h2><ul>
${Object.entries(manifest.default_permissions).map(([name, level]) => html`<li>${level} ${name.replaceAll('_', ' ')}</li>`)}
</ul></section>
<section><h2>It will hear of</h2><p>${manifest.default_events.join(', ') || 'nothing'}</p>
<code>${manifest.hook_attributes?.url ?? ''}</code></section>
<section><button class="main">Create GitHub App for ${asked.owner}</button></section>
</form>`

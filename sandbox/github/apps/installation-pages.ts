import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { type Markup, showPage } from '../../page.ts'
import { type GitHubEnv, notFound, Refusal } from '../answer.ts'
import { STYLE } from '../pages/style.ts'
import { signedInAs } from '../session.ts'
import { type GitHubState, repositoriesOf } from '../state.ts'
import type { App, Installation } from './app-state.ts'
import { installationAt, installationsOf, repositoriesIn } from './coverage.ts'
import { adminOf, type Chosen, choose, install, setSuspended, uninstall } from './installation-change.ts'

const PAGE = {
  name: 'GitHub stand-in',
  note: 'Plays GitHub for a shop on this machine. Nothing here is on github.com.',
  style: STYLE,
}

/** Pages on which a person installs an App, chooses its repositories, suspends it and throws it out. */
export function installationPages(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const appWith = (slug: string) => {
    const app = state.apps.apps.find((one) => one.slug === slug)
    if (!app) throw notFound()
    return app
  }
  const clicker = (c: Context, owner: string) => signedInAs(c) ?? adminOf(state, owner)

  routes.get('/apps/:slug', (c) => c.redirect(`/apps/${c.req.param('slug')}/installations/new`, 302))
  routes.get('/apps/:slug/installations/new', (c) => showPage(c, installPage(state, appWith(c.req.param('slug')))))
  routes.post('/apps/:slug/installations/new', async (c) => {
    const app = appWith(c.req.param('slug'))
    const form = await c.req.parseBody({ all: true })
    const owner = String(form.owner ?? '')
    if (!accountsOf(state, signedInAs(c)).includes(owner))
      throw new Refusal(403, `You can't install an App on ${owner}.`)
    const installation = install(state, app, { owner, repositories: chosenIn(form), by: clicker(c, owner) })
    if (!app.setupUrl) return c.redirect(settingsOf(state, installation), 302)
    const back = new URL(app.setupUrl)
    back.searchParams.set('installation_id', String(installation.id))
    back.searchParams.set('setup_action', 'install')
    return c.redirect(back.href, 302)
  })
  for (const path of ['/settings/installations/:id', '/organizations/:o/settings/installations/:id'] as const) {
    const find = (c: Context) => {
      const owner = c.req.param('o')?.toLowerCase()
      const installation = installationsOf(state).find(
        (one) => String(one.id) === c.req.param('id') && (!owner || one.owner.toLowerCase() === owner),
      )
      const app = state.apps.apps.find(({ id }) => id === installation?.app)
      if (!installation || !app) throw notFound()
      return { app, installation }
    }
    routes.get(path, (c) => {
      const { app, installation } = find(c)
      return showPage(c, settingsPage(state, app, installation))
    })
    routes.post(path, async (c) => {
      const at = find(c)
      const form = await c.req.parseBody({ all: true })
      const by = clicker(c, at.installation.owner)
      if (form.action === 'uninstall') {
        uninstall(state, at, by)
        return c.redirect('/', 302)
      }
      if (form.action === 'suspend' || form.action === 'unsuspend') {
        setSuspended(state, at, form.action === 'suspend', by)
      } else choose(state, at, chosenIn(form), by)
      return c.redirect(settingsOf(state, at.installation), 302)
    })
  }
  return routes
}

type Form = Record<string, unknown>

function chosenIn(form: Form): Chosen {
  if (form.selection === 'all') return 'all'
  const chosen = [form.repositories ?? []].flat().map(String)
  if (chosen.length === 0) throw new Refusal(422, 'Choose at least one repository.')
  return chosen
}

/** Where somebody may install an App: their own account and the organisations they run; everywhere when nobody signed in. */
function accountsOf(state: GitHubState, login: string | undefined): string[] {
  const owners = new Set([...state.repositories.values()].map(({ owner }) => owner))
  for (const { login: name } of state.organizations.values()) owners.add(name)
  if (login === undefined) return [...owners]
  const runs = (owner: string) =>
    owner.toLowerCase() === login.toLowerCase() ||
    state.organizations.get(owner.toLowerCase())?.members.get(login.toLowerCase()) === 'admin'
  return [...owners].filter(runs)
}

const settingsOf = (state: GitHubState, { id, owner }: Installation) =>
  state.users.has(owner.toLowerCase())
    ? `/settings/installations/${id}`
    : `/organizations/${owner}/settings/installations/${id}`

function installPage(state: GitHubState, app: App) {
  const origin = app.setupUrl ? new URL(app.setupUrl).origin : ''
  return {
    ...PAGE,
    title: `Install ${app.name}`,
    formsLeadTo: origin,
    body: html`<h1>Install ${app.name}</h1>
<p class="soft">${app.description}</p>
${accountsOf(state, undefined).map((owner) => {
  const known = installationAt(state, app, owner)
  if (known) {
    return html`<article class="card"><div class="row"><h2>${owner}</h2><a href="${settingsOf(state, known)}">Configure</a></div></article>`
  }
  return html`<form method="post" class="card"><h2>${owner}</h2><input type="hidden" name="owner" value="${owner}">
${selection(state, owner, undefined)}<section><button class="main">Install on ${owner}</button></section></form>`
})}`,
  }
}

function settingsPage(state: GitHubState, app: App, installation: Installation) {
  const button = (action: string, label: string) =>
    html`<form method="post"><button name="action" value="${action}">${label}</button></form>`
  return {
    ...PAGE,
    title: `${app.name} on ${installation.owner}`,
    body: html`<h1>${app.name} on ${installation.owner}</h1>
${installation.suspended ? html`<p role="status">Suspended by ${installation.suspended.by}.</p>` : ''}
<form method="post" class="card"><h2>Repository access</h2>
${selection(state, installation.owner, installation)}<section><button>Save</button></section></form>
<article class="card"><h2>Danger zone</h2><section class="row">
${installation.suspended ? button('unsuspend', 'Unsuspend') : button('suspend', 'Suspend')}
${button('uninstall', 'Uninstall')}</section></article>`,
  }
}

function selection(state: GitHubState, owner: string, installation: Installation | undefined): Markup {
  const all = installation ? installation.selection === 'all' : true
  const reached = installation ? repositoriesIn(state, installation) : []
  return html`<section><label class="choice"><input type="radio" name="selection" value="all" ${all ? 'checked' : ''}> All repositories</label>
<label class="choice"><input type="radio" name="selection" value="selected" ${all ? '' : 'checked'}> Only select repositories</label>
<ul>${repositoriesOf(state, owner).map(
    (one) => html`<li><label class="choice"><input type="checkbox" name="repositories" value="${one.name}"
${!all && reached.includes(one) ? 'checked' : ''}> ${one.name}</label></li>`,
  )}</ul></section>`
}

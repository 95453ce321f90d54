import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { html } from 'hono/html'
import type { Markup } from '../../page.ts'
import { notFound } from '../answer.ts'
import type { App, Delivery, Installation } from '../apps/app-state.ts'
import { installationsOf, repositoriesIn } from '../apps/coverage.ts'
import { redeliver, settled } from '../apps/webhooks.ts'
import { NO_FAULTS } from '../faults/fault-state.ts'

import { type GitHubState, type Repository, repositoryWithId } from '../state.ts'
import { mayAs, roleOf } from '../users.ts'
import { button, clock, count, pathOf, show } from './dress.ts'
import type { PageContext, PageEnv } from './person.ts'

const DELIVERIES_SHOWN = 20
/** So long the page waits to show how a delivery went. */
const ANSWER_AWAITED_MS = 2000

/** The first page: which repositories and Apps there are, what webhooks went out lately, and what goes wrong on purpose. */
export function homePageRoutes(state: GitHubState): Hono<PageEnv> {
  const pages = new Hono<PageEnv>()
  pages.get('/', (c) =>
    show(
      c,
      'Repositories',
      html`<h1>Repositories</h1>${repositoryList(c)}
<h2>Apps</h2>${appList(state)}
<h2>Webhook deliveries</h2>${deliveryList(state)}
<h2>Broken on purpose</h2>${faultList(state)}`,
    ),
  )
  pages.post('/deliveries/:id', async (c) => {
    const delivery = state.apps.deliveries.find(({ id }) => String(id) === c.req.param('id'))
    if (!delivery) throw notFound()
    redeliver(state, delivery)
    await Promise.race([settled(state), sleep(ANSWER_AWAITED_MS)])
    return c.redirect('/', 303)
  })
  return pages
}

function repositoryList(c: PageContext): Markup {
  const { state, login } = c.var
  const seen = [...state.repositories.values()].filter(
    (one) => !one.private || mayAs(roleOf(state, one, login), 'read'),
  )
  if (seen.length === 0) return html`<p>There are none that you may see.</p>`
  return html`<article class="card"><ul class="files">${seen.map(repositoryRow)}</ul></article>`
}

function repositoryRow(repository: Repository): Markup {
  const pages = pathOf(repository)
  const open = [...repository.issues.values()].filter(({ state }) => state === 'open')
  const pulls = open.filter(({ number }) => repository.pulls.has(number)).length
  return html`<li><div class="row"><span><strong><a href="${pages}">${repository.owner}/${repository.name}</a></strong>
<span class="tag">${repository.private ? 'private' : 'public'}</span> ${repository.parent ? html`<span class="tag">fork</span>` : ''}</span>
<span class="buttons"><a href="${pages}/pulls">${count(pulls, 'open pull request')}</a> <a href="${pages}/issues">${count(open.length - pulls, 'issue')}</a>
<a href="${pages}/releases">${count(repository.releases.size, 'release')}</a></span></div></li>`
}

function appList(state: GitHubState): Markup {
  if (state.apps.apps.length === 0) return html`<p>No App is registered.</p>`
  const installations = installationsOf(state)
  return html`${state.apps.apps.map((app) =>
    appCard(
      state,
      app,
      installations.filter((one) => one.app === app.id),
    ),
  )}`
}

function appCard(state: GitHubState, app: App, installations: readonly Installation[]): Markup {
  return html`<article class="card"><div class="row"><h3>${app.name}</h3><a href="/apps/${app.slug}/installations/new">Install ${app.name}</a></div>
<section><p class="soft">App ${app.id}. ${app.hook.active ? html`Webhooks go to <code>${app.hook.url}</code>` : 'It gets no webhooks.'}</p><ul>${installations.map(
    (one) => {
      const account = state.users.has(one.owner.toLowerCase()) ? '' : `/organizations/${one.owner}`
      const reach =
        one.selection === 'all' ? 'all repositories' : count(repositoriesIn(state, one).length, 'repository')
      return html`<li><div class="row"><span>Installed on <strong>${one.owner}</strong>: ${reach.replace(/ys$/, 'ies')}
${one.suspended ? html`<span class="tag bad">suspended</span>` : ''}</span>
<a href="${account}/settings/installations/${one.id}">Configure<span class="unseen"> ${app.name} on ${one.owner}</span></a></div></li>`
    },
  )}</ul></section></article>`
}

function deliveryList(state: GitHubState): Markup {
  const newest = state.apps.deliveries.slice(-DELIVERIES_SHOWN).toReversed()
  if (newest.length === 0) return html`<p>Nothing was delivered yet.</p>`
  return html`<article class="card"><ul class="files">${newest.map((one) => deliveryRow(state, one))}</ul></article>`
}

function deliveryRow(state: GitHubState, delivery: Delivery): Markup {
  const { id, event, action, status, statusCode, at, redelivery } = delivery
  const repository = delivery.repository === null ? undefined : repositoryWithId(state, delivery.repository)
  const isGood = statusCode >= 200 && statusCode < 300
  return html`<li><div class="row"><span><strong>${event}${action ? `.${action}` : ''}</strong>
<span class="tag ${isGood ? 'good' : 'bad'}">${statusCode} ${status}</span> ${redelivery ? html`<span class="tag">again</span>` : ''}
<span class="soft">${repository ? `${repository.owner}/${repository.name}` : ''}</span></span><span class="buttons">${clock(at)} ${button(`/deliveries/${id}`, 'Redeliver')}</span></div></li>`
}

function faultList({ faults }: GitHubState): Markup {
  const usual = Object.entries(NO_FAULTS)
  const broken = usual.flatMap(([name, value]) => {
    const now = faults[name as keyof typeof faults]
    return JSON.stringify(now) === JSON.stringify(value) ? [] : [{ name, now: JSON.stringify(now) }]
  })
  if (broken.length === 0) return html`<p>Nothing: all goes as it should.</p>`
  return html`<article class="card"><ul class="files">${broken.map(({ name, now }) => html`<li><div>${name}: <code>${now}</code></div></li>`)}</ul></article>`
}

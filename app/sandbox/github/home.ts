import { Hono } from 'hono'
import { html } from 'hono/html'
import { formatSize, type Markup, showPage } from '../page.ts'
import type { GitHubState, Release, Repository } from './state.ts'

/** A page for people: which repositories there are, and what lies in their releases. */
export function homeRoutes(state: GitHubState): Hono {
  return new Hono().get('/', (c) => {
    const repositories = [...state.repositories.values()]
    return showPage(c, {
      title: 'GitHub stand-in',
      name: 'GitHub stand-in',
      note: 'Plays GitHub for a shop on this machine. Nothing here is on github.com.',
      body: html`<h1>Private repositories</h1>
<p class="soft">${appsNote(state)}</p>
${repositories.length === 0 ? html`<p>There are none yet.</p>` : repositories.map(repositoryCard)}`,
    })
  })
}

const appsNote = ({ apps }: GitHubState) =>
  apps.apps.length === 0
    ? 'No App is registered.'
    : apps.apps.map(({ name, id }) => `The App “${name}” (${id}) is registered.`).join(' ')

const repositoryCard = (repository: Repository): Markup => html`<article class="card">
<div class="row"><h2>${repository.owner}/${repository.name}</h2><span class="soft">private</span></div>
${[...repository.releases.values()].reverse().map(releaseSection)}
</article>`

const releaseSection = (release: Release): Markup => html`<section>
<div class="row"><h3>Release ${release.tag}</h3><span class="soft">${count(release.assets.size, 'file')}</span></div>
<ul>
${[...release.assets.values()].map(
  (asset) => html`<li><div class="row"><strong>${asset.name}</strong>
<span class="soft">${formatSize(asset.size)}, downloaded ${count(asset.downloads, 'time')}</span></div>
<code>sha256:${asset.sha256}</code></li>`,
)}
</ul>
</section>`

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`

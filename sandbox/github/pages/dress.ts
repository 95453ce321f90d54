import type { Context } from 'hono'
import { html } from 'hono/html'
import { type Markup, showPage } from '../../page.ts'
import { Refusal } from '../answer.ts'
import type { Repository } from '../state.ts'
import type { PageContext, RepositoryEnv } from './person.ts'
import { STYLE } from './style.ts'

const PEOPLE_SHOWN_MAX = 8

/** A page in the stand-in's dress, with the row that says who looks at it. */
export function show(c: PageContext, title: string, body: Markup) {
  return showPage(c, {
    title: `${title} · GitHub stand-in`,
    name: 'GitHub stand-in',
    note: 'Plays GitHub for a shop on this machine. Nothing here is on github.com.',
    style: STYLE,
    pictures: true,
    body: html`${personRow(c)}${body}`,
  })
}

/** A page of a repository: its name, and the ways through it. */
export function showIn(c: Context<RepositoryEnv>, title: string, body: Markup) {
  const { repository } = c.var
  const path = pathOf(repository)
  const open = [...repository.issues.values()].filter((one) => one.state === 'open')
  const pulls = open.filter(({ number }) => repository.pulls.has(number)).length
  const [, part] = new URL(c.req.url).pathname.slice(path.length).split('/')
  const way = (to: string, text: string, ...parts: string[]) =>
    html`<a href="${path}${to}" ${parts.includes(part ?? '') ? html`aria-current="page"` : ''}>${text}</a>`
  return show(
    c,
    `${title} · ${repository.owner}/${repository.name}`,
    html`<p class="place"><a href="${path}">${repository.owner}/${repository.name}</a>
<span class="tag">${repository.private ? 'private' : 'public'}</span></p>
<nav aria-label="Repository">
${way('', 'Files', '', 'tree', 'blob', 'edit', 'new', 'upload', 'delete')}
${way('/pulls', `Pull requests (${pulls})`, 'pulls', 'pull')}
${way('/issues', `Issues (${open.length - pulls})`, 'issues')}
${way('/releases', `Releases (${repository.releases.size})`, 'releases')}
${way('/commits', 'Commits', 'commits', 'commit')}
</nav>
${body}`,
  )
}

/** Where a repository's pages begin. */
export const pathOf = ({ owner, name }: Pick<Repository, 'owner' | 'name'>): string => `/${owner}/${name}`

/** A path of a file for an address. */
export const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/')

/** A page that says why something was refused, in the API's words. Anything else is a fault of the stand-in. */
export function showRefusal(error: Error, c: PageContext) {
  if (!(error instanceof Refusal)) console.error('The GitHub stand-in failed:', error)
  const { status, message, errors } =
    error instanceof Refusal ? error : new Refusal(500, 'The stand-in failed; its output says more.')
  c.status(status)
  const more = (errors ?? []).map((one) => one.message ?? `${one.field}: ${one.code}`)
  const before = new URL(c.req.url).pathname.replace(ACTION, '')
  const back = c.req.method === 'GET' ? '' : html`<a href="${before}">Back</a> · `
  return show(
    c,
    'That did not work',
    html`<article class="card"><h1>That did not work</h1>
<p class="words">${[message, ...more].join('\n')}</p><p>${back}<a href="/">All repositories</a></p></article>`,
  )
}

/** The end of an address that only takes a form. */
const ACTION = /\/(merge|edit|review|comments|update|assets|checks\/\d+)$/

/** A path of a file that may break after its slashes. */
export const breakable = (path: string): Markup => {
  const parts = path.split('/')
  return html`${parts.map((part, index) => html`${part}${index < parts.length - 1 ? html`/<wbr>` : ''}`)}`
}

/** A moment for people: to the minute, in UTC. */
export const clock = (milliseconds: number): Markup => {
  const instant = new Date(milliseconds).toISOString()
  return html`<time datetime="${instant}">${instant.slice(0, 16).replace('T', ' ')} UTC</time>`
}

/** `1 file`, `2 files`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

/** A form of one button. */
export function button(action: string, text: string, fields: Record<string, string> = {}): Markup {
  const inputs = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return html`<form method="post" action="${action}">${inputs}<button>${text}</button></form>`
}

function personRow(c: PageContext): Markup {
  const { state, login } = c.var
  if (!login) return html`<p class="person">Nobody is signed in: there are no users yet.</p>`
  const here = new URL(c.req.url)
  const back = c.req.method === 'GET' ? `${here.pathname}${here.search}` : '/'
  const others = [...state.users.values()].filter((user) => user.login !== login).slice(0, PEOPLE_SHOWN_MAX)
  const become = others.map((user) => html`<button name="login" value="${user.login}">Become ${user.login}</button>`)
  return html`<form class="person" method="post" action="/login"><input type="hidden" name="return_to" value="${back}">
<span>You are <strong>${login}</strong></span>${become}</form>`
}

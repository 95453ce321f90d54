import { html } from 'hono/html'
import { mayDo, type Person } from '../../account/person.ts'
import type { Config } from '../../config.ts'
import { SIGN_IN_CALLBACK } from '../../link.ts'
import type { ClosedReason, ShopEvent } from '../../shop/event.ts'
import type { ShopState } from '../../shop/shop.ts'
import type { JobsWaiting, LastDeliveries } from '../../store/store.ts'
import { documentOf, type Markup } from '../document.ts'

/** Where the page's stylesheet is. */
export const DESK_STYLE = '/desk.css'

const COMMIT_CHARACTERS = 7

/** Everything that the page shows. */
export type Desk = {
  name: string
  isOpen: boolean
  products: number
  shop: ShopState
  /** The repository of the catalog, chosen or set; nothing when it is still to choose. */
  repository: string | undefined
  /** Repositories to choose from: asked for only where that is to be done. `unknown` when GitHub does not answer. */
  candidates: readonly string[] | 'unknown' | undefined
  lastDeliveries: LastDeliveries
  /** What is wrong around the process that answers. */
  notices: readonly string[]
  jobsWaiting: JobsWaiting
  /** Newest first. */
  history: readonly ShopEvent[]
  githubUrl: string
  person: Person
}

/** The page of a shop's maintainers: what is live, what is not and why, and what to do. It needs no script. */
export function deskPage(desk: Desk): Markup {
  const { name, isOpen } = desk
  return inDesk(
    `${name}, for maintainers`,
    html`${deskHead(name, desk.person)}
<p class="desk-state ${isOpen ? '' : 'desk-state-off'}">${stateOf(desk)}</p>
${desk.candidates ? choice(desk.candidates) : ''}
${isOpen ? '' : closedNotice(desk)}
${refusedNotice(desk)}
${changedNotice(desk)}
${desk.notices.map((sentence) => notice(html`<p>${sentence}</p>`))}
${liveSection(desk)}
${deliverySection(desk)}
${historySection(desk)}`,
  )
}

/** What everybody else sees, those too whom GitHub sends here after they installed the App. It tells nothing of the shop. */
export function welcomePage(): Markup {
  return inDesk(
    'For maintainers of this shop',
    html`<header class="desk-head"><h1>For maintainers of this shop</h1></header>
<section>
<h2>You have just installed the App?</h2>
<p>Then look at the pull requests of your repository. Within a minute there is a new one, <strong>Open the shop</strong>: it brings
a catalog to begin with, and says what happens next. Nothing is sold before you merge it.</p>
<p class="desk-soft">None there? A repository that has a catalog gets none, nor does one without a single commit. And where the
App may enter several repositories, somebody has to choose one first, at the desk.</p>
</section>
<section>
<h2>You work for this shop?</h2>
<p><a class="button" href="/desk/sign-in">Sign in with GitHub</a></p>
<p class="desk-soft">The desk opens to who may triage, write to, maintain or administer the shop's repository.</p>
</section>`,
  )
}

/** How to come in where GitHub can't be asked who comes. */
export function withoutSignInPage({ SHOP_URL, GITHUB_URL }: Pick<Config, 'SHOP_URL' | 'GITHUB_URL'>): Markup {
  return inDesk(
    'Signing in is not set up',
    html`<header class="desk-head"><h1>Signing in is not set up</h1></header>
<section><h2>Set it up</h2>
<p>On the settings page of the shop's GitHub App, at <a href="${GITHUB_URL}/settings/apps">${GITHUB_URL}/settings/apps</a> or in the
organisation's settings: enter the callback URL <code>${SHOP_URL}${SIGN_IN_CALLBACK}</code>, generate a client secret, and put the two into
the shop's settings as <code>GITHUB_CLIENT_ID</code> and <code>GITHUB_CLIENT_SECRET</code>. Then start the shop again.</p></section>
<section><h2>Until then</h2>
<p><code>npx tagsale desk</code> on the server makes a link that works once. The shop prints one where it starts.</p></section>`,
  )
}

/** The head of each page of the desk: where one is, who one is, and the way out. */
export const deskHead = (title: string, person: Person): Markup => html`<header class="desk-head">
<nav class="desk-soft desk-bar" aria-label="The desk"><a href="/desk">Desk</a> <a href="/desk/orders">Orders</a> <a href="/desk/people">People and tokens</a>
${mayDo(person, 'maintain') ? html`<a href="/desk/access">Who did what</a>` : ''}
<span>${person.name}, ${person.role}</span>
<form method="post" action="/desk/sign-out"><button class="desk-out" type="submit">Sign out</button></form></nav>
<h1>${title}</h1></header>`

/** A page of the desk. */
export const inDesk = (title: string, content: Markup): Markup =>
  documentOf({ title, style: DESK_STYLE, body: html`<main class="desk">${content}</main>` })

function stateOf({ isOpen, products, shop }: Desk): string {
  if (isOpen) return products === 1 ? 'Open, with one product for sale' : `Open, with ${products} products for sale`
  return shop.live ? 'Closed: nothing is sold' : 'Not open yet'
}

/** Why nothing is sold, and what to do. Buyers have what they bought, whatever it is. */
const CLOSED: Record<ClosedReason, string> = {
  suspended:
    "The App is suspended. An owner of the organisation can unsuspend it, in the organisation's settings under GitHub Apps.",
  'not-installed':
    'The App is not installed on the repository any more, or may not enter it. Install it again, or give it access to the repository.',
  'no-catalog':
    'The default branch has no folder catalog/. Merge the pull request “Open the shop”, or bring the catalog back. A repository without any commit gets that pull request after its first one.',
}

const CLOSED_SHORT: Record<ClosedReason, string> = {
  suspended: 'the App was suspended',
  'not-installed': 'the App could not enter the repository',
  'no-catalog': 'there was no catalog',
}

function closedNotice({ shop, repository }: Desk): Markup | '' {
  if (shop.closed) return notice(html`<p>${CLOSED[shop.closed.reason]}</p>`)
  if (!repository) return ''
  return notice(html`<p>The catalog is being fetched and the pages are being built. Look again in a minute.</p>`)
}

function refusedNotice({ shop, repository, githubUrl }: Desk): Markup | '' {
  const { refused } = shop
  if (!refused || !repository) return ''
  const count = refused.problems === 1 ? 'one mistake' : `${refused.problems} mistakes`
  const issues = `${githubUrl}/${repository}/issues?q=is%3Aopen+label%3Atagsale`
  return notice(html`<p>Commit ${commitLink(githubUrl, repository, refused.commit)} has ${count}, so the shop did not take it, and
stays at the commit below. <a href="${issues}">The issue about it</a> names each line, and says how to mend it.</p>`)
}

function changedNotice({ shop }: Desk): Markup | '' {
  const files = Object.values(shop.changed).map(({ file }) => `${file.file} of ${file.tag}`)
  if (files.length === 0) return ''
  return notice(html`<p>Not delivered, because the file is not the one that was approved:
${files.map((file, place) => html`${place ? ', ' : ''}<code>${file}</code>`)}. There is an issue about each.</p>`)
}

const notice = (content: Markup | Promise<unknown>): Markup => html`<div class="notice">${content}</div>`

function choice(candidates: readonly string[] | 'unknown'): Markup {
  const [first] = candidates
  const content =
    candidates === 'unknown'
      ? html`<p>GitHub does not answer just now. Look again in a minute.</p>`
      : first === undefined
        ? html`<p>The App is installed nowhere. Install it on the organisation that has, or will have, the shop's repository.</p>`
        : html`<form method="post" action="/desk/repository">
<fieldset><legend>The App may enter these. Which one has the catalog, or shall have it?</legend>
${candidates.map((name) => html`<label class="desk-choice"><input type="radio" name="repository" value="${name}" required><span>${name}</span></label>`)}
</fieldset>
<p class="desk-soft">Where there is no catalog yet, a pull request proposes one.</p>
<button class="button" type="submit">Take this one</button>
</form>`
  return html`<section><h2>The repository of the shop</h2>${content}</section>`
}

function liveSection({ shop: { live }, repository, githubUrl }: Desk): Markup {
  const rows =
    live && repository
      ? html`<dt>Commit</dt><dd>${commitLink(githubUrl, repository, live.commit)}</dd>
<dt>Since</dt><dd>${moment(live.at)}</dd>
${live.by ? html`<dt>By</dt><dd>${live.by}</dd>` : ''}`
      : html`<dt>Commit</dt><dd>none yet</dd>`
  return html`<section><h2>What is live</h2><dl>
<dt>Repository</dt><dd>${repository ? html`<a href="${githubUrl}/${repository}">${repository}</a>` : 'none yet'}</dd>
${rows}</dl></section>`
}

function deliverySection({ lastDeliveries: { stripe, github }, jobsWaiting }: Desk): Markup {
  const last = (at: string | undefined) => (at ? moment(at) : 'never')
  return html`<section><h2>What reaches the shop</h2><dl>
<dt>GitHub</dt><dd>${last(github)}</dd>
<dt>Stripe</dt><dd>${last(stripe)}</dd>
<dt>Work waiting</dt><dd>${jobsWaiting.due} due, ${jobsWaiting.later} for later</dd>
<dt>Stuck</dt><dd>${stuckText(jobsWaiting)}</dd></dl>
<p class="desk-soft">The last time each of them delivered something to look at. <em>Never</em>, on a shop that is used, means that its webhook address or secret is not right:
<code>npx tagsale doctor</code> says which.</p></section>`
}

const stuckText = ({ stuck }: JobsWaiting): string =>
  stuck === 0 ? 'none' : `${stuck} tried again and again; the log says why`

function historySection({ history, githubUrl }: Desk): Markup {
  if (history.length === 0) return html`<section><h2>What happened</h2><p>Nothing yet.</p></section>`
  return html`<section><h2>What happened</h2><ol class="desk-history">
${history.map((event) => html`<li>${moment(event.at)}<span>${factText(event, githubUrl)}</span></li>`)}
</ol></section>`
}

function factText(event: ShopEvent, githubUrl: string): Markup | string {
  switch (event.type) {
    case 'shop.chosen':
      return html`<code>${event.repository}</code> is the shop's repository`
    case 'shop.updated':
      return html`${commitLink(githubUrl, event.repository, event.commit)} went live${event.by ? `, by ${event.by}` : ''}`
    case 'shop.refused':
      return html`${commitLink(githubUrl, event.repository, event.commit)} was not taken: ${event.problems} ${event.problems === 1 ? 'mistake' : 'mistakes'}`
    case 'shop.closed':
      return `Nothing for sale from here on: ${CLOSED_SHORT[event.reason]}`
    case 'asset.approved':
      return html`<code>${event.asset}</code> was approved, ${event.approved.file.file} of ${event.approved.file.tag}`
    case 'asset.changed':
      return html`<code>${event.asset}</code> has another file than was approved; it is not delivered`
    case 'asset.reviewed':
      return html`<code>${event.asset}</code> was approved anew`
    case 'asset.released':
      return html`<code>${event.asset}</code> went from ${event.from.tag} to ${event.to.tag}`
  }
}

const commitLink = (githubUrl: string, repository: string, commit: string): Markup =>
  html`<a href="${githubUrl}/${repository}/commit/${commit}"><code>${commit.slice(0, COMMIT_CHARACTERS)}</code></a>`

/** A moment for people, the same everywhere: `22 November 2026 at 20:48 UTC`. */
export function moment(at: string): Markup {
  const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
  return html`<time datetime="${at}">${format.format(new Date(at))} UTC</time>`
}

import { html } from 'hono/html'
import { type Credential, type KeptAccess, mayDo, type Person, ROLES } from '../../account/person.ts'
import { TOKEN_DAYS_MAX } from '../../account/token.ts'
import type { Markup } from '../document.ts'
import { deskHead, inDesk, moment } from './desk-page.ts'

const TOKEN_DAYS = 90

/** Everything that the page of people shows; `here` is the session of this browser. */
export type People = {
  person: Person
  here: string | undefined
  credentials: readonly Credential[]
  /** A token that was made just now, with the text that is shown this once. */
  made?: { text: string; token: Credential }
}

/** Sessions and tokens, each with a button that ends it. It needs no script. */
export function peoplePage({ person, here, credentials, made }: People): Markup {
  const sessions = credentials.filter(({ kind }) => kind === 'session')
  const tokens = credentials.filter(({ kind }) => kind === 'token')
  return inDesk(
    'People and tokens',
    html`${deskHead('People and tokens', person)}
${made ? madeNotice(made) : ''}
<section><h2>Signed in</h2>${list(sessions.map((one) => sessionRow(one, here)))}</section>
${mayDo(person, 'maintain') ? html`<section><h2>Tokens</h2>${list(tokens.map(tokenRow))}${tokenForm()}</section>` : ''}`,
  )
}

const madeNotice = ({ text, token }: NonNullable<People['made']>): Markup =>
  html`<div class="notice" role="status"><p>The token <strong>${token.name}</strong>. It is shown this once: keep it now.</p>
<p><code>${text}</code></p></div>`

const list = (rows: readonly Markup[]): Markup =>
  rows.length === 0 ? html`<p>None.</p>` : html`<ul class="desk-people">${rows}</ul>`

const sessionRow = (one: Credential, here: string | undefined): Markup => html`<li>
<div><strong>${one.name}</strong>, ${one.role}, ${one.device ?? ''} ${one.id === here ? '(this browser)' : ''}
${times(one)}</div>${endButton(one, 'End', `the session of ${one.name}, ${one.device ?? ''}`)}</li>`

const tokenRow = (one: Credential): Markup => html`<li>
<div><strong>${one.name}</strong>, ${one.role}, made by ${one.by ?? ''}
${times(one)}</div>${endButton(one, 'Revoke', `the token ${one.name}`)}</li>`

const times = ({ madeAt, usedAt, endsAt }: Credential): Markup =>
  html`<p class="desk-soft">Since ${moment(madeAt)}, last used ${
    usedAt ? moment(usedAt) : 'never'
  }, ends ${moment(endsAt)}</p>`

const endButton = (
  { id }: Credential,
  word: string,
  what: string,
): Markup => html`<form method="post" action="/desk/people">
<input type="hidden" name="action" value="end"><input type="hidden" name="id" value="${id}">
<button class="button" type="submit" aria-label="${word} ${what}">${word}</button></form>`

const tokenForm = (): Markup => html`<form method="post" action="/desk/people">
<input type="hidden" name="action" value="make">
<label>Name, for this page and for what it does <input name="name" required maxlength="50" autocomplete="off"></label>
<label>Role <select name="role">${ROLES.map((role) => html`<option>${role}</option>`)}</select></label>
<label>Good for how many days <input name="days" type="number" required min="1" max="${TOKEN_DAYS_MAX}" value="${TOKEN_DAYS}"></label>
<button class="button" type="submit">Make a token</button></form>`

/** A page of the log, newest first, with the way to what was before. */
export function accessPage(person: Person, accesses: readonly KeptAccess[]): Markup {
  const last = accesses.at(-1)
  const older = last ? html`<p><a href="/desk/access?${new URLSearchParams({ before: last.place })}">Older</a></p>` : ''
  return inDesk(
    'Who did what',
    html`${deskHead('Who did what', person)}<section><h2>At the desk</h2>
${accesses.length === 0 ? html`<p>Nothing yet.</p>` : html`<ol class="desk-history">${accesses.map(accessRow)}</ol>`}${older}</section>`,
  )
}

const accessRow = ({ at, name, via, what, order, about }: KeptAccess): Markup => html`<li>${moment(at)}
<span><strong>${name}</strong>${via === 'desk' ? '' : ` (${via})`} <code>${what}</code> ${order ? html`<code>${order}</code>` : ''} ${about ?? ''}</span></li>`

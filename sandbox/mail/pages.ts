import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { type Markup, showPage } from '../page.ts'
import type { Inbox, ReceivedMail } from './inbox.ts'

/** The inbox as a person reads it: a list, newest first, and each mail as HTML, as plain text and as it was sent. */
export function inboxPages(inbox: Inbox): Hono {
  const find = (id: string | undefined) => inbox.mails().find((mail) => String(mail.id) === id)
  return new Hono()
    .get('/', (c) => showPage(c, { ...dress('Inbox'), body: mailList(inbox.mails()), script: LOOK_FOR_NEW_MAIL }))
    .get('/count', (c) => c.json(inbox.mails().at(-1)?.id ?? 0))
    .get('/mails/:id', (c) => {
      const mail = find(c.req.param('id'))
      if (!mail) return notThere(c)
      const asText = c.req.query('as') === 'text' || !mail.html
      return showPage(c, { ...dress(mail.subject || 'No subject'), body: mailCard(mail, asText) })
    })
    .get('/mails/:id/html', (c) => {
      const mail = find(c.req.param('id'))
      return mail ? mailBody(c, mail) : notThere(c)
    })
    .get('/mails/:id/source', (c) => {
      const mail = find(c.req.param('id'))
      if (!mail) return notThere(c)
      return c.body(Buffer.from(mail.source, 'latin1'), 200, { 'content-type': 'text/plain; charset=utf-8' })
    })
}

/** Reloads the list when a mail has come, and only while somebody looks. */
const LOOK_FOR_NEW_MAIL = `
const count = () => fetch('/count').then((answer) => answer.text())
const before = count()
setInterval(async () => {
  if (!document.hidden && (await count().catch(() => before)) !== (await before)) location.reload()
}, 2000)
`

const dress = (title: string) => ({
  title,
  name: 'Inbox',
  note: 'Plays a mail server for a shop on this machine. Nothing here leaves it.',
})

function notThere(c: Context) {
  c.status(404)
  return showPage(c, {
    ...dress('No such mail'),
    body: html`<h1>There is no such mail</h1><p><a href="/">All mails</a></p>`,
  })
}

function mailList(mails: readonly ReceivedMail[]): Markup {
  if (mails.length === 0) return html`<h1>No mails yet</h1><p>What the shop sends appears here by itself.</p>`
  return html`<h1>${mails.length} ${mails.length === 1 ? 'mail' : 'mails'}</h1>
<div class="card"><ul>${[...mails].reverse().map(
    (mail) => html`<li><a href="/mails/${mail.id}">
<span class="row"><strong>${mail.subject || 'No subject'}</strong> ${timeOf(mail)}</span>
<span class="soft">to ${mail.to}</span></a></li>`,
  )}</ul></div>`
}

function mailCard(mail: ReceivedMail, asText: boolean): Markup {
  const tab = (href: string, name: string, isHere: boolean) =>
    isHere ? html`<a href="${href}" aria-current="page">${name}</a>` : html`<a href="${href}">${name}</a>`
  const address = `/mails/${mail.id}`
  return html`<p><a href="/">All mails</a></p>
<article class="card">
<div><h1>${mail.subject || 'No subject'}</h1>
<dl><dt>From</dt><dd>${mail.from}</dd><dt>To</dt><dd>${mail.to}</dd><dt>Sent</dt><dd>${timeOf(mail)}</dd></dl></div>
<nav aria-label="Forms of the mail">
${mail.html ? tab(address, 'Mail', !asText) : ''} ${tab(`${address}?as=text`, 'Plain text', asText)}
<a href="${address}/source">Source</a></nav>
${
  asText
    ? html`<pre>${withLinks(mail.text)}</pre>`
    : html`<iframe title="The mail" src="${address}/html" sandbox="${SANDBOX}"></iframe>`
}
</article>`
}

const timeOf = ({ at }: ReceivedMail) =>
  html`<time datetime="${at}">${new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })}</time>`

/** Makes addresses in plain text links, as mail programs do. */
const withLinks = (text: string): Markup[] =>
  text
    .split(/(https?:\/\/[^\s<>"]+)/)
    .map((part, index) => (index % 2 ? html`<a href="${part}" target="_blank">${part}</a>` : html`${part}`))

/** Nobody's origin; links open beside it. "Scripts" are for browsers that tests drive: a mail's own are refused below. */
const SANDBOX = 'allow-popups allow-popups-to-escape-sandbox allow-scripts'

/** The mail's own HTML, in which no script runs, nothing is sent and only pictures are fetched. */
function mailBody(c: Context, mail: ReceivedMail) {
  const allowed = "img-src data: http: https:; style-src 'unsafe-inline'"
  c.header('content-security-policy', `sandbox ${SANDBOX}; default-src 'none'; ${allowed}; form-action 'none'`)
  c.header('referrer-policy', 'no-referrer')
  return c.html(`<base target="_blank">${mail.html}`)
}

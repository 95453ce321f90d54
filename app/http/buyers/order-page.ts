import { html } from 'hono/html'
import { formatMoney, toMinorUnits } from '../../../catalog/schema/money.ts'
import { sizeText } from '../../../catalog/size.ts'
import type { OrderView } from './order-view.ts'

/** What an order is called to its buyer, and what to say of it. Never a success that isn't true. */
const WORDS: Record<OrderView['payment'], { title: string; text: string; tone: 'info' | 'warn' | 'good' }> = {
  pending: { title: 'Waiting for your payment', text: 'This page looks again by itself.', tone: 'info' },
  processing: {
    title: 'Your bank will confirm',
    text: 'We have your order. Your bank has yet to confirm the payment, which can take some days. We write when it has.',
    tone: 'info',
  },
  paid: { title: 'Thank you', text: 'Your payment has arrived.', tone: 'good' },
  failed: { title: 'Nothing was taken', text: 'This order was not paid, so nothing will be sent.', tone: 'warn' },
  partially_refunded: {
    title: 'Refunded in part',
    text: 'Some of your money is on its way back to you.',
    tone: 'info',
  },
  refunded: { title: 'Refunded', text: 'Your money is on its way back to you.', tone: 'info' },
  disputed: {
    title: 'Disputed',
    text: 'Your bank is looking into this payment, or has taken it back; downloads are closed.',
    tone: 'warn',
  },
}

/** What the goods cost is back, as a rule. */
const GOODS_REFUNDED = {
  title: 'Refunded in part',
  text: 'Some of your money is on its way back to you; downloads are closed.',
  tone: 'info',
} as const

const FREE = { title: 'Thank you', text: 'It is yours; there was nothing to pay.', tone: 'good' } as const

/** How the page's script and styles know the order's state: a bank that confirms in days is nothing to wait for. */
const STATES: Partial<Record<OrderView['payment'], string>> = {
  partially_refunded: 'paid',
  refunded: 'canceled',
  disputed: 'failed',
}

/** The order as the part of a page of the storefront (site/styles has its classes). */
export function orderFragment(view: OrderView, retryUrl: string) {
  const { title, text, tone } = wordsFor(view)
  const waits = view.payment === 'pending'
  return html`<article class="order" data-order-id="${view.order}" data-state="${STATES[view.payment] ?? view.payment}" ${waits ? 'data-pending' : ''}>
${waits ? html`<noscript><meta http-equiv="refresh" content="3"></noscript>` : ''}
<header class="order-status order-status-${tone}">
<h1>${title}</h1>
<p>${text}</p>
${view.owed && ['sent', 'on its way'].includes(view.receipt) ? html`<p>A receipt comes by mail${view.downloads.length > 0 ? ', with these links' : ''}.</p>` : ''}
<p class="order-id">Order <code>${view.order}</code>, ${dateText(view.placedAt)}</p>
</header>
${view.fulfillment === 'stalled' ? STALLED : ''}
${view.receipt === 'delayed' ? RECEIPT_DELAYED : ''}${view.receipt === 'not sent' ? RECEIPT_NOT_SENT : ''}
${downloads(view)}
${view.parcel ? parcel(view.parcel) : ''}
${lines(view)}
${view.payment === 'failed' ? tryAgain(retryUrl) : ''}
</article>`
}

function wordsFor(view: OrderView) {
  if (view.payment === 'paid' && Number(view.total) === 0) return FREE
  return view.payment === 'partially_refunded' && !view.owed ? GOODS_REFUNDED : WORDS[view.payment]
}

const STALLED = html`<p class="notice notice-warn">Something with this order needs a person. Please write to us, and name the order.</p>`

const RECEIPT_NOT_SENT = html`<p class="notice">Your mail address did not take our receipt. Everything is here: keep this page's address.</p>`

const RECEIPT_DELAYED = html`<p class="notice">Our mail server does not answer just now; your receipt comes when it does. Everything is here meanwhile: keep this page's address.</p>`

function downloads({ downloads: files }: OrderView) {
  if (files.length === 0) return ''
  const away = files.some((file) => file.size === null)
  return html`<section class="downloads" aria-labelledby="downloads-title">
<h2 id="downloads-title">Your downloads</h2>
${away ? html`<p class="notice notice-warn">Not all files can be had just now: GitHub, where they lie, does not answer, or the maintainers are checking a file. Your downloads are safe; try again in a while.</p>` : ''}
<ul>${files.map(download)}</ul>
</section>`
}

function download(file: OrderView['downloads'][number]) {
  return html`<li class="download">
<div class="download-about"><strong>${file.title}</strong>
<span class="download-file">${file.file}${file.size === null ? '' : ` · ${sizeText(file.size)}`}</span>
${file.sha256 ? html`<details><summary>SHA-256</summary><code>${file.sha256}</code></details>` : ''}</div>
<a class="button" href="${file.url}" rel="nofollow" aria-label="Download ${file.title}">Download</a>
</li>`
}

function parcel({ status, lines: contents }: NonNullable<OrderView['parcel']>) {
  const words = { 'to be packed': 'To be packed', shipped: 'On its way', delivered: 'Delivered' }
  return html`<section class="parcel" aria-labelledby="parcel-title">
<h2 id="parcel-title">Your parcel</h2>
<p class="parcel-status">${words[status]}</p>
<ul>${contents.map((line) => html`<li>${line}</li>`)}</ul>
</section>`
}

function lines(view: OrderView) {
  const money = (text: string) => formatMoney({ amount: toMinorUnits(text, view.currency), currency: view.currency })
  const sum = (label: string, amount: string) => html`<tr><th scope="row">${label}</th><td>${money(amount)}</td></tr>`
  return html`<section aria-labelledby="lines-title">
<h2 id="lines-title">What you ordered</h2>
<table class="order-lines">
<tbody>${view.lines.map(
    (line) =>
      html`<tr><th scope="row">${line.quantity === 1 ? '' : `${line.quantity} × `}${line.name}</th><td>${money(line.amount)}</td></tr>`,
  )}</tbody>
<tfoot>${view.shipping && (view.parcel || Number(view.shipping) > 0) ? sum('Shipping', view.shipping) : ''}
${view.total ? sum('Paid', view.total) : view.due ? sum('To pay', view.due) : sum('Without shipping', view.subtotal)}
${Number(view.refunded) > 0 ? sum('Refunded', view.refunded) : ''}</tfoot>
</table>
</section>`
}

const tryAgain = (url: string) =>
  html`<form method="post" action="${url}"><button class="button" type="submit">Try again</button></form>`

/** A day for people, the same everywhere: `22 November 2026`. */
const dateText = (instant: string): string =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(instant))

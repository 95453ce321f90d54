import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import type Stripe from 'stripe'
import { type Markup, showPage } from '../../page.ts'
import { checkoutOf } from '../checkout/session.ts'
import { refund } from '../money-back.ts'
import { settle } from '../payment.ts'
import { StripeFailure } from '../request.ts'
import type { Account, Checkout, KeptEvent } from '../state.ts'
import { newestFirst } from '../view.ts'
import { dress, money } from './dress.ts'

const ROWS_SHOWN = 50
const TITLE = 'Payments of your sandbox'

/** What a maintainer sees of the account, with buttons for what a bank or a Dashboard would do. */
export function homeRoutes(account: Account): Hono {
  const app = new Hono()
  app.get('/', (context) => showPage(context, { ...dress(TITLE), body: overview(account) }))
  app.post('/home/sessions/:id/settle', async (context) => {
    const { ok } = await context.req.parseBody()
    return tried(context, () => settle(account, checkoutOf(account, context.req.param('id')), ok === 'yes'))
  })
  app.post('/home/payments/:id/refund', (context) =>
    tried(context, () => refund(account, { payment_intent: context.req.param('id') })),
  )
  return app
}

/** Runs an action and goes back to the page. A refusal becomes a page too, since a person pressed the button. */
function tried(context: Context, action: () => void) {
  try {
    action()
    return context.redirect('/', 303)
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error
    context.status(409)
    const back = html`<p><a href="/">Back to the payments</a></p>`
    const body = html`<div class="panel narrow"><h1>${error.message}</h1>${back}</div>`
    return showPage(context, { ...dress('Not possible'), body })
  }
}

function overview(account: Account): Markup {
  const { state } = account
  const checkouts = newestFirst(state.checkouts).slice(0, ROWS_SHOWN)
  const events = state.events.slice(-ROWS_SHOWN).reverse()
  return html`<h1>${TITLE}</h1>
    <p>Your shop talks to this page’s server exactly as it would talk to Stripe. Here you can do what a buyer’s bank,
      or you in Stripe’s Dashboard, would do.</p>
    ${section('Checkouts', checkouts.length > 0 ? checkoutTable(account, checkouts) : empty('No checkout yet: buy something in the shop.'))}
    ${section('Webhooks', state.endpoints.length > 0 ? endpointList(account) : empty('No endpoint is registered.'))}
    ${section('Events', events.length > 0 ? eventTable(events) : empty('Nothing has happened yet.'))}`
}

function section(title: string, body: Markup): Markup {
  return html`<section class="panel"><h2>${title}</h2>${body}</section>`
}

function empty(text: string): Markup {
  return html`<p class="soft">${text}</p>`
}

function checkoutTable(account: Account, checkouts: Checkout[]): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Checkouts"><table>
    <thead><tr><th>When (UTC)</th><th>What</th><th>Amount</th><th>State</th><th>You can</th></tr></thead>
    <tbody>${checkouts.map((checkout) => checkoutRow(account, checkout))}</tbody>
  </table></div>`
}

function checkoutRow({ state }: Account, { session, lines }: Checkout): Markup {
  const intent = state.paymentIntents[String(session.payment_intent)]
  const charge = state.charges[String(intent?.latest_charge)]
  const what = lines.map(({ item }) => `${item.quantity} × ${item.description}`).join(', ')
  return html`<tr>
    <td>${clock(session.created)}</td>
    <td>${what}<br><span class="soft">${session.customer_details?.email ?? ''}</span> <code>${session.client_reference_id ?? session.id}</code></td>
    <td>${money(session.amount_total, session.currency)}</td>
    <td>${stateInWords(session, intent, charge)}</td>
    <td>${actions(session, intent, charge)}</td>
  </tr>`
}

function stateInWords(session: Stripe.Checkout.Session, intent?: Stripe.PaymentIntent, charge?: Stripe.Charge): string {
  if (session.status === 'expired') return 'expired'
  if (session.status === 'open') return intent?.last_payment_error ? 'open, card declined' : 'open'
  if (charge?.disputed) return 'paid, disputed'
  if (charge?.refunded) return 'refunded'
  if (charge?.amount_refunded) return `paid, ${money(charge.amount_refunded, charge.currency)} refunded`
  if (session.payment_status === 'no_payment_required') return 'free'
  if (session.payment_status === 'paid') return 'paid'
  return intent?.status === 'processing' ? 'waiting for the bank' : 'the bank did not pay'
}

function actions(session: Stripe.Checkout.Session, intent?: Stripe.PaymentIntent, charge?: Stripe.Charge): Markup | '' {
  if (session.url) return html`<a href="${session.url}">Open the checkout</a>`
  if (intent?.status === 'processing') {
    const settle = `/home/sessions/${session.id}/settle`
    return html`${button(settle, 'The bank pays', 'yes')}${button(settle, 'The bank does not pay', 'no')}`
  }
  if (!intent || charge?.status !== 'succeeded' || charge.refunded || charge.disputed) return ''
  return button(`/home/payments/${intent.id}/refund`, 'Refund')
}

function button(action: string, label: string, ok = 'yes'): Markup {
  return html`<form method="post" action="${action}"><button name="ok" value="${ok}">${label}</button></form>`
}

function endpointList({ state }: Account): Markup {
  const waiting = state.deliveries.length
  return html`<ul>${state.endpoints.map(
    ({ endpoint, thin }) =>
      html`<li><code>${endpoint.url}</code> <span class="soft">${thin ? 'thin events' : 'snapshots'}</span></li>`,
  )}</ul><p class="soft">${waiting === 0 ? 'Everything is delivered.' : `${waiting} waiting to be delivered.`}</p>`
}

function eventTable(events: KeptEvent[]): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Events"><table>
    <thead><tr><th>When (UTC)</th><th>What</th><th>Delivered</th></tr></thead>
    <tbody>${events.map(
      (kept) => html`<tr><td>${clock(kept.event.created)}</td>
        <td>${kept.event.type}<br><code>${kept.event.id}</code></td><td>${deliveryInWords(kept)}</td></tr>`,
    )}</tbody>
  </table></div>`
}

function deliveryInWords({ wanted, pending }: KeptEvent): string {
  if (wanted === 0) return 'no endpoint asked for it'
  return pending.length === 0 ? 'yes' : 'not yet'
}

function clock(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')
}

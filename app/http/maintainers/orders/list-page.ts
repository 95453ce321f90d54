import { html } from 'hono/html'
import type { Person } from '../../../account/person.ts'
import { ORDER_STATES, type OrderState } from '../../../desk/orders.ts'
import type { OrderLabel } from '../../../order/entitlement.ts'
import type { Markup } from '../../document.ts'
import type { DeskOrder } from '../desk-order.ts'
import { deskHead, inDesk, moment } from '../desk-page.ts'

/** Everything that the page of orders shows; `q` is what was looked for, `next` where the next page begins. */
export type Orders = {
  person: Person
  state: OrderState
  q: string
  orders: readonly DeskOrder[]
  next: string | undefined
}

const STATE_WORDS: Record<OrderState, string> = {
  'to-pack': 'To pack',
  'needs-person': 'Needs a person',
  disputed: 'Disputed',
  pending: 'Pending',
  paid: 'Paid',
  shipped: 'Shipped',
  delivered: 'Delivered',
  refunded: 'Refunded',
  canceled: 'Canceled',
  all: 'All',
}
const LABEL_WORDS: Record<OrderLabel, string> = {
  'to-pack': 'to pack',
  'needs-person': 'needs a person',
  disputed: 'disputed',
}
const TABS = [...ORDER_STATES.filter((state) => state !== 'all'), 'all' as const]

/** Orders of one state, or those that were looked for, newest first. */
export function ordersPage({ person, state, q, orders, next }: Orders): Markup {
  const found = q ? `Orders with “${q}”` : `Orders: ${STATE_WORDS[state].toLowerCase()}`
  return inDesk(
    found,
    html`${deskHead('Orders', person)}
<nav class="desk-tabs" aria-label="Orders by state">${TABS.map((tab) => tabLink(tab, !q && tab === state))}</nav>
<form class="desk-search" method="get" action="/desk/orders" role="search">
<label for="q">Number, mail, name or tracking number</label>
<div class="desk-row"><input id="q" name="q" type="search" maxlength="200" value="${q}"><button class="button" type="submit">Find</button></div></form>
<section><h2>${found}</h2>
${orders.length === 0 ? html`<p>None.</p>` : table(orders)}
${next ? html`<p><a href="/desk/orders?${new URLSearchParams({ state, ...(q && { q }), cursor: next })}">Next page</a></p>` : ''}</section>`,
  )
}

const tabLink = (state: OrderState, isHere: boolean): Markup =>
  html`<a href="/desk/orders?state=${state}" ${isHere ? html`aria-current="page"` : ''}>${STATE_WORDS[state]}</a>`

const table = (orders: readonly DeskOrder[]): Markup => html`<table class="desk-table">
<thead><tr><th scope="col">Order</th><th scope="col">What</th><th scope="col" class="desk-number">Total</th></tr></thead>
<tbody>${orders.map(row)}</tbody></table>`

const row = (order: DeskOrder): Markup => html`<tr>
<th scope="row"><a href="/desk/orders/${order.order}">${order.number}</a><p class="desk-soft desk-small">${moment(order.placedAt)}</p></th>
<td><p>${order.lines.map(({ quantity, name }) => `${quantity} × ${name}`).join(', ')}</p><p>${tags(order)}</p></td>
<td class="desk-number">${order.total} ${order.currency.toUpperCase()}</td></tr>`

/** What the order is, and what is to do about it. */
export const tags = ({ status, labels }: Pick<DeskOrder, 'status' | 'labels'>): Markup =>
  html`<span class="desk-tag">${status.toLowerCase()}</span>${labels.map(
    (label) => html` <span class="desk-tag desk-tag-todo">${LABEL_WORDS[label]}</span>`,
  )}`

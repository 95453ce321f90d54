import { html } from 'hono/html'
import { toDecimalText } from '../../../../catalog/schema/money.ts'
import type { Person } from '../../../account/person.ts'
import type { Command } from '../../../order/command.ts'
import type { Address } from '../../../order/customer.ts'
import type { Markup } from '../../document.ts'
import type { DeskOrderWhole } from '../desk-order.ts'
import { deskHead, inDesk, moment } from '../desk-page.ts'
import {
  addressForm,
  cancelForm,
  deliveredForm,
  noteForm,
  refundForms,
  resendForm,
  settleForm,
  shipForm,
} from './forms.ts'
import { tags } from './list-page.ts'

/** Everything that an order's page shows. */
export type OrderShown = {
  person: Person
  order: DeskOrderWhole
  /** What this person may do with it now. */
  possible: ReadonlySet<Command['do']>
  /** Begins the idempotency keys of the forms: a form that is sent twice is one command. */
  key: string
  /** What came of the form that was sent. */
  answer?: { isDone: boolean; words: readonly string[] }
}

/** An order with everything about it, and a form for each thing that can be done with it. It needs no script. */
export function orderPage(shown: OrderShown): Markup {
  const { order, person, answer } = shown
  return inDesk(
    `${order.number}${answer && !answer.isDone ? ': not done' : ''}`,
    html`${deskHead(order.number, person)}
${answer ? answerNotice(answer) : ''}
<p>${tags(order)} <span class="desk-soft">${moment(order.placedAt)}</span></p>
${stallSection(shown)}
${linesSection(shown)}
${buyerSection(shown)}
${parcelSection(shown)}
${moneySection(shown)}
${notesSection(shown)}
${timelineSection(shown)}`,
  )
}

const answerNotice = ({ isDone, words }: NonNullable<OrderShown['answer']>): Markup =>
  html`<div class="notice desk-screen ${isDone ? 'desk-done' : ''}" role="${isDone ? 'status' : 'alert'}">
${isDone ? '' : html`<p><strong>Not done.</strong></p>`}${words.map((sentence) => html`<p>${sentence}</p>`)}</div>`

function stallSection(shown: OrderShown): Markup | '' {
  const { stalls } = shown.order
  if (stalls.length === 0) return ''
  return html`<section class="desk-screen"><h2>Needs a person</h2>
${stalls.map(
  ({
    stall,
    at,
    detail,
    settled,
  }) => html`<div class="${settled ? 'desk-soft' : 'notice'}"><p><strong>${stall}</strong>, ${moment(at)}</p><p>${detail}</p>
${settled ? html`<p>Settled: ${settled}</p>` : ''}</div>${!settled && shown.possible.has('settle') ? settleForm(shown, stall) : ''}`,
)}</section>`
}

function linesSection({ order }: OrderShown): Markup {
  return html`<section><h2>What was bought</h2><table class="desk-table">
<thead><tr><th scope="col">What</th><th scope="col" class="desk-number">How many</th><th scope="col" class="desk-number desk-screen">Each</th></tr></thead>
<tbody>${order.lines.map(
    (line) => html`<tr><th scope="row">${line.name}<p class="desk-soft desk-small">${lineWords(line)}</p></th>
<td class="desk-number">${line.quantity - line.refunded}</td><td class="desk-number desk-screen">${line.unitAmount}</td></tr>`,
  )}</tbody></table></section>`
}

const lineWords = (line: OrderShown['order']['lines'][number]): string =>
  [
    line.line,
    line.price,
    ...(line.weight === null ? [] : [`${line.weight} g`]),
    ...(line.toPack ? ['to pack'] : []),
    ...(line.shipped ? ['shipped'] : []),
    ...(line.refunded > 0 ? [`${line.refunded} of ${line.quantity} refunded`] : []),
  ].join(' · ')

function buyerSection(shown: OrderShown): Markup {
  const { customer, shipTo } = shown.order
  const known = customer
    ? html`<dl><dt>Name</dt><dd>${customer.name ?? 'not known'}</dd><dt class="desk-screen">Mail</dt><dd class="desk-screen">${customer.email}</dd>
<dt>Address</dt><dd>${customer.address ? addressLines(customer.address) : 'none'}</dd></dl>`
    : html`<p>Not known yet, or not for your role.${shipTo ? ` It goes to ${shipTo}.` : ''}</p>`
  return html`<section><h2>Who bought it</h2>${known}
${shown.possible.has('address') ? addressForm(shown) : ''}${shown.possible.has('resend') ? resendForm(shown) : ''}</section>`
}

function addressLines({ name, line1, line2, city, state, postalCode, country }: Address): Markup {
  const lines = [name, line1, line2, [postalCode, city].filter(Boolean).join(' '), state, country].filter(Boolean)
  return html`<address>${lines.map((line, place) => html`${place ? html`<br>` : ''}${line}`)}</address>`
}

function parcelSection(shown: OrderShown): Markup | '' {
  const { shipments } = shown.order
  if (shipments.length === 0 && !shown.possible.has('ship')) return ''
  return html`<section class="desk-screen"><h2>Parcels</h2>
${shipments.map((shipment) => shipmentRow(shown, shipment))}${shown.possible.has('ship') ? shipForm(shown) : ''}</section>`
}

function shipmentRow(shown: OrderShown, shipment: OrderShown['order']['shipments'][number]): Markup {
  const { lines, customer } = shown.order
  const tracking = customer?.tracking.find((one) => one.shipment === shipment.shipment)
  const names = lines.filter(({ line }) => shipment.lines.includes(line)).map(({ name }) => name)
  const number = tracking?.number ?? 'Follow it'
  return html`<div class="desk-parcel"><p><strong>${shipment.shipment}</strong>: ${names.join(', ')}</p>
<p>${shipment.carrier ?? ''} ${tracking?.url ? html`<a href="${tracking.url}">${number}</a>` : (tracking?.number ?? '')}</p>
<p class="desk-soft">Shipped ${shipment.shippedAt ? moment(shipment.shippedAt) : ''}${
    shipment.deliveredAt ? html`, delivered ${moment(shipment.deliveredAt)}` : ''
  }</p>${!shipment.deliveredAt && shown.possible.has('deliver') ? deliveredForm(shown, shipment.shipment) : ''}</div>`
}

function moneySection(shown: OrderShown): Markup {
  const { order } = shown
  const rows: [string, string | null][] = [
    ['Total', order.total],
    ['Of it shipping', order.shippingPaid],
    ['Given back', order.refunded],
    ...order.refundsUnderway.map(({ amount }): [string, string] => ['On its way back', amount]),
    ...order.disputes.map(({ amount, outcome }): [string, string] => [`Disputed (${outcome})`, amount]),
    ['Can be given back', order.refundable],
  ]
  return html`<section class="desk-screen"><h2>Money, in ${order.currency.toUpperCase()}</h2>
<dl>${rows.map(([name, amount]) => (amount === null ? '' : html`<dt>${name}</dt><dd>${amount}</dd>`))}
<dt>Payment</dt><dd>${order.payment.replaceAll('_', ' ')}</dd></dl>
${order.stripe ? html`<p><a href="${order.stripe}">The payment at Stripe</a></p>` : ''}
${shown.possible.has('refund') ? refundForms(shown) : ''}${shown.possible.has('cancel') ? cancelForm(shown) : ''}</section>`
}

function notesSection(shown: OrderShown): Markup | '' {
  const { customer } = shown.order
  if (!customer) return ''
  return html`<section class="desk-screen"><h2>Notes</h2>
${customer.notes.length === 0 ? html`<p>None.</p>` : ''}<ol class="desk-history">${customer.notes.map(
    ({ at, by, text }) =>
      html`<li>${moment(at)}<span><strong>${by}</strong>: <span class="desk-text">${text}</span></span></li>`,
  )}</ol>${shown.possible.has('note') ? noteForm(shown) : ''}</section>`
}

function timelineSection({ order: { timeline, currency } }: OrderShown): Markup {
  return html`<section class="desk-screen"><h2>What happened</h2><ol class="desk-history">${timeline.map(
    ({ at, type, by, fact }) => html`<li>${moment(at)}<span><code>${type}</code> by ${by}
<span class="desk-soft desk-small">${factWords(fact, currency)}</span></span></li>`,
  )}</ol></section>`
}

const AMOUNTS = new Set(['amount', 'shipping'])
/** What says nothing to people. */
const UNSAID = new Set(['request', 'currency', 'refundedAt'])

const factWords = (fact: Record<string, unknown>, currency: string): string =>
  Object.entries(fact)
    .filter(([name, value]) => value !== null && value !== undefined && !UNSAID.has(name))
    .map(([name, value]) => `${name}: ${AMOUNTS.has(name) ? amountText(value, currency) : valueText(value)}`)
    .join(', ')

const amountText = (amount: unknown, currency: string): string =>
  typeof amount === 'number' ? toDecimalText({ amount, currency }) : valueText(amount)

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(' and ')
  if (typeof value !== 'object' || value === null) return String(value)
  const { line, quantity } = value as { line?: string; quantity?: number }
  return line && quantity ? `${quantity} of ${line}` : JSON.stringify(value)
}

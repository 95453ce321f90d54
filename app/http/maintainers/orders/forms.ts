import { html } from 'hono/html'
import { CARRIER_NAMES } from '../../../desk/carrier.ts'
import type { Address } from '../../../order/customer.ts'
import { Settlement } from '../../../order/event.ts'
import type { Markup } from '../../document.ts'
import type { DeskOrderWhole } from '../desk-order.ts'

type Content = Markup | Promise<unknown>
/** Of which order, and what the idempotency keys of its forms begin with. */
type Where = { order: DeskOrderWhole; key: string }

/** A form that gives one command: `command` is the path below the order's; `part` tells forms of one command apart. */
const form = ({ order, key }: Where, command: string, content: Content, part = ''): Markup =>
  html`<form class="desk-form desk-screen" method="post" action="/desk/orders/${order.order}/${command}">
<input type="hidden" name="key" value="${[key, command, part].filter(Boolean).join(':')}">${content}</form>`

const opening = (title: string, content: Content): Markup =>
  html`<details class="desk-screen"><summary>${title}</summary><div class="desk-forms">${content}</div></details>`

const button = (words: string): Markup => html`<button class="button" type="submit">${words}</button>`

/** Ships what is to be packed, or some of its lines. */
export function shipForm(where: Where): Markup {
  const open = where.order.lines.filter(({ toPack }) => toPack)
  return form(
    where,
    'shipments',
    html`<fieldset><legend>Ship</legend>
${open.map(
  ({ line, quantity, refunded, name }) =>
    html`<label class="desk-check"><input type="checkbox" name="line" value="${line}" checked><span>${quantity - refunded} × ${name}</span></label>`,
)}</fieldset>
<label>Carrier <input name="carrier" list="carriers" required maxlength="60" autocomplete="off"></label>
<datalist id="carriers">${CARRIER_NAMES.map((name) => html`<option value="${name}"></option>`)}</datalist>
<label>Tracking number, if there is one <input name="tracking" maxlength="60" autocomplete="off"></label>
<label>Address to follow it at, of other carriers <input name="url" type="url" maxlength="500" placeholder="https://" autocomplete="off"></label>
${button('It is shipped')}`,
  )
}

/** Says that a parcel has arrived. */
export const deliveredForm = (where: Where, shipment: string): Markup =>
  form(
    where,
    'delivered',
    html`<input type="hidden" name="shipment" value="${shipment}">${button('It is delivered')}`,
    shipment,
  )

const REASON = html`<label>Why, for your notes <input name="reason" maxlength="500" autocomplete="off"></label>`
const RESTOCK = html`<label class="desk-check"><input type="checkbox" name="restock" value="yes"><span>The goods are back: sell them again</span></label>`
const SURE = html`<label class="desk-check"><input type="checkbox" required><span>Yes, I mean it</span></label>`

/** Gives money back: lines, an amount, or all that is left. Three forms, so that no key pressed in one of them is another's. */
export function refundForms(where: Where): Markup {
  const { lines, shippingPaid, refundable, currency } = where.order
  const left = lines.filter(({ quantity, refunded }) => refunded < quantity)
  const hasShipping = Number(shippingPaid) > 0
  const byLine = html`<fieldset><legend>How many of each</legend>${left.map(
    ({ line, name, quantity, refunded }) =>
      html`<label>${name}, of ${quantity - refunded} <input name="quantity:${line}" type="number" min="0" max="${quantity - refunded}" value="0"></label>`,
  )}${hasShipping ? html`<label class="desk-check"><input type="checkbox" name="shipping" value="yes"><span>Shipping too: ${shippingPaid}</span></label>` : ''}</fieldset>`
  const kind = (what: string) => html`<input type="hidden" name="what" value="${what}">`
  const whole = `Refund all that is left: ${refundable} ${currency.toUpperCase()}`
  return html`${left.length > 0 ? opening('Refund by line', form(where, 'refunds', html`${kind('lines')}${byLine}${RESTOCK}${REASON}${button('Refund these')}`, 'lines')) : ''}
${opening(
  'Refund an amount',
  form(
    where,
    'refunds',
    html`${kind('amount')}<label>Amount in ${currency.toUpperCase()}, at most ${refundable} <input name="amount" required inputmode="decimal" maxlength="14" autocomplete="off"></label>${REASON}${button('Refund this amount')}`,
    'amount',
  ),
)}
${opening(whole, form(where, 'refunds', html`${kind('all')}${RESTOCK}${REASON}${SURE}${button('Refund all')}`, 'all'))}`
}

/** Calls the order off. */
export const cancelForm = (where: Where): Markup =>
  opening(
    'Cancel the order',
    form(
      where,
      'cancel',
      html`<p>Nothing is sent, what was paid goes back, and the goods are on sale again.</p>${SURE}${button('Cancel it')}`,
    ),
  )

/** Sends the receipt again. */
export const resendForm = (where: Where): Markup =>
  opening(
    'Send the receipt again',
    form(
      where,
      'resend',
      html`<label>To <input name="to" type="email" required maxlength="254" autocomplete="off" value="${where.order.customer?.email ?? ''}"></label>
<p class="desk-soft">Another address is kept as the buyer's from then on.</p>${button('Send it')}`,
    ),
  )

/** Keeps a note. */
export const noteForm = (where: Where): Markup =>
  form(
    where,
    'notes',
    html`<label>A note <textarea name="text" rows="3" required maxlength="2000"></textarea></label>${button('Keep it')}`,
  )

const DECISIONS: Record<Settlement, string> = {
  done: 'It is done otherwise',
  give: 'Give the goods',
  withhold: 'Give nothing',
}

/** Settles what waits for a person. */
export const settleForm = (where: Where, stall: string): Markup =>
  form(
    where,
    'settle',
    html`<input type="hidden" name="stall" value="${stall}"><fieldset><legend>Settle it</legend>
${Settlement.options.map((one) => html`<label class="desk-check"><input type="radio" name="decision" value="${one}" required><span>${DECISIONS[one]}</span></label>`)}</fieldset>
<label>Why <input name="reason" required maxlength="500" autocomplete="off"></label>${button('Settle')}`,
    stall,
  )

const ADDRESS_FIELDS: [keyof Address, string][] = [
  ['name', 'Name'],
  ['line1', 'Street'],
  ['line2', 'Second line'],
  ['postalCode', 'Postal code'],
  ['city', 'City'],
  ['state', 'State or province'],
]

/** Mends the address before the parcel goes. Another country is another order. */
export function addressForm(where: Where): Markup {
  const { customer, shipTo } = where.order
  const address = customer?.address
  return opening(
    'Mend the address',
    form(
      where,
      'address',
      html`${ADDRESS_FIELDS.map(([field, words]) => html`<label>${words} <input name="${field}" maxlength="200" autocomplete="off" value="${address?.[field] ?? ''}"></label>`)}
<input type="hidden" name="country" value="${address?.country ?? shipTo ?? ''}">${button('Keep it')}`,
    ),
  )
}

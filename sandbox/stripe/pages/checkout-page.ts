import { html } from 'hono/html'
import type Stripe from 'stripe'
import type { Markup, StandInPage } from '../../page.ts'
import type { Account, Checkout, CheckoutLine } from '../state.ts'
import { dress, money } from './dress.ts'
import { described, type FormState, field, problem, select } from './form.ts'

const COUNTRY_NAMES = new Intl.DisplayNames('en', { type: 'region' })

/** The hosted checkout page of an open session. */
export function checkoutPage(account: Account, checkout: Checkout, form: FormState): StandInPage {
  const { session } = checkout
  const total = money(session.amount_total, session.currency)
  const body = html`
    <form method="post" class="columns" novalidate>
      <section aria-labelledby="order">${summary(checkout, form)}</section>
      <section aria-label="Payment" class="stack">
        ${alertBox(form)}
        ${contact(form)}
        ${session.shipping_address_collection ? address(session, form) : ''}
        ${session.shipping_options.length > 0 ? shippingChoice(account, session, form) : ''}
        ${payment(session, form, total)}
      </section>
    </form>`
  const formsLeadTo = new URL(session.success_url ?? '').origin
  return { ...dress(`Pay ${total}`), body, pictures: true, formsLeadTo }
}

/** What a buyer sees who comes back to a session that is paid for, has run out, or never was. */
export function closedPage(checkout: Checkout | undefined): StandInPage {
  const { status, cancel_url: cancel } = checkout?.session ?? {}
  const title = status === 'complete' ? 'This checkout is done' : 'This checkout is no longer open'
  const text =
    status === 'complete'
      ? 'Thank you, the shop has your order. There is nothing more to pay here.'
      : 'It has run out, or it was never here. Nothing was charged. Go back to the shop to start again.'
  return {
    ...dress(title),
    body: html`<div class="panel narrow"><h1>${title}</h1><p>${text}</p>${backLink(cancel)}</div>`,
  }
}

function backLink(cancelUrl: string | null | undefined): Markup | '' {
  return cancelUrl ? html`<p><a href="${cancelUrl}">Back to the shop</a></p>` : ''
}

function summary({ session, lines }: Checkout, form: FormState): Markup {
  const { amount_discount: discount = 0 } = session.total_details ?? {}
  const row = (name: string, amount: number | null) => html`<dt>${name}</dt><dd>${money(amount, session.currency)}</dd>`
  return html`
    ${backLink(session.cancel_url)}
    <h1 id="order">Your order</h1>
    <p class="total">${money(session.amount_total, session.currency)}</p>
    <div class="panel">
      <ul class="lines">${lines.map((line) => lineRow(line, form))}</ul>
      ${problem('lines', form)}
      ${session.allow_promotion_codes ? promotionField(form) : ''}
      ${isAdjustable(session, lines) ? html`<button name="outcome" value="update" class="wide">Update total</button>` : ''}
      <dl class="sums">
        ${row('Subtotal', session.amount_subtotal)}
        ${discount > 0 ? row('Discount', -discount) : ''}
        ${session.shipping_cost ? row('Shipping', session.shipping_cost.amount_total) : ''}
        <dt class="grand">Total</dt><dd class="grand">${money(session.amount_total, session.currency)}</dd>
      </dl>
    </div>`
}

function isAdjustable(session: Stripe.Checkout.Session, lines: CheckoutLine[]): boolean {
  const hasChoice = session.shipping_options.length > 1 || lines.some(({ item }) => item.adjustable_quantity)
  return hasChoice || session.allow_promotion_codes === true
}

function lineRow({ item, text, image }: CheckoutLine, form: FormState): Markup {
  const name = `quantity_${item.id}`
  const { minimum, maximum } = item.adjustable_quantity ?? {}
  const each = money(item.price?.unit_amount ?? null, item.currency)
  return html`<li>
    ${image ? html`<img src="${image}" alt="">` : ''}
    <div class="name">
      <div>${item.description}</div>
      ${text ? html`<div class="soft">${text}</div>` : ''}
      ${
        item.adjustable_quantity
          ? html`<label class="soft" for="${name}">Quantity<span class="unseen"> of ${item.description}</span></label>
            <input type="number" inputmode="numeric" id="${name}" name="${name}" value="${form.values[name] ?? item.quantity}"
              min="${minimum}" max="${maximum}" ${described(name, form)}>${problem(name, form)}`
          : html`<div class="soft">${item.quantity} × ${each}</div>`
      }
    </div>
    <div>${money(item.amount_subtotal, item.currency)}</div>
  </li>`
}

function promotionField(form: FormState): Markup {
  return field('promotion', 'Promotion code', form, { hint: 'Here TEN takes 10 % off, and FREE100 everything.' })
}

function contact(form: FormState): Markup {
  return html`<div class="panel stack">
    <h2>Contact</h2>
    ${field('email', 'E-mail', form, { type: 'email', autocomplete: 'email', required: true })}
  </div>`
}

function address(session: Stripe.Checkout.Session, form: FormState): Markup {
  const allowed = session.shipping_address_collection?.allowed_countries ?? []
  const withCountry = { ...form, values: { country: allowed[0] ?? '', ...form.values } }
  const countries = allowed
    .map((code) => ({ value: code, label: COUNTRY_NAMES.of(code) ?? code }))
    .sort((one, other) => one.label.localeCompare(other.label))
  return html`<fieldset class="panel stack">
    <h2>Shipping address</h2>
    ${field('name', 'Full name', form, { autocomplete: 'name', required: true })}
    ${field('line1', 'Street and number', form, { autocomplete: 'address-line1', required: true })}
    ${field('line2', 'Apartment, company (optional)', form, { autocomplete: 'address-line2' })}
    <div class="two">
      ${field('postal_code', 'Postal code', form, { autocomplete: 'postal-code' })}
      ${field('city', 'City', form, { autocomplete: 'address-level2' })}
    </div>
    ${field('state', 'State or region (optional)', form, { autocomplete: 'address-level1' })}
    ${select('country', 'Country', countries, withCountry, 'country')}
  </fieldset>`
}

function shippingChoice({ state }: Account, session: Stripe.Checkout.Session, form: FormState): Markup {
  const chosen = form.values.shipping ?? session.shipping_cost?.shipping_rate
  return html`<div class="panel"><fieldset>
    <legend>Shipping</legend>
    ${session.shipping_options.map(({ shipping_rate: id, shipping_amount: amount }) => {
      const rate = state.shippingRates[String(id)]
      return html`<label class="choice">
        <input type="radio" name="shipping" value="${id}" ${id === chosen ? 'checked' : ''}>
        <span class="grow">${rate?.display_name}<br><span class="soft">${estimate(rate)}</span></span>
        <span>${amount === 0 ? 'Free' : money(amount, session.currency)}</span>
      </label>`
    })}
    ${problem('shipping', form)}
  </fieldset></div>`
}

function estimate(rate: Stripe.ShippingRate | undefined): string {
  const { minimum, maximum } = rate?.delivery_estimate ?? {}
  const values = [minimum?.value, maximum?.value].filter((value) => value !== undefined)
  const unit = (maximum ?? minimum)?.unit.replace('_', ' ')
  return values.length > 0 ? `${[...new Set(values)].join(' to ')} ${unit}s` : ''
}

function payment(session: Stripe.Checkout.Session, form: FormState, total: string): Markup {
  const free = session.amount_total === 0
  return html`<div class="panel stack">
    <h2>Payment</h2>
    ${
      free
        ? html`<p>Nothing to pay.</p>`
        : html`${field('card', 'Card number', { ...form, values: { card: '4242 4242 4242 4242' } }, { hint: 'A test card. What you type here is not looked at.' })}
    <div class="two">
      ${field('expiry', 'Expires', { ...form, values: { expiry: '12 / 34' } }, {})}
      ${field('cvc', 'Security code', { ...form, values: { cvc: '123' } }, {})}
    </div>`
    }
    <button name="outcome" value="pay" class="main">${free ? 'Complete order' : `Pay ${total}`}</button>
    ${
      free
        ? ''
        : html`<div>
      <button name="outcome" value="async" class="wide">Pay by bank debit (delayed)</button>
      <button name="outcome" value="decline" class="wide">Use a card that is declined</button>
    </div>`
    }
  </div>`
}

function alertBox(form: FormState): Markup | '' {
  const text =
    form.alert ?? (Object.keys(form.problems).length > 0 ? 'Some things are missing. Please look below.' : null)
  return text ? html`<div class="alert" role="alert">${text}</div>` : ''
}

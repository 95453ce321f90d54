import { type Context, Hono } from 'hono'
import { showPage } from '../../page.ts'
import { type Buyer, choose, chooseGoods } from '../checkout/buyer.ts'
import { returnUrl } from '../checkout/session.ts'
import { pay } from '../payment.ts'
import type { Account, Checkout } from '../state.ts'
import { checkoutPage, closedPage } from './checkout-page.ts'
import type { FormState } from './form.ts'

/** The hosted checkout page, which works without JavaScript: every button posts the whole form. */
export function checkoutRoutes(account: Account): Hono {
  const app = new Hono()
  app.get('/c/pay/:id', (context) => {
    const checkout = account.state.checkouts[context.req.param('id')]
    if (checkout?.session.status !== 'open') return showClosed(context, checkout, 200)
    const { session } = checkout
    const declined = account.state.paymentIntents[String(session.payment_intent)]?.last_payment_error?.message
    return show(context, account, checkout, { values: knownValues(session), problems: {}, alert: declined ?? null })
  })
  app.post('/c/pay/:id', async (context) => {
    const checkout = account.state.checkouts[context.req.param('id')]
    if (checkout?.session.status !== 'open') return showClosed(context, checkout, 409)
    const values = Object.fromEntries(
      Object.entries(await context.req.parseBody()).map(([name, value]) => [name, String(value).trim()]),
    )
    const updating = values.outcome === 'update'
    const buyer = typedBuyer(checkout, values)
    const problems = (updating ? chooseGoods : choose)(account, checkout, buyer)
    const form: FormState = { values, problems, alert: null }
    if (updating || Object.keys(problems).length > 0)
      return show(context, account, checkout, form, updating ? 200 : 422)
    pay(account, checkout, buyer)
    if (buyer.outcome !== 'decline' || checkout.session.amount_total === 0)
      return context.redirect(returnUrl(checkout), 303)
    return show(context, account, checkout, { ...form, alert: 'Your card was declined. Try another card.' }, 402)
  })
  return app
}

function show(context: Context, account: Account, checkout: Checkout, form: FormState, status: 200 | 402 | 422 = 200) {
  context.status(status)
  return showPage(context, checkoutPage(account, checkout, form))
}

function showClosed(context: Context, checkout: Checkout | undefined, status: 200 | 409) {
  context.status(checkout ? status : 404)
  return showPage(context, closedPage(checkout))
}

function knownValues(session: Checkout['session']): Record<string, string> {
  const { address, email, name } = session.customer_details ?? {}
  const known = { ...address, name, email }
  return Object.fromEntries(Object.entries(known).flatMap(([key, value]) => (value ? [[key, value]] : [])))
}

function typedBuyer({ session, lines }: Checkout, values: Record<string, string>): Buyer {
  const quantities = lines.flatMap(({ item }) => {
    const typed = values[`quantity_${item.id}`]
    return typed === undefined ? [] : [[item.id, typed === '' ? Number.NaN : Number(typed)] as const]
  })
  const { line1, line2, postal_code, city, state, country } = values
  const typed = { line1, line2, postal_code, city, state, country }
  const address = Object.fromEntries(Object.entries(typed).map(([key, value]) => [key, value || null]))
  return {
    outcome: values.outcome === 'async' || values.outcome === 'decline' ? values.outcome : 'pay',
    email: values.email ?? '',
    name: values.name || null,
    address: session.shipping_address_collection ? address : null,
    quantities: Object.fromEntries(quantities),
    shippingRate: values.shipping || null,
    promotion: values.promotion || null,
  }
}

import type Stripe from 'stripe'
import { z } from 'zod'
import type { Api } from './api.ts'
import { checkoutOf, expireSession, openSession } from './checkout/session.ts'
import { sessionParams } from './checkout/session-params.ts'
import { addEndpoint, endpointParams, removeEndpoint, thinEvent } from './events/event.ts'
import { refund, refundParams } from './money-back.ts'
import { boolean, listParams } from './request.ts'
import { expanded, expandOf, lineItems, newestFirst, page } from './view.ts'

const SESSIONS = '/v1/checkout/sessions'
const ENDPOINTS = '/v1/webhook_endpoints'
const EVENT_TYPES_MAX = 20

const noParams = z.strictObject({})
const sessionList = listParams.extend({
  expand: expandOf('checkout.session', 'data.'),
  payment_intent: z.string().optional(),
  status: z.enum(['open', 'complete', 'expired']).optional(),
})
const moneyBackList = listParams.extend({ payment_intent: z.string().optional() })
/** The parameters of `GET /v1/events`. */
export const eventList = listParams.extend({
  types: z.array(z.string()).max(EVENT_TYPES_MAX).optional(),
  delivery_success: boolean.optional(),
})

/** Every route of Stripe's API that the shop uses. */
export function stripeRoutes(api: Api): void {
  sessionRoutes(api)
  paymentRoutes(api)
  eventRoutes(api)
  endpointRoutes(api)
}

function sessionRoutes({ account, route, retrieve }: Api): void {
  const { state } = account
  route('POST', SESSIONS, sessionParams, (params) =>
    expanded(state, openSession(account, params).session, params.expand),
  )
  route('GET', SESSIONS, sessionList, (params) => {
    const asked = sessionsOf(account, params.payment_intent).filter(
      ({ status }) => params.status === undefined || status === params.status,
    )
    const found = page(asked, SESSIONS, params)
    return { ...found, data: found.data.map((session) => expanded(state, session, params.expand)) }
  })
  retrieve(SESSIONS, 'checkout.session', (id) => checkoutOf(account, id).session)
  route('GET', `${SESSIONS}/:id/line_items`, listParams, (params, id) =>
    page(lineItems(checkoutOf(account, id)), `${SESSIONS}/${id}/line_items`, params),
  )
  route('POST', `${SESSIONS}/:id/expire`, noParams, (_, id) => {
    const checkout = checkoutOf(account, id)
    expireSession(account, checkout)
    return checkout.session
  })
}

/** All, newest first; or the one that a payment was made in. */
function sessionsOf({ state, sessionIds }: Api['account'], payment: string | undefined): Stripe.Checkout.Session[] {
  if (!payment) return newestFirst(state.checkouts).map(({ session }) => session)
  const id = sessionIds.findLast((one) => state.checkouts[one]?.session.payment_intent === payment)
  const checkout = id && state.checkouts[id]
  return checkout ? [checkout.session] : []
}

function paymentRoutes({ account, route, retrieve }: Api): void {
  const { state } = account
  retrieve('/v1/payment_intents', 'payment_intent', (id) => state.paymentIntents[id])
  retrieve('/v1/charges', 'charge', (id) => state.charges[id])
  route('POST', '/v1/refunds', refundParams, (params) => expanded(state, refund(account, params), params.expand))
  route('GET', '/v1/refunds', moneyBackList, (params) =>
    page(newestFirst(state.refunds).filter(isOf(params)), '/v1/refunds', params),
  )
  retrieve('/v1/refunds', 'refund', (id) => state.refunds[id])
  route('GET', '/v1/disputes', moneyBackList, (params) =>
    page(newestFirst(state.disputes).filter(isOf(params)), '/v1/disputes', params),
  )
  retrieve('/v1/disputes', 'dispute', (id) => state.disputes[id])
}

const isOf =
  ({ payment_intent: asked }: { payment_intent?: string | undefined }) =>
  (row: { payment_intent: unknown }): boolean =>
    !asked || row.payment_intent === asked

function eventRoutes({ account: { state }, route, retrieve }: Api): void {
  route('GET', '/v1/events', eventList, ({ types, delivery_success: delivered, ...params }) => {
    const events = state.events
      .filter(({ event }) => !types || types.includes(event.type))
      .filter(({ pending }) => delivered === undefined || delivered === (pending.length === 0))
      .map(({ event }) => event)
    return page(events.reverse(), '/v1/events', params)
  })
  retrieve('/v1/events', 'event', (id) => state.events.findLast(({ event }) => event.id === id)?.event)
  retrieve('/v2/core/events', 'event', (id) => {
    const kept = state.events.findLast(({ thinId }) => thinId === id)
    return kept && thinEvent(kept)
  })
}

function endpointRoutes({ account, route }: Api): void {
  route('POST', ENDPOINTS, endpointParams, (params) => addEndpoint(account, params))
  route('GET', ENDPOINTS, listParams, (params) =>
    page(account.state.endpoints.map(({ endpoint }) => endpoint).reverse(), ENDPOINTS, params),
  )
  route('DELETE', `${ENDPOINTS}/:id`, noParams, (_, id) => removeEndpoint(account, id))
}

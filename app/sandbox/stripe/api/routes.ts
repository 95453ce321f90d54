import { z } from 'zod'
import { addEndpoint, endpointOf, endpointParams, removeEndpoint } from '../endpoint.ts'
import { thinEvent } from '../event.ts'
import { refund, refundParams } from '../refund.ts'
import { checkoutOf, expireSession, openSession } from '../session.ts'
import type { Api } from './api.ts'
import { boolean, listParams } from './params.ts'
import { sessionParams } from './session-params.ts'
import { expanded, expandOf, lineItems, newestFirst, page } from './view.ts'

const SESSIONS = '/v1/checkout/sessions'
const ENDPOINTS = '/v1/webhook_endpoints'
const EVENT_TYPES_MAX = 20

const noParams = z.strictObject({})
const expireParams = z.strictObject({ expand: expandOf('checkout.session') })
const sessionList = listParams.extend({
  expand: expandOf('checkout.session', 'data.'),
  payment_intent: z.string().optional(),
  status: z.enum(['open', 'complete', 'expired']).optional(),
})
const paymentList = listParams.extend({ payment_intent: z.string().optional(), charge: z.string().optional() })
/** The parameters of `GET /v1/events`. */
export const eventList = listParams.extend({
  type: z.string().optional(),
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
  route('POST', SESSIONS, sessionParams, (params) =>
    expanded(account, openSession(account, params).session, params.expand),
  )
  route('GET', SESSIONS, sessionList, (params) => {
    const sessions = newestFirst(account.state.checkouts)
      .map(({ session }) => session)
      .filter((session) => !params.payment_intent || session.payment_intent === params.payment_intent)
      .filter((session) => !params.status || session.status === params.status)
    const found = page(sessions, SESSIONS, params)
    return { ...found, data: found.data.map((session) => expanded(account, session, params.expand)) }
  })
  retrieve(SESSIONS, 'checkout.session', (id) => checkoutOf(account, id).session)
  route('GET', `${SESSIONS}/:id/line_items`, listParams, (params, id) =>
    page(lineItems(checkoutOf(account, id)), `${SESSIONS}/${id}/line_items`, params),
  )
  route('POST', `${SESSIONS}/:id/expire`, expireParams, (params, id) => {
    const checkout = checkoutOf(account, id)
    expireSession(account, checkout)
    return expanded(account, checkout.session, params.expand)
  })
}

function paymentRoutes({ account, route, retrieve }: Api): void {
  const { state } = account
  retrieve('/v1/payment_intents', 'payment_intent', (id) => state.paymentIntents[id])
  retrieve('/v1/charges', 'charge', (id) => state.charges[id])
  route('POST', '/v1/refunds', refundParams, (params) => expanded(account, refund(account, params), params.expand))
  route('GET', '/v1/refunds', paymentList, (params) =>
    page(newestFirst(state.refunds).filter(belongsTo(params)), '/v1/refunds', params),
  )
  retrieve('/v1/refunds', 'refund', (id) => state.refunds[id])
  route('GET', '/v1/disputes', paymentList, (params) =>
    page(newestFirst(state.disputes).filter(belongsTo(params)), '/v1/disputes', params),
  )
  retrieve('/v1/disputes', 'dispute', (id) => state.disputes[id])
}

function belongsTo({ payment_intent: intent, charge }: z.output<typeof paymentList>) {
  return (row: { payment_intent: unknown; charge: unknown }): boolean =>
    (!intent || row.payment_intent === intent) && (!charge || row.charge === charge)
}

function eventRoutes({ account: { state }, route, retrieve }: Api): void {
  route('GET', '/v1/events', eventList, (params) => {
    const types = params.type ? [params.type] : params.types
    const events = state.events
      .filter(({ event }) => !types || types.includes(event.type))
      .filter(({ pending }) => (params.delivery_success ?? pending.length === 0) === (pending.length === 0))
      .map(({ event }) => event)
    return page(events.reverse(), '/v1/events', params)
  })
  retrieve('/v1/events', 'event', (id) => state.events.find(({ event }) => event.id === id)?.event)
  retrieve('/v2/core/events', 'event', (id) => {
    const kept = state.events.find(({ thinId }) => thinId === id)
    return kept && thinEvent(kept)
  })
}

function endpointRoutes({ account, route, retrieve }: Api): void {
  route('POST', ENDPOINTS, endpointParams, (params) => addEndpoint(account, params))
  route('GET', ENDPOINTS, listParams, (params) =>
    page(account.state.endpoints.map(({ endpoint }) => endpoint).reverse(), ENDPOINTS, params),
  )
  retrieve(ENDPOINTS, 'webhook endpoint', (id) => endpointOf(account, id).endpoint)
  route('DELETE', `${ENDPOINTS}/:id`, noParams, (_, id) => removeEndpoint(account, id))
}

import Stripe from 'stripe'
import { z } from 'zod'
import { missing, webAddress } from '../request.ts'
import { type Account, type Endpoint, type KeptEvent, nextRandom } from '../state.ts'

/** How long Stripe lists events. */
const EVENTS_KEPT_SECONDS = 30 * 24 * 60 * 60
/** More than these, and the oldest go before their time: everything is in memory, and in one file. */
const EVENTS_KEPT_MAX = 10_000
/** Forgotten together, so that it costs nothing each time. */
const EVENTS_FORGOTTEN = 1_000

type SnapshotOf<T extends Stripe.Event['type']> = Extract<Stripe.Event, { type: T }>['data']['object']

/** Records that something happened, with the object as it is at this moment, and queues its webhooks. */
export function emit<T extends Stripe.Event['type']>(account: Account, type: T, object: SnapshotOf<T>): void {
  const { state } = account
  const event = {
    id: account.newId('evt'),
    object: 'event',
    api_version: Stripe.API_VERSION,
    created: account.now(),
    data: { object: structuredClone(object) },
    livemode: false,
    pending_webhooks: 0,
    request: { id: null, idempotency_key: null },
    type,
  } as Stripe.Event
  const kept: KeptEvent = { event, thinId: account.newId('evt'), wanted: 0, pending: [] }
  while (state.events[0] && state.events[0].event.created < account.now() - EVENTS_KEPT_SECONDS) state.events.shift()
  state.events.push(kept)
  if (state.events.length > EVENTS_KEPT_MAX) state.events.splice(0, EVENTS_FORGOTTEN)
  queueDeliveries(account, kept)
}

/** The event as an endpoint for thin events gets it: what happened, to which object, and nothing else. */
export function thinEvent({ event, thinId }: KeptEvent): Stripe.V2.Core.EventBase & { related_object: RelatedObject } {
  const { object, id } = event.data.object as { object: string; id: string }
  return {
    id: thinId,
    object: 'v2.core.event',
    type: `v1.${event.type}`,
    created: new Date(event.created * 1000).toISOString(),
    livemode: false,
    related_object: { id, type: object, url: `/v1/${PATHS[object]}/${id}` },
    snapshot_event: event.id,
  }
}

/** The parameters of `POST /v1/webhook_endpoints` that the stand-in carries out. */
export const endpointParams = z.strictObject({
  url: webAddress,
  enabled_events: z.array(z.string().regex(/^(\*|[a-z0-9_]+(\.[a-z0-9_]+)+)$/, 'not an event type')).min(1),
  api_version: z.string().optional(),
})

/** Registers an endpoint. Only this answer holds its secret, as at Stripe. */
export function addEndpoint(account: Account, params: z.output<typeof endpointParams>): Stripe.WebhookEndpoint {
  const endpoint: Stripe.WebhookEndpoint = {
    id: account.newId('we'),
    object: 'webhook_endpoint',
    api_version: params.api_version ?? null,
    application: null,
    created: account.now(),
    description: null,
    enabled_events: params.enabled_events,
    livemode: false,
    metadata: {},
    status: 'enabled',
    url: params.url,
  }
  const secret = account.newId('whsec')
  account.state.endpoints.push({ endpoint, secrets: [secret], thin: false })
  return { ...endpoint, secret }
}

/** Finds an endpoint. Throws Stripe's 404. */
export function endpointOf(account: Account, id: string): Endpoint {
  const found = account.state.endpoints.find(({ endpoint }) => endpoint.id === id)
  if (!found) throw missing('webhook endpoint', id)
  return found
}

/** Removes an endpoint, with everything still to be delivered to it. */
export function removeEndpoint(account: Account, id: string): Stripe.DeletedWebhookEndpoint {
  const { state } = account
  endpointOf(account, id)
  state.endpoints = state.endpoints.filter(({ endpoint }) => endpoint.id !== id)
  state.deliveries = state.deliveries.filter((delivery) => delivery.endpoint !== id)
  return { id, object: 'webhook_endpoint', deleted: true }
}

type RelatedObject = { id: string; type: string; url: string }

/** Where each kind of object is fetched. */
const PATHS: Record<string, string> = {
  'checkout.session': 'checkout/sessions',
  payment_intent: 'payment_intents',
  charge: 'charges',
  refund: 'refunds',
  dispute: 'disputes',
}

function queueDeliveries(account: Account, kept: KeptEvent): void {
  const { state } = account
  const { event } = kept
  for (const { endpoint } of state.endpoints) {
    if (!endpoint.enabled_events.some((wanted) => wanted === '*' || wanted === event.type)) continue
    kept.pending.push(endpoint.id)
    if (isDropped(account, event.type)) continue
    for (let copy = 0; copy < state.chaos.duplicate; copy++) {
      const id = account.newId('delivery')
      state.deliveries.push({ id, event: event.id, endpoint: endpoint.id, attempt: 1, due: account.now() })
    }
  }
  kept.wanted = kept.pending.length
  event.pending_webhooks = kept.wanted
}

/** Whether this webhook vanishes, all its copies and retries with it. */
function isDropped({ state }: Account, type: string): boolean {
  const { drop } = state.chaos
  return typeof drop === 'number' ? nextRandom(state) < drop : drop.includes(type)
}

import type Stripe from 'stripe'
import { z } from 'zod'
import { missing } from './api/failure.ts'
import { metadata, webAddress } from './api/params.ts'
import type { Account, Endpoint } from './state.ts'

/** The parameters of `POST /v1/webhook_endpoints` that the stand-in carries out. */
export const endpointParams = z.strictObject({
  url: webAddress,
  enabled_events: z.array(z.string().regex(/^(\*|[a-z0-9_]+(\.[a-z0-9_]+)+)$/, 'not an event type')).min(1),
  api_version: z.string().optional(),
  description: z.string().optional(),
  metadata: metadata.optional(),
})

/** What only the stand-in lets a test or a sandbox do to an endpoint. `roll` makes a new secret beside, or instead of, the old. */
export const endpointControls = z.strictObject({
  thin: z.boolean().optional(),
  url: webAddress.optional(),
  secret: z.string().startsWith('whsec_').optional(),
  roll: z.enum(['keep', 'replace']).optional(),
})

/** Registers an endpoint. Only this answer holds its secret, as at Stripe. */
export function addEndpoint(account: Account, params: z.output<typeof endpointParams>): Stripe.WebhookEndpoint {
  const endpoint: Stripe.WebhookEndpoint = {
    id: account.newId('we'),
    object: 'webhook_endpoint',
    api_version: params.api_version ?? null,
    application: null,
    created: account.now(),
    description: params.description ?? null,
    enabled_events: params.enabled_events,
    livemode: false,
    metadata: params.metadata ?? {},
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

/** Changes an endpoint in ways that Stripe's Dashboard has, or that only a stand-in offers. */
export function controlEndpoint(
  account: Account,
  id: string,
  { thin, url, secret, roll }: z.output<typeof endpointControls>,
): { id: string; secret: string; thin: boolean } {
  const found = endpointOf(account, id)
  if (thin !== undefined) found.thin = thin
  if (url) found.endpoint.url = url
  if (secret) found.secrets = [secret]
  if (roll) found.secrets = [account.newId('whsec'), ...(roll === 'keep' ? found.secrets.slice(0, 1) : [])]
  return { id, secret: found.secrets[0] ?? '', thin: found.thin }
}

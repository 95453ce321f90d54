import Stripe from 'stripe'
import type { Config } from '../config.ts'
import { isAnswerOf } from './answer.ts'

/** A buyer waits for it: three tries of this are the most. */
const STRIPE_TIMEOUT_MILLISECONDS = 15_000

type HttpClient = ReturnType<typeof Stripe.createNodeHttpClient>

/** Stripe's SDK for this shop; in the sandbox it speaks to the stand-in. */
export function connectStripe(config: Pick<Config, 'STRIPE_SECRET_KEY' | 'STRIPE_API_URL'>): Stripe {
  const { protocol, hostname, port } = new URL(config.STRIPE_API_URL)
  return new Stripe(config.STRIPE_SECRET_KEY, {
    host: hostname,
    port: port || (protocol === 'http:' ? 80 : 443),
    protocol: protocol === 'http:' ? 'http' : 'https',
    maxNetworkRetries: 2,
    timeout: STRIPE_TIMEOUT_MILLISECONDS,
    telemetry: false,
    appInfo: { name: 'tagsale' },
    httpClient: believingOnlyStripe(Stripe.createNodeHttpClient()),
  })
}

/**
 * The SDK takes any JSON without an `error` for what was asked for, whatever its status. Here an answer that can't be Stripe's counts as
 * no connection to Stripe: it is asked again, and rejects in the end.
 */
function believingOnlyStripe(client: HttpClient): HttpClient {
  return {
    getClientName: () => client.getClientName(),
    async makeRequest(...request) {
      const [, , path, method] = request
      const response = await client.makeRequest(...request)
      const [status, body] = [response.getStatusCode(), await response.toJSON()]
      if (!isAnswerOf({ method, path }, status, body)) throw new Error(`${status}, which is not an answer of Stripe's`)
      return Object.assign(Object.create(response), { toJSON: async () => body })
    },
  }
}

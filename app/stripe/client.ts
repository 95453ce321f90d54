import Stripe from 'stripe'
import type { Config } from '../config.ts'

/** A buyer waits for it: three tries of this are the most. */
const STRIPE_TIMEOUT_MILLISECONDS = 15_000

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
  })
}

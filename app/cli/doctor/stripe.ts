import Stripe from 'stripe'
import { STRIPE_EVENTS } from '../../intake.ts'
import { type Check, checkOf, type Finding, fault, judge, reasonOf, unseen, well } from './check.ts'

const KEY = ['STRIPE_SECRET_KEY', 'STRIPE_API_URL'] as const
const KEYS_PAGE = 'https://dashboard.stripe.com/apikeys'
const HOOKS_PAGE = 'https://dashboard.stripe.com/webhooks'
const ENDPOINTS_MAX = 100
/** No such object is there, so that asking for it changes nothing: a key that may ask is told so. */
const NOTHING = 'tagsale_doctor'

/** Stripe's key, right by right, and its webhook endpoint. */
export const STRIPE_CHECKS: readonly Check[] = [
  checkOf('Stripe key', KEY, async ({ STRIPE_SECRET_KEY }, tools) => lookAtKey(STRIPE_SECRET_KEY, tools.stripe())),
  checkOf('Stripe webhook', [...KEY, 'SHOP_URL'], async ({ SHOP_URL }, tools) => {
    try {
      const { data } = await tools.stripe().webhookEndpoints.list({ limit: ENDPOINTS_MAX })
      return judgeEndpoints(data, `${SHOP_URL}/webhooks/stripe`)
    } catch (error) {
      if (error instanceof Stripe.errors.StripePermissionError)
        return [unseen(UNSEEN, `Or look yourself: ${HOOKS_PAGE}`)]
      if (error instanceof Stripe.errors.StripeAuthenticationError) return [unseen('not looked at: see Stripe key')]
      throw error
    }
  }),
]

/**
 * Makes the endpoint where there is none, and gives its secret, which Stripe tells this once; nothing where there is one. Rejects
 * with Stripe's own error, also where the key may not: that takes "Webhook Endpoints: write".
 */
export async function makeEndpoint(stripe: Stripe, shopUrl: string): Promise<string | undefined> {
  const url = `${shopUrl}/webhooks/stripe`
  const { data } = await stripe.webhookEndpoints.list({ limit: ENDPOINTS_MAX })
  if (data.some((endpoint) => endpoint.url === url)) return undefined
  const { secret } = await stripe.webhookEndpoints.create({
    url,
    enabled_events: [...STRIPE_EVENTS] as Stripe.WebhookEndpointCreateParams.EnabledEvent[],
    api_version: Stripe.API_VERSION as Stripe.WebhookEndpointCreateParams.ApiVersion,
  })
  if (!secret) throw new Error('Stripe made the endpoint, and told no secret.')
  return secret
}

const UNSEEN = 'the key may not see it: give it "Webhook Endpoints: read" for this look'

/** What the shop does at Stripe, each as a call that changes nothing. */
const RIGHTS: Record<string, (stripe: Stripe) => Promise<unknown>> = {
  'Checkout Sessions: write': (stripe) => stripe.checkout.sessions.expire(`cs_test_${NOTHING}`),
  'PaymentIntents: read': (stripe) => stripe.paymentIntents.retrieve(`pi_${NOTHING}`),
  'Charges: read': (stripe) => stripe.charges.retrieve(`ch_${NOTHING}`),
  'Refunds: read': (stripe) => stripe.refunds.list({ limit: 1 }),
  'Disputes: read': (stripe) => stripe.disputes.list({ limit: 1 }),
  'Events: read': (stripe) => stripe.events.list({ limit: 1 }),
}

/** Whether the key works, and has each right that the shop needs. Changes nothing at Stripe. */
export async function lookAtKey(key: string, stripe: Stripe): Promise<Finding[]> {
  const looks = await Promise.all(
    Object.entries(RIGHTS).map(async ([right, ask]) => ({ right, is: await answerTo(ask(stripe)) })),
  )
  if (looks.some(({ is }) => is === 'unknown key'))
    return [fault('Stripe does not take the key', `Make another: ${KEYS_PAGE}`)]
  const failed = looks.find(({ is }) => is !== 'may' && is !== 'may not')
  if (failed)
    return [
      fault(`Stripe gives no answer: ${failed.is}`, 'Look at status.stripe.com and STRIPE_API_URL, then try again.'),
    ]
  const lacks = looks.filter(({ is }) => is === 'may not').map(({ right }) => right)
  if (lacks.length > 0) return [fault(`the key lacks ${lacks.join(', ')}`, `Give it that: ${KEYS_PAGE}`)]
  const isLive = /_live_/.test(key)
  const kind = isLive ? 'live' : 'a test key: no money moves'
  return [well(key.startsWith('sk_') && isLive ? `${kind}, and may do everything: a restricted key is enough` : kind)]
}

async function answerTo(asked: Promise<unknown>): Promise<string> {
  try {
    await asked
    return 'may'
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError) return 'may' // there is no such thing, as we know
    if (error instanceof Stripe.errors.StripePermissionError) return 'may not'
    if (error instanceof Stripe.errors.StripeAuthenticationError) return 'unknown key'
    return reasonOf(error)
  }
}

type Endpoint = Pick<Stripe.WebhookEndpoint, 'url' | 'status' | 'enabled_events' | 'api_version'>

/** The endpoint for this address: there, on, told of all the shop follows, and in the version that it speaks. */
export function judgeEndpoints(endpoints: readonly Endpoint[], wanted: string): Finding[] {
  const ours = endpoints.filter(({ url }) => url === wanted)
  const [endpoint, second] = ours.toSorted(
    (one, other) => Number(other.status === 'enabled') - Number(one.status === 'enabled'),
  )
  if (!endpoint)
    return [
      fault(
        `no endpoint for ${wanted}`,
        `\`tagsale doctor --fix\` makes it. Or by hand, in API version ${Stripe.API_VERSION}: ${HOOKS_PAGE}. Its secret goes into STRIPE_WEBHOOK_SECRET.`,
      ),
    ]
  const { status, enabled_events: events, api_version: version } = endpoint
  const deaf = STRIPE_EVENTS.filter((event) => !events.includes(event) && !events.includes('*'))
  const wants = `Make one with version ${Stripe.API_VERSION}, and remove this one.`
  return judge(
    [
      [status !== 'enabled', 'the endpoint is disabled', `Enable it: ${HOOKS_PAGE}`],
      [deaf.length > 0, `the endpoint is not told of ${deaf.join(', ')}`, `Select them: ${HOOKS_PAGE}`],
      [version !== Stripe.API_VERSION, `the endpoint speaks version ${version ?? "of the account's choice"}`, wants],
      [second?.status === 'enabled', `${ours.length} endpoints for ${wanted}`, `Remove all but one: ${HOOKS_PAGE}`],
    ],
    `${wanted}, ${version}`,
  )
}

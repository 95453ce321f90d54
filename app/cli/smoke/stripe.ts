import Stripe from 'stripe'
import { must, refusalOf, type SmokeCheck, type SmokeTools } from './check.ts'

const NOTHING = 'tagsale_smoke'
const EVENT_SECONDS_MAX = 30

/** A payment page for one thing of 5.00 EUR; it is closed afterwards. */
async function openPage({ stripe, shopUrl, run, afterwards }: SmokeTools, key = run, amount = 500) {
  const page = await stripe.checkout.sessions.create(
    {
      mode: 'payment',
      success_url: `${shopUrl}/thanks`,
      cancel_url: `${shopUrl}/cart`,
      client_reference_id: run,
      line_items: [
        { quantity: 1, price_data: { currency: 'eur', unit_amount: amount, product_data: { name: 'Smoke' } } },
      ],
    },
    { idempotencyKey: key },
  )
  afterwards(() => stripe.checkout.sessions.expire(page.id).catch(() => {})) // it may be closed already
  return page
}

/** What the shop takes for true of Stripe. Only test keys come here. */
export const STRIPE_ASSUMPTIONS: readonly SmokeCheck[] = [
  {
    id: 'S1',
    what: 'a payment page has an address, and is open and unpaid',
    async walk(tools) {
      const { id, url, status, payment_status } = await openPage(tools)
      must(Boolean(url) && status === 'open' && payment_status === 'unpaid', `it is ${status}, ${payment_status}`)
      return id
    },
  },
  {
    id: 'S2',
    what: 'a page that is closed says so, and is not closed twice',
    async walk(tools) {
      const page = await openPage(tools, `${tools.run}-close`)
      const { status } = await tools.stripe.checkout.sessions.expire(page.id)
      must(status === 'expired', `it is ${status}`)
      const refusal = await refusalOf(tools.stripe.checkout.sessions.expire(page.id))
      must(refusal instanceof Stripe.errors.StripeInvalidRequestError, `closing it again is ${refusal.type}`)
      return page.id
    },
  },
  {
    id: 'S3',
    what: 'the same key is the same page; for other content it is refused',
    async walk(tools) {
      const [one, other] = [await openPage(tools, `${tools.run}-key`), await openPage(tools, `${tools.run}-key`)]
      must(one.id === other.id, 'there are two pages')
      const refusal = await refusalOf(openPage(tools, `${tools.run}-key`, 600))
      must(refusal instanceof Stripe.errors.StripeIdempotencyError, `other content is ${refusal.type}`)
      return one.id
    },
  },
  {
    id: 'S4',
    what: 'what is not there is an invalid request, and not an empty answer',
    async walk({ stripe }) {
      const refusal = await refusalOf(stripe.paymentIntents.retrieve(`pi_${NOTHING}`))
      must(refusal instanceof Stripe.errors.StripeInvalidRequestError, `it is ${refusal.type}`)
      return `${refusal.code}`
    },
  },
  {
    id: 'S5',
    what: 'a webhook endpoint keeps the version that was asked for, and tells its secret once',
    async walk({ stripe, shopUrl, run, afterwards }) {
      const api_version = Stripe.API_VERSION as Stripe.WebhookEndpointCreateParams.ApiVersion
      const url = `${shopUrl}/${run}`
      const made = await stripe.webhookEndpoints.create({ url, enabled_events: ['refund.created'], api_version })
      afterwards(() => stripe.webhookEndpoints.del(made.id))
      must(/^whsec_/.test(made.secret ?? ''), 'there is no secret')
      const { data } = await stripe.webhookEndpoints.list({ limit: 100 })
      const listed = data.find(({ id }) => id === made.id)
      must(listed?.api_version === Stripe.API_VERSION, `it speaks ${listed?.api_version}`)
      must(listed.secret === undefined, 'the secret is told again')
      return made.id
    },
  },
  {
    id: 'S6',
    what: 'the list of events has a closed page, within half a minute',
    async walk(tools) {
      const page = await openPage(tools, `${tools.run}-event`)
      await tools.stripe.checkout.sessions.expire(page.id)
      const until = Date.now() + EVENT_SECONDS_MAX * 1000
      for (;;) {
        const { data } = await tools.stripe.events.list({ types: ['checkout.session.expired'], limit: 100 })
        const event = data.find((one) => 'id' in one.data.object && one.data.object.id === page.id)
        if (event) return event.id
        must(Date.now() < until, 'it has none')
        await new Promise((done) => setTimeout(done, 500))
      }
    },
  },
]

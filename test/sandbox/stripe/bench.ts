import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Stripe from 'stripe'
import { startStripe } from '../../../sandbox/stripe.ts'

type Received = { body: string; signature: string }

/** Takes webhooks as a shop would. `answer` decides the status of each. */
export async function startReceiver(answer: (received: Received) => number = () => 200) {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const one = { body: Buffer.concat(chunks).toString(), signature: String(request.headers['stripe-signature']) }
    received.push(one)
    response.writeHead(answer(one)).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe`,
    received,
    types: () => received.map(({ body }) => JSON.parse(body).type as string),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A running stand-in with the real SDK in front of it. `onAnswer` sees every answer of the API. */
export async function startBench(options: { stateFile?: string; onAnswer?: (answer: unknown) => void } = {}) {
  const { onAnswer, ...start } = options
  const standIn = await startStripe(start)
  return {
    ...standIn,
    stripe: sdkFor(standIn.url, standIn.key, onAnswer),
    /** A test control: `control('advance', { seconds: 60 })`. Throws with the answer when it is refused. */
    async control(path: string, body: object = {}) {
      const response = await fetch(`${standIn.url}/_test/${path}`, { method: 'POST', body: JSON.stringify(body) })
      const answer = await response.json()
      if (!response.ok) throw new Error(answer.error.message)
      return answer
    },
    async attempts() {
      return (await fetch(`${standIn.url}/_test/attempts`)).json()
    },
    [Symbol.asyncDispose]: standIn.close,
  }
}

/** The real SDK, pointed at a stand-in. */
export function sdkFor(url: string, key: string, onAnswer?: (answer: unknown) => void): Stripe {
  const { hostname, port } = new URL(url)
  const listening: typeof fetch = async (...request) => {
    const response = await fetch(...request)
    onAnswer?.(await response.clone().json())
    return response
  }
  return new Stripe(key, {
    host: hostname,
    port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    httpClient: Stripe.createFetchHttpClient(listening),
  })
}

/** The parameters of a small sale: two mugs, sent by post or not at all. */
export function sale(changes: Partial<Stripe.Checkout.SessionCreateParams> = {}) {
  return {
    mode: 'payment',
    success_url: 'https://shop.example/thanks?session_id={CHECKOUT_SESSION_ID}',
    cancel_url: 'https://shop.example/cart',
    client_reference_id: 'ord_1',
    metadata: { order: 'ord_1' },
    payment_intent_data: { metadata: { order: 'ord_1' } },
    line_items: [line('Mug', 1500, 2)],
    ...changes,
  } satisfies Stripe.Checkout.SessionCreateParams
}

/** One line of a sale in euros. */
export function line(name: string, unit_amount: number, quantity = 1): Stripe.Checkout.SessionCreateParams.LineItem {
  return { quantity, price_data: { currency: 'eur', unit_amount, product_data: { name } } }
}

/** Two ways to ship, and an address in one of two countries. */
export const shipped: Partial<Stripe.Checkout.SessionCreateParams> = {
  shipping_address_collection: { allowed_countries: ['DE', 'US'] },
  shipping_options: [
    {
      shipping_rate_data: {
        type: 'fixed_amount',
        display_name: 'Standard',
        fixed_amount: { amount: 500, currency: 'eur' },
      },
    },
    {
      shipping_rate_data: {
        type: 'fixed_amount',
        display_name: 'Express',
        fixed_amount: { amount: 1500, currency: 'eur' },
        delivery_estimate: { minimum: { unit: 'business_day', value: 1 }, maximum: { unit: 'business_day', value: 2 } },
      },
    },
  ],
}

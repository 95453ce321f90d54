import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fleet } from './fleet.ts'

// A buyer in a bad network: whatever is not answered is asked again, as browsers and people do.

const PATIENCE_SECONDS = 60
const AGAIN_MILLISECONDS = 200

/** What became of a purchase, as its buyer saw it. */
export type Bought = { end: 'paid'; order: `ord_${string}`; email: string } | { end: 'sold out' }

type Answer = { status: number; body: unknown }

/** Buys one piece, and stays until the order's page says that it is paid. Rejects when that never comes. */
export async function buy(fleet: Pick<Fleet, 'url' | 'stripe'>, price: string): Promise<Bought> {
  const email = `${randomUUID()}@example.org`
  const headers = { 'idempotency-key': randomUUID() }
  const cart = { lines: [{ price, quantity: 1 }], shipTo: 'DE' }
  const started = await insist(`${fleet.url}/api/v1/checkouts`, { headers, body: cart }, [201, 422])
  if (started.status === 422) return { end: 'sold out' }
  const { order, url } = started.body as { order: `ord_${string}`; url: string }
  const session = url.split('/').at(-1)
  const paid = await insist(`${fleet.stripe}/_test/sessions/${session}/pay`, { body: { email, country: 'DE' } }, [200])
  const back = new URL((paid.body as { url: string }).url)
  const [key, checkout] = [back.searchParams.get('key'), back.searchParams.get('checkout')]
  const page = `${fleet.url}/api/v1/orders/${order}?key=${key}&checkout=${checkout}`
  for (const deadline = Date.now() + PATIENCE_SECONDS * 1000; Date.now() < deadline; await sleep(AGAIN_MILLISECONDS)) {
    const { body } = await insist(page, {}, [200])
    if ((body as { payment: string }).payment === 'paid') return { end: 'paid', order, email }
  }
  throw new Error(`${order} was never shown as paid`)
}

/** Asks until there is one of these answers. Another answer is a fault, but that it can't be served just now is none. */
async function insist(url: string, asked: Asked, awaited: readonly number[]): Promise<Answer> {
  for (const deadline = Date.now() + PATIENCE_SECONDS * 1000; Date.now() < deadline; await sleep(AGAIN_MILLISECONDS)) {
    const answer = await ask(url, asked).catch(() => undefined)
    if (answer && awaited.includes(answer.status)) return answer
    if (answer && answer.status < 500) throw new Error(`${url}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  throw new Error(`${url} was never answered`)
}

type Asked = { headers?: Record<string, string>; body?: object }

/** On a connection of its own, so that the next question may go to another process. */
async function ask(url: string, { headers = {}, body }: Asked): Promise<Answer> {
  const options = { agent: false, headers: { ...headers, ...(body && { 'content-type': 'application/json' }) } }
  const sent = request(url, { ...options, method: body ? 'POST' : 'GET' })
  sent.end(body && JSON.stringify(body))
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: answer.statusCode ?? 0, body: JSON.parse(await text(answer)) }
}

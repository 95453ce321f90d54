import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStripe } from '../../sandbox/stripe.ts'
import { sale, sdkFor, startReceiver } from '../sandbox/stripe/bench.ts'

// How many sales a second Stripe's stand-in makes after few and after many: `node test/bench/sandbox-sales.ts 100 10000`.
// A sale is a session opened through the API, paid through the test controls, and its webhooks delivered.

const AT_ONCE = 4
const MEASURED = 400
const [few = 100, many = 10_000] = process.argv.slice(2).map(Number)

const folder = await mkdtemp(join(tmpdir(), 'tagsale-sales-'))
const stateFile = join(folder, 'stripe.json')
const receiver = await startReceiver()
const standIn = await startStripe({ stateFile })
const stripe = sdkFor(standIn.url, standIn.key)
await stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: ['*'] })

async function sell(): Promise<void> {
  const { id } = await stripe.checkout.sessions.create(sale())
  const paid = await fetch(`${standIn.url}/_test/sessions/${id}/pay`, { method: 'POST', body: '{}' })
  const { session } = (await paid.json()) as { session: { payment_intent: string } }
  await stripe.paymentIntents.retrieve(session.payment_intent)
  await stripe.checkout.sessions.list({ payment_intent: session.payment_intent, limit: 1 })
}

async function sellMany(count: number): Promise<number> {
  const began = performance.now()
  let left = count
  const sellers = Array.from({ length: AT_ONCE }, async () => {
    for (; left > 0; left -= 1) await sell()
  })
  await Promise.all(sellers)
  receiver.received.length = 0
  return count / ((performance.now() - began) / 1000)
}

await sellMany(few)
const early = await sellMany(MEASURED)
await sellMany(many - few - MEASURED)
const late = await sellMany(MEASURED)
const began = performance.now()
await standIn.close()
const closed = performance.now() - began
const { size } = await stat(stateFile)
process.stdout.write(
  `after ${few}: ${early.toFixed(0)} sales/s; after ${many}: ${late.toFixed(0)} sales/s (${(late / early).toFixed(2)}); ` +
    `file ${(size / 1e6).toFixed(0)} MB, closed in ${closed.toFixed(0)} ms\n`,
)
await receiver[Symbol.asyncDispose]()
await rm(folder, { recursive: true })

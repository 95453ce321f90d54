import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import Stripe from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Order } from '../app/order/order.ts'
import { openStore } from '../app/store/open.ts'
import type { Store } from '../app/store/store.ts'
import { type Bought, buy } from './support/buyer.ts'
import { newDatabase } from './support/database.ts'
import { type Fleet, type Member, startFleet } from './support/fleet.ts'
import { eventually } from './support/sandbox.ts'
import type { ReceivedMail } from './support/shop.ts'

// Several processes of one shop, real ones, over one PostgreSQL and behind a balancer, of which one is killed every two seconds.
// `STORM_SECONDS=300 npx vitest run test/processes.test.ts` is the long form.

const SECONDS = Number(process.env['STORM_SECONDS'] ?? 5)
const KILL_EVERY_SECONDS = 2
const BUYERS_AT_ONCE = 6
/** As the catalog says. */
const STICKERS = 5
/** A mail may be sent twice when its sender is killed meanwhile: so many are under way in a process at once. */
const MAILS_AT_ONCE = 4

let fleet: Fleet
let store: Store
const bought: Bought[] = []
let kills = 0

beforeAll(async () => {
  const database = await newDatabase()
  fleet = await startFleet(database)
  const log = { warn: () => {} }
  const settings = { DATABASE_URL: database, DATA_FOLDER: '', STORE_KEY: fleet.key }
  store = await openStore(settings, { log, onFailure: () => {} })
  const web = await fleet.add({ TAGSALE_ROLES: 'web,webhooks,downloads' })
  // Who does no work begins none: the shop is not open yet.
  expect(await ready(web)).toBe('ready; the shop is not open yet')
  expect((await store.counts()).jobsWaiting).toBe(1)
  expect(await store.job('take-in')).toBeDefined() // of a store without orders nobody knows whether it lost some
  await fleet.add() // builds the storefront, which the others find
  await eventually(
    () => ready(web),
    (state) => state === 'ready',
  )
}, 120_000)
afterAll(async () => {
  await store?.close()
  await fleet?.close()
})

const ready = async ({ url }: Member) => (await fetch(`${url}/readyz`)).text()

/** Sells for so long, kills a process every two seconds and starts it again. */
async function storm(seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000
  const sellers = Array.from({ length: BUYERS_AT_ONCE }, async (_, n) => {
    for (let sale = 0; Date.now() < end; sale += 1) {
      bought.push(await buy(fleet, n === 0 && sale % 2 === 0 ? 'sticker' : 'guide/pdf'))
    }
  })
  await Promise.all([...sellers, killAndStart(end)])
}

/** Anyone may be killed, also one that only starts. */
async function killAndStart(end: number): Promise<void> {
  const starting: Promise<void>[] = []
  while (Date.now() + KILL_EVERY_SECONDS * 1000 < end) {
    await sleep(KILL_EVERY_SECONDS * 1000)
    const victim = fleet.members[randomInt(fleet.members.length)] as Member
    await victim.kill()
    kills += 1
    starting.push(victim.start())
  }
  await Promise.all(starting)
}

async function allOrders(): Promise<Order[]> {
  const orders: Order[] = []
  let after: string | undefined
  do {
    const page = await store.orders({}, after)
    orders.push(...page.orders)
    after = page.next
  } while (after !== undefined)
  return orders
}

/** What Stripe's stand-in was paid, by order. */
async function paidAtStripe(): Promise<Map<string, number>> {
  const { hostname, port } = new URL(fleet.stripe)
  const stripe = new Stripe(fleet.stripeKey, { host: hostname, port, protocol: 'http' })
  const books = new Map<string, number>()
  for await (const session of stripe.checkout.sessions.list({ limit: 100 })) {
    if (session.payment_status !== 'paid') continue
    const order = session.client_reference_id ?? ''
    books.set(order, (books.get(order) ?? 0) + (session.amount_total ?? 0))
  }
  return books
}

const mails = async () => (await (await fetch(`${fleet.inbox}/_test/mails`)).json()) as ReceivedMail[]

/** Everything that was sold is what Stripe was paid, once; each buyer has a receipt; the stock is what is left. */
async function compareBooks(): Promise<void> {
  const paid = bought.filter((one) => one.end === 'paid')
  const receipts = await eventually(
    mails,
    (all) => new Set(all.map(({ messageId }) => messageId)).size >= paid.length,
    60,
  )
  const orders = await allOrders()
  const books = await paidAtStripe()
  expect(paid.map(({ order }) => order).toSorted()).toEqual([...books.keys()].toSorted())
  expect(orders.map(({ id, paid }) => [id, paid?.amount]).toSorted()).toEqual([...books].toSorted())
  for (const { id } of orders) {
    const types = (await store.events(id)).map(({ type }) => type)
    expect(
      types.filter((type) => type === 'order.paid'),
      id,
    ).toHaveLength(1)
    expect(
      types.filter((type) => type === 'order.stalled'),
      id,
    ).toEqual([])
  }
  expect(new Set(receipts.map(({ to }) => to))).toEqual(new Set(paid.map(({ email }) => email)))
  expect(new Set(receipts.map(({ messageId }) => messageId)).size).toBe(paid.length)
  expect(receipts.length - paid.length).toBeLessThanOrEqual(kills * MAILS_AT_ONCE)
  const stickers = orders.flatMap(({ lines }) => lines).filter(({ price }) => price === 'sticker').length
  const { held } = await store.transact({ prices: ['sticker'] }, ({ reserved }) => ({
    events: [],
    held: reserved.get('sticker'),
  }))
  expect(held).toBe(stickers)
  expect(stickers).toBeLessThanOrEqual(STICKERS)
}

test(
  'two processes, one of them killed every two seconds, sell as one',
  async () => {
    await storm(SECONDS)
    await compareBooks()
  },
  (SECONDS + 90) * 1000,
)

test(
  'and so do four',
  async () => {
    await Promise.all([fleet.add({ TAGSALE_ROLES: 'worker' }), fleet.add()])
    await storm(SECONDS)
    await compareBooks()
    const paid = bought.filter(({ end }) => end === 'paid').length
    console.log(
      `${paid} sales, ${bought.length - paid} told that it was sold out, ${kills} kills, ${(await mails()).length} mails`,
    )
  },
  (SECONDS + 90) * 1000,
)

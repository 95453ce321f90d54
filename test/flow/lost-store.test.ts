import { randomBytes } from 'node:crypto'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { catchUpWithPayment } from '../../app/catch-up.ts'
import { dispatch } from '../../app/dispatch.ts'
import { newOrderId } from '../../app/order/id.ts'
import type { Order } from '../../app/order/order.ts'
import { paymentStatus } from '../../app/order/status.ts'
import { openStore } from '../../app/store/open.ts'
import { startTakingIn, takeIn } from '../../app/take-in.ts'
import { checkOut, openTestShop, pay, readOrder, type TestShop } from '../support/shop.ts'

let shop: TestShop
afterEach(() => shop.close())

const GUIDE = [{ price: 'guide/pdf', quantity: 1 }]

/** Sells so many, paid and recorded; where each buyer was sent back to. */
async function sellMany(count: number, lines = GUIDE): Promise<string[]> {
  const backs: string[] = []
  for (let n = 0; n < count; n += 1) {
    const { session } = await checkOut(shop, lines, { shipTo: 'DE' })
    backs.push(await pay(shop, session))
  }
  await shop.work()
  return backs
}

const orderIn = (back: string) => new URL(back).searchParams.get('order') as `ord_${string}`
const counted = async () => (await shop.store.counts()).orders

/** The parts of the shop over a store that has nothing yet. */
async function withoutOrders() {
  const DATA_FOLDER = join(shop.parts.config.DATA_FOLDER, 'another')
  const onFailure = (error: Error) => {
    throw error
  }
  const settings = { ...shop.parts.config, DATA_FOLDER, DATABASE_URL: undefined }
  return { ...shop.parts, store: await openStore(settings, { log: shop.parts.log, onFailure }) }
}

/** As when the disk is gone. */
async function loseEverything(): Promise<void> {
  const { DATABASE_URL: url, DATA_FOLDER } = shop.parts.config
  if (!url) return rm(join(DATA_FOLDER, 'store'), { recursive: true })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('drop schema public cascade; create schema public')
  await client.end()
}

test('a store that was lost has every paid order again before it sells, and its buyers their pages and files', async () => {
  shop = await openTestShop()
  const backs = await sellMany(3)
  const { session: unpaid } = await checkOut(shop, GUIDE)
  await shop.restart(loseEverything)
  await shop.work()
  expect(await counted()).toBe(3)
  for (const back of backs) {
    const order = await shop.store.order(orderIn(back))
    expect(order && paymentStatus(order)).toBe('paid')
    expect(order?.stalls).toEqual([])
    expect((await readOrder(shop, back)).downloads.map(({ file }) => file)).toEqual(['heron-guide.pdf'])
  }
  await pay(shop, unpaid) // who had the payment page open then
  await shop.work()
  expect(await counted()).toBe(4)
})

test('what may have been sent already asks for a person', async () => {
  shop = await openTestShop()
  const [back = ''] = await sellMany(1, [{ price: 'sticker', quantity: 2 }])
  await shop.restart(loseEverything)
  await shop.work()
  const order = await shop.store.order(orderIn(back))
  expect(order?.stalls).toMatchObject([{ reason: 'restored' }])
  expect(order?.lines).toMatchObject([{ price: 'sticker', quantity: 2 }])
})

test('a copy that was put back lacks nothing either, and nothing is recorded twice', async () => {
  shop = await openTestShop({ engine: 'sqlite' })
  const before = await sellMany(2)
  const store = join(shop.parts.config.DATA_FOLDER, 'store')
  await shop.restart(() => cp(store, `${store}.copy`, { recursive: true }))
  const after = await sellMany(3)
  await shop.restart(async () => {
    await rm(store, { recursive: true })
    await cp(`${store}.copy`, store, { recursive: true })
  })
  await shop.work()
  expect(await counted()).toBe(5)
  for (const back of [...before, ...after]) {
    const events = await shop.store.events(orderIn(back))
    expect(events.filter(({ type }) => type === 'order.paid')).toHaveLength(1)
  }
})

test('nothing is sold while lost orders are being taken in, and Stripe being away then costs none of them', async () => {
  shop = await openTestShop()
  await sellMany(2)
  await shop.restart(async () => {
    await loseEverything()
    await shop.stripe.control('faults', { down: true })
  })
  await shop.work()
  expect(await counted()).toBe(0)
  expect(await checkOut(shop, GUIDE)).toMatchObject({
    status: 503,
    detail: expect.stringContaining('try again in a moment'),
  })
  for (let tries = 0; tries < 10; tries += 1) {
    shop.clock.aheadSeconds += 60
    await shop.work()
  }
  await shop.stripe.control('faults', { down: false })
  shop.clock.aheadSeconds += 60 // however long it was away
  await shop.work()
  expect(await counted()).toBe(2)
  expect((await checkOut(shop, GUIDE)).status).toBe(201)
})

test('what is paid while this process knows no catalog yet is not forgotten, nor is what was sold from a closed shop', async () => {
  shop = await openTestShop()
  const { session } = await checkOut(shop, GUIDE)
  const back = await pay(shop, session)
  const empty = await withoutOrders()
  const closed = { ...empty.shop.catalog(), products: new Map() }
  const parts = { ...empty, shop: { ...empty.shop, catalog: () => closed, known: () => undefined } }
  const cause = { by: 'return-page' } as const
  await expect(catchUpWithPayment(parts, session, cause)).rejects.toThrow('neither is what this shop sells')
  await catchUpWithPayment({ ...parts, shop: { ...parts.shop, known: empty.shop.known } }, session, cause)
  const order = await empty.store.order(orderIn(back))
  expect(order?.lines[0]?.assets).toHaveLength(1)
  expect(order?.stalls).toEqual([])
  await empty.store.close()
})

test('who has the money back is not mailed a receipt once more', async () => {
  shop = await openTestShop()
  const { session } = await checkOut(shop, GUIDE)
  const back = await pay(shop, session)
  await shop.work()
  const { payment_intent } = await shop.stripe.api.checkout.sessions.retrieve(session)
  await shop.stripe.api.refunds.create({ payment_intent: payment_intent as string })
  await shop.work()
  const before = (await shop.mail.all()).length
  const { placedAt } = (await shop.store.order(orderIn(back))) as Order
  await shop.restart(loseEverything)
  await shop.work()
  const order = (await shop.store.order(orderIn(back))) as Order
  expect(paymentStatus(order)).toBe('refunded')
  expect(Math.abs(Date.parse(order.placedAt) - Date.parse(placedAt))).toBeLessThan(5_000)
  expect((await shop.mail.all()).length).toBe(before)
})

test('one order that can not be had keeps out no other, and is tried again', async () => {
  shop = await openTestShop()
  const backs = await sellMany(3)
  const empty = await withoutOrders()
  const [, bad = ''] = backs.map((back) => new URL(back).searchParams.get('checkout') ?? '')
  const { stripe, store } = empty
  const listLineItems = (id: string, ...rest: never[]) =>
    id === bad ? Promise.reject(new Error('no lines')) : stripe.checkout.sessions.listLineItems(id, ...rest)
  const derived = <Whole extends object>(whole: Whole, more: object): Whole => Object.assign(Object.create(whole), more)
  const checkout = derived(stripe.checkout, { sessions: derived(stripe.checkout.sessions, { listLineItems }) })
  const faulty = { ...empty, stripe: derived(stripe, { checkout }) }
  expect(await takeIn(faulty, null)).toEqual({ end: 'done' })
  expect((await store.counts()).orders).toBe(2)
  for (const job of await store.claimJobs(new Date(), 9, 60, 'stripe')) await dispatch(empty, job)
  expect((await store.counts()).orders).toBe(3)
  await store.close()
})

test('another shop of the same account that sold much since hides nothing of ours', async () => {
  shop = await openTestShop({ engine: 'sqlite' })
  const [back = ''] = await sellMany(1)
  const newest = (await shop.store.order(orderIn(back))) as Order
  const foreign = Array.from({ length: 150 }, () => ({
    shop: 'another',
    order: newOrderId(randomBytes),
    id: 'cs_other',
  }))
  const lost = { shop: newest.shop, order: newOrderId(randomBytes), id: 'cs_lost' }
  const list = async function* () {
    for (const { shop: of, order, id } of [...foreign, lost])
      yield { id, client_reference_id: order, metadata: { shop: of } }
  }
  await startTakingIn({ ...shop.parts, stripe: { checkout: { sessions: { list } } } as never })
  expect(await shop.store.job('take-in')).toBeDefined()
})

import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { paymentStatus } from '../../app/order/order.ts'
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
  expect(await counted()).toBe(3)
  expect(shop.logged.filter((line) => line.includes('the store is older than what Stripe knows'))).toHaveLength(1)
  await shop.work()
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

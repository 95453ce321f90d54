import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSweeping } from '../../app/catch-up.ts'
import { checkOut, openTestShop, pay, type TestShop } from '../support/shop.ts'

const SALES = 200
const AT_ONCE = 10

let shop: TestShop
beforeAll(async () => {
  shop = await openTestShop()
})
afterAll(() => shop.close())

test('200 sales, every webhook three times, shuffled, a tenth lost: 200 orders, each paid once, one receipt each', async () => {
  await shop.stripe.control('chaos', { duplicate: 3, shuffle: true, drop: 0.1 })
  const orders: `ord_${string}`[] = []
  for (let sold = 0; sold < SALES; sold += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, async (_, place) => {
      const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
      await pay(shop, sale.session, { outcome: 'pay', email: `buyer${sold + place}@example.org` })
      orders.push(sale.order)
    })
    await Promise.all([...batch, shop.work()])
  }
  await shop.work()
  await startSweeping(shop.parts)
  await shop.work()

  expect(new Set(orders).size).toBe(SALES)
  for (const order of orders) {
    const events = await shop.store.events(order)
    expect(events.filter((event) => event.type === 'order.paid')).toHaveLength(1)
    expect(events.filter((event) => event.type === 'order.fulfilled')).toHaveLength(1)
  }
  const receipts = (await shop.mail.all()).map((mail) => mail.to)
  expect(receipts).toHaveLength(SALES)
  expect(new Set(receipts).size).toBe(SALES)
}, 60_000)

test('a hundred buyers at once can not buy more than there is', async () => {
  const sales = await Promise.all(
    Array.from({ length: 100 }, () => checkOut(shop, [{ price: 'sticker', quantity: 1 }], { shipTo: 'DE' })),
  )
  expect(sales.filter((sale) => sale.status === 201)).toHaveLength(5)
  expect(sales.filter((sale) => sale.detail === 'Sticker is sold out.')).toHaveLength(95)
}, 30_000)

test('thin events, which hold no payment, are as good as whole ones', async () => {
  const thin = await openTestShop({ thin: true })
  try {
    const sale = await checkOut(thin, [{ price: 'guide/pdf', quantity: 1 }])
    await pay(thin, sale.session)
    await thin.work()
    const facts = (await thin.store.events(sale.order)).map((event) => event.type)
    expect(facts).toEqual(['order.placed', 'order.checkout_opened', 'order.paid', 'order.fulfilled'])
  } finally {
    await thin.close()
  }
})

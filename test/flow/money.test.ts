import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkOut, openTestShop, pay, readOrder, type TestShop } from '../support/shop.ts'

// Money that takes its time, and money that goes back.

let shop: TestShop
beforeEach(async () => {
  shop = await openTestShop()
})
afterEach(() => shop.close())

test('a delayed payment says so, keeps the stock, and delivers when the bank has confirmed', async () => {
  const sale = await checkOut(
    shop,
    [
      { price: 'sticker', quantity: 5 },
      { price: 'guide/pdf', quantity: 1 },
    ],
    { shipTo: 'FR' },
  )
  const back = await pay(shop, sale.session, { outcome: 'async' })
  await shop.work()
  expect(await readOrder(shop, back)).toMatchObject({ status: 'PENDING', payment: 'processing', downloads: [] })
  expect((await checkOut(shop, [{ price: 'sticker', quantity: 1 }], { shipTo: 'FR' })).status).toBe(422)
  await shop.stripe.control(`sessions/${sale.session}/settle`, { ok: true })
  await shop.work()
  expect(await readOrder(shop, back)).toMatchObject({ status: 'PAID', payment: 'paid' })
  expect((await shop.mail.all()).map((mail) => mail.subject).toSorted()).toEqual([
    'Heron Shop: your bank has yet to confirm',
    'Your order from Heron Shop',
  ])
})

test('a delayed payment that fails frees the stock, says that nothing was taken, and can be tried again', async () => {
  const sale = await checkOut(shop, [{ price: 'sticker', quantity: 5 }], { shipTo: 'FR' })
  const back = await pay(shop, sale.session, { outcome: 'async' })
  await shop.stripe.control(`sessions/${sale.session}/settle`, { ok: false })
  await shop.work()
  expect(await readOrder(shop, back)).toMatchObject({ status: 'CANCELED', payment: 'failed' })
  expect((await shop.mail.all()).map((mail) => mail.subject)).toContain('Heron Shop: your payment did not go through')
  const key = new URL(back).searchParams.get('key')
  const again = await fetch(`${shop.url}/orders/${sale.order}/retry?key=${key}`, { method: 'POST', redirect: 'manual' })
  expect(again.status).toBe(303)
  expect(again.headers.get('location')).toContain('/c/pay/cs_test_')
})

test('a delayed payment that Stripe never speaks of again is looked at every day', async () => {
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  await pay(shop, sale.session, { outcome: 'async' })
  await shop.work()
  shop.clock.aheadSeconds += 40 * 60
  await shop.work()
  await shop.stripe.control('chaos', { drop: 1 })
  await shop.stripe.control(`sessions/${sale.session}/settle`, { ok: true })
  for (const hours of [23, 2]) {
    await shop.work()
    expect((await shop.store.order(sale.order))?.payment.state).toBe('processing')
    shop.clock.aheadSeconds += hours * 3600
  }
  await shop.work()
  expect((await shop.store.order(sale.order))?.payment.state).toBe('paid') // and nobody came to look at its page
  expect(await shop.store.job(`close-checkout:${sale.order}`)).toBeUndefined()
})

test('a delayed payment that is canceled is over at once', async () => {
  const sale = await checkOut(shop, [{ price: 'sticker', quantity: 5 }], { shipTo: 'FR' })
  await pay(shop, sale.session, { outcome: 'async' })
  await shop.work()
  const { payment_intent } = await shop.stripe.api.checkout.sessions.retrieve(sale.session)
  await shop.stripe.control(`payment_intents/${payment_intent}/cancel`)
  await shop.work()
  expect((await shop.store.order(sale.order))?.payment.state).toBe('failed')
})

test('a refund made at Stripe closes the downloads', async () => {
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const back = await pay(shop, sale.session)
  await shop.work()
  const { downloads } = await readOrder(shop, back)
  const session = await shop.stripe.api.checkout.sessions.retrieve(sale.session)
  await shop.stripe.api.refunds.create({ payment_intent: String(session.payment_intent) })
  await shop.stripe.control('advance', { seconds: 0 })
  await shop.work()
  expect(await readOrder(shop, back)).toMatchObject({
    status: 'REFUNDED',
    payment: 'refunded',
    downloads: [],
    refunded: '19.00',
  })
  expect((await fetch(downloads[0]?.url ?? '')).status).toBe(410)
})

test('a refund that is on its way closes the downloads, and one that is taken back opens them', async () => {
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const back = await pay(shop, sale.session)
  await shop.work()
  const { payment_intent } = await shop.stripe.api.checkout.sessions.retrieve(sale.session)
  const refund = await shop.stripe.control('refunds', { payment_intent, status: 'pending' })
  await shop.work()
  expect(await readOrder(shop, back)).toMatchObject({ payment: 'refunded', downloads: [] })
  await shop.stripe.control(`refunds/${refund['id']}/end`, { status: 'canceled' })
  await shop.work()
  expect(await readOrder(shop, back)).toMatchObject({ payment: 'paid', downloads: [{ asset: 'guide-pdf' }] })
})

test.each([
  ['paid-back', 0],
  ['deflected', 1],
])('a dispute that was prevented, %s, leaves downloads: %i', async (prevented, files) => {
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const back = await pay(shop, sale.session)
  await shop.work()
  const { payment_intent } = await shop.stripe.api.checkout.sessions.retrieve(sale.session)
  await shop.stripe.control('disputes', { payment_intent, prevented })
  await shop.work()
  expect((await readOrder(shop, back)).downloads).toHaveLength(files)
})

import { createHash, randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { orderKey } from '../../app/link.ts'
import { FILES } from '../support/files.ts'
import { checkOut, openTestShop, pay, readOrder, type TestShop } from '../support/shop.ts'

let shop: TestShop
beforeEach(async () => {
  shop = await openTestShop()
})
afterEach(() => shop.close())

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const kinds = async (order: `ord_${string}`) => (await shop.store.events(order)).map((event) => event.type)

test('a book and a sticker are paid, mailed, and the book arrives as it was released', async () => {
  const sale = await checkOut(
    shop,
    [
      { price: 'guide/pdf', quantity: 1 },
      { price: 'sticker', quantity: 2 },
    ],
    { shipTo: 'DE' },
  )
  expect(sale.status).toBe(201)
  const back = await pay(shop, sale.session)
  await shop.work()
  const order = await readOrder(shop, back)
  expect(order).toMatchObject({
    status: 'PAID',
    payment: 'paid',
    fulfillment: 'partially_fulfilled',
    subtotal: '25.00',
    shipping: '3.50',
    total: '28.50',
  })
  expect(order.receipt).toBe('sent')
  expect(order.parcel).toEqual({ status: 'to be packed', lines: ['2 × Sticker'] })
  const [file] = order.downloads
  expect(file).toMatchObject({
    file: 'heron-guide.pdf',
    size: FILES['heron-guide.pdf'].length,
    sha256: sha256(FILES['heron-guide.pdf']),
  })
  const redirect = await fetch(file?.url ?? '', { redirect: 'manual' })
  expect(redirect.status).toBe(302)
  expect(redirect.headers.get('cache-control')).toBe('no-store')
  expect(redirect.headers.get('referrer-policy')).toBe('no-referrer')
  const bytes = new Uint8Array(await (await fetch(redirect.headers.get('location') ?? '')).arrayBuffer())
  expect(sha256(bytes)).toBe(file?.sha256)

  const mails = await shop.mail.all()
  expect(mails.map(({ to, subject }) => ({ to, subject }))).toEqual([
    { to: 'mira@example.org', subject: 'Your order from Heron Shop' },
  ])
  const link = /http\S+\/downloads\/\S+/.exec(mails[0]?.text ?? '')?.[0] ?? ''
  expect((await fetch(link)).status).toBe(200)
  expect(await kinds(sale.order)).toEqual(['order.placed', 'order.checkout_opened', 'order.paid', 'order.fulfilled'])
  expect((await shop.store.customer(sale.order))?.address).toMatchObject({ country: 'DE' })
})

test('what the browser says of the price is not believed', async () => {
  const cheap = await fetch(`${shop.url}/api/v1/checkouts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ lines: [{ price: 'guide/pdf', quantity: 1, unitAmount: 1 }] }),
  })
  expect(cheap.status).toBe(422)
  const { session } = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1, amount: '0.01' }])
  expect((await shop.stripe.api.checkout.sessions.retrieve(session)).amount_total).toBe(1900)
})

test('a webhook that never comes is made up for by the page the buyer returns to', async () => {
  await shop.stripe.control('chaos', { drop: 1 })
  const { session } = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const order = await readOrder(shop, await pay(shop, session))
  expect(order.payment).toBe('paid')
})

test('a webhook that never comes is found by the sweep, when the buyer does not return either', async () => {
  await shop.stripe.control('chaos', { drop: 1 })
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  await pay(shop, sale.session)
  const { startSweeping } = await import('../../app/catch-up.ts')
  await startSweeping(shop.parts)
  await shop.work()
  expect(await kinds(sale.order)).toContain('order.paid')
  expect(await shop.mail.all()).toHaveLength(1)
})

test('a declined card leaves the order open, and a second try pays it', async () => {
  const { session } = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const back = await pay(shop, session, { outcome: 'decline' })
  expect((await readOrder(shop, back)).payment).toBe('pending')
  await pay(shop, session)
  await shop.work()
  expect((await readOrder(shop, back)).payment).toBe('paid')
})

test('an order that nobody pays is given up when its page closes, and its stock is free again', async () => {
  const sale = await checkOut(shop, [{ price: 'sticker', quantity: 5 }], { shipTo: 'DE' })
  expect((await checkOut(shop, [{ price: 'sticker', quantity: 1 }], { shipTo: 'DE' })).detail).toBe(
    'Sticker is sold out.',
  )
  await shop.stripe.control('advance', { seconds: 40 * 60 })
  await shop.work()
  expect(await kinds(sale.order)).toEqual(['order.placed', 'order.checkout_opened', 'order.canceled'])
  expect((await checkOut(shop, [{ price: 'sticker', quantity: 1 }], { shipTo: 'DE' })).status).toBe(201)
})

test('what costs nothing skips payment and is delivered', async () => {
  expect((await checkOut(shop, [{ price: 'sampler', quantity: 1 }])).detail).toBe(
    'Give an e-mail address to send the downloads to.',
  )
  const sale = await checkOut(shop, [{ price: 'sampler', quantity: 1 }], { email: 'mira@example.org' })
  await shop.work()
  expect(await readOrder(shop, sale.url)).toMatchObject({ status: 'PAID', fulfillment: 'fulfilled', total: '0.00' })
  expect((await shop.mail.all()).map((mail) => mail.to)).toEqual(['mira@example.org'])
})

test('the buyer names a price, but not below the least', async () => {
  expect((await checkOut(shop, [{ price: 'support', quantity: 1, amount: '1.99' }])).errors).toEqual([
    { line: 0, detail: 'The least that is asked for it is €2.00.' },
  ])
  const { session } = await checkOut(shop, [{ price: 'support', quantity: 1, amount: '12.34' }])
  expect((await shop.stripe.api.checkout.sessions.retrieve(session)).amount_total).toBe(1234)
})

test('what is too little for a card is said so', async () => {
  const sale = await checkOut(shop, [{ price: 'leaflet', quantity: 1, amount: '0.30' }])
  expect([sale.status, sale.detail]).toEqual([
    422,
    'This is too little to pay by card: the least is about 0.50 in most currencies.',
  ])
})

test('a bundle takes its parts from stock and gives their files', async () => {
  const { session } = await checkOut(shop, [{ price: 'bundle', quantity: 2 }], { shipTo: 'DE' })
  expect((await checkOut(shop, [{ price: 'sticker', quantity: 2 }], { shipTo: 'DE' })).detail).toBe(
    'Only 1 of Sticker is left.',
  )
  const back = await pay(shop, session)
  expect((await readOrder(shop, back)).downloads.map((file) => file.asset)).toEqual(['guide-pdf'])
})

test('a retried checkout is the same order and the same page; another cart with its key is refused', async () => {
  const key = { 'idempotency-key': randomUUID() }
  const first = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }], {}, key)
  const second = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }], {}, key)
  expect([second.order, second.url]).toEqual([first.order, first.url])
  expect((await checkOut(shop, [{ price: 'guide/epub', quantity: 1 }], {}, key)).status).toBe(409)
  expect((await shop.store.counts()).orders).toBe(1)
})

test('with GitHub down the sale completes, the receipt goes out, and the download works when it is back', async () => {
  await shop.github.control('faults', { down: true })
  const { session } = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const back = await pay(shop, session)
  await shop.work()
  const order = await readOrder(shop, back)
  expect(order).toMatchObject({ payment: 'paid', fulfillment: 'unfulfilled', receipt: 'sent' })
  expect(order.downloads[0]).toMatchObject({ size: null, sha256: null })
  const away = await fetch(order.downloads[0]?.url ?? '', { headers: { accept: 'text/html' } })
  expect(away.status).toBe(503)
  expect(await away.text()).toContain('Your download is safe; try again in a while.')
  await shop.github.control('faults', { down: false })
  shop.clock.aheadSeconds += 60
  await shop.work()
  expect((await readOrder(shop, back)).fulfillment).toBe('fulfilled')
  expect((await fetch(order.downloads[0]?.url ?? '')).status).toBe(200)
})

test('a file that GitHub gives straight, without an address to go to, is passed on as it comes', async () => {
  await shop.github.control('faults', { stream: true })
  const { session } = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const { downloads } = await readOrder(shop, await pay(shop, session))
  const answer = await fetch(downloads[0]?.url ?? '', { redirect: 'manual' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="heron-guide.pdf"')
  expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(downloads[0]?.sha256)
})

test('with the mail server down the order page has everything and says that the receipt is late; it comes once', async () => {
  await shop.mail.control('faults', { down: true })
  const { session } = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const back = await pay(shop, session)
  await shop.work()
  expect(await readOrder(shop, back)).toMatchObject({ payment: 'paid', fulfillment: 'fulfilled', receipt: 'delayed' })
  const page = await fetch(back, { headers: { accept: 'text/html' } })
  expect(await page.text()).toContain('your receipt comes when it does')
  await shop.mail.control('faults', { down: false })
  shop.clock.aheadSeconds += 60
  await shop.work()
  await shop.work()
  expect(await shop.mail.all()).toHaveLength(1)
  expect((await readOrder(shop, back)).receipt).toBe('sent')
})

test('with Stripe down the buyer is told, and the same attempt later goes through as the same order', async () => {
  await shop.stripe.control('faults', { down: true })
  const key = { 'idempotency-key': randomUUID() }
  const first = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }], {}, key)
  expect(first.status).toBe(502)
  await shop.stripe.control('faults', { down: false })
  expect((await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }], {}, key)).status).toBe(201)
  expect((await shop.store.counts()).orders).toBe(1)
})

test('after a restart in the middle of a sale, nothing is lost', async () => {
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const back = await pay(shop, sale.session)
  await shop.restart()
  await shop.work()
  expect(await readOrder(shop, back)).toMatchObject({ payment: 'paid', receipt: 'sent' })
  expect(await shop.mail.all()).toHaveLength(1)
})

test('nothing personal, and no key, is in the log', async () => {
  const { session } = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const back = await pay(shop, session)
  await shop.work()
  await readOrder(shop, back)
  const log = shop.logged.join('')
  expect(log).toContain('order.paid')
  expect(log).not.toMatch(/mira|Mira/)
  expect(log).not.toContain(new URL(back).searchParams.get('key'))
})

test('what stays at Stripe opens the order for a day; the buyer is sent on to an address that lasts', async () => {
  const sale = await checkOut(shop, [{ price: 'guide/pdf', quantity: 1 }])
  const back = await pay(shop, sale.session)
  await shop.work()
  expect(back).not.toContain(orderKey(shop.parts.config, sale.order))
  const sent = await fetch(back, { redirect: 'manual' })
  expect([sent.status, sent.headers.get('cache-control')]).toEqual([302, 'no-store'])
  const lasting = sent.headers.get('location') ?? ''
  expect(new URL(lasting).searchParams.get('checkout')).toBe(sale.session)
  shop.clock.aheadSeconds += 2 * 86_400
  expect((await fetch(back)).status).toBe(404)
  expect((await fetch(lasting)).status).not.toBe(404)
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeToken } from '../../app/account/token.ts'
import { type Browser, browserByLink } from '../support/desk.ts'
import { checkOut, openTestShop, pay, type TestShop } from '../support/shop.ts'

let shop: TestShop
let browser: Browser
const ask = (address: string, init?: RequestInit) => fetch(new URL(address, shop.url), init)

beforeAll(async () => {
  shop = await openTestShop()
  browser = await browserByLink(shop, ask)
})
afterAll(() => shop.close())

/** A book and stickers, of which there are five, paid. */
async function sell(how: object = {}, stickers = 2) {
  const lines = [
    { price: 'guide/pdf', quantity: 1 },
    { price: 'sticker', quantity: stickers },
  ]
  const { order, session } = await checkOut(
    shop,
    lines.filter(({ quantity }) => quantity > 0),
    { shipTo: 'DE' },
  )
  await pay(shop, session, { outcome: 'pay', ...how })
  await shop.work()
  return order
}

const read = async (address: string) => (await browser.go(address)).text()
/** The fields of a form as its page holds it: the hidden ones. */
function hiddenOf(page: string, action: string, what = ''): Record<string, string> {
  const forms = [...page.matchAll(/<form[\s\S]*?<\/form>/g)].map(([form]) => form)
  const found = forms.find((form) => form.includes(`/${action}"`) && form.includes(what)) ?? ''
  const fields = found.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)
  return Object.fromEntries([...fields].map(([, name = '', value = '']) => [name, value]))
}
async function send(order: string, command: string, fields: Record<string, string>, what = '') {
  const hidden = hiddenOf(await read(`/desk/orders/${order}`), command, what)
  const answer = await browser.post(`/desk/orders/${order}/${command}`, { ...hidden, ...fields })
  return { status: answer.status, page: await answer.text() }
}

test('an order is found, shipped once however often its form comes, and delivered', async () => {
  const order = await sell()
  const toPack = await read('/desk/orders')
  expect(toPack).toContain(`href="/desk/orders/${order}"`)
  expect(toPack).toMatch(/state=to-pack" aria-current="page"/)
  expect(await read('/desk/orders?state=&q=mira@example.org')).toContain(order)
  expect(await read('/desk/orders?state=refunded')).not.toContain(order)
  const before = await read(`/desk/orders/${order}`)
  expect(before).toContain('mira@example.org')
  expect((await shop.store.accesses())[0]).toMatchObject({ what: 'order.seen', order })

  const form = { ...hiddenOf(before, 'shipments'), line: 'line-2', carrier: 'ups', tracking: '1Z9' }
  const shipped = await browser.post(`/desk/orders/${order}/shipments`, form)
  expect(shipped.status).toBe(200)
  const after = await shipped.text()
  expect(after).toContain('Shipped with UPS as shp_1: 2 × Sticker. The buyer is told.')
  expect(after).toContain('href="https://www.ups.com/track?tracknum=1Z9"')
  expect(hiddenOf(after, 'shipments')).toEqual({})
  expect(await (await browser.post(`/desk/orders/${order}/shipments`, form)).text()).toContain('That was done already')
  const other = await browser.post(`/desk/orders/${order}/shipments`, { ...form, key: 'another' })
  expect([other.status, await other.text()]).toEqual([409, expect.stringContaining('Everything is shipped already.')])
  expect((await send(order, 'delivered', {})).page).toContain('shp_1 is delivered')
  expect((await browser.go(`/desk/orders/${order}/shipments`)).headers.get('location')).toBe(`/desk/orders/${order}`)
})

test('money goes back by line and by amount, and a form without its fields gives nothing back', async () => {
  const order = await sell()
  const lines = await send(order, 'refunds', { 'quantity:line-1': '0', 'quantity:line-2': '1' }, 'value="lines"')
  expect(lines.page).toContain('€3.00 goes back to the buyer')
  expect(lines.page).toContain('1 of 2 refunded')
  const none = await send(order, 'refunds', { 'quantity:line-2': '0' }, 'value="lines"')
  expect([none.status, none.page]).toEqual([422, expect.stringContaining('Choose at least one line.')])
  for (const [fields, what] of [
    [{ amount: '' }, 'value="amount"'],
    [{ amount: '1,50' }, 'value="amount"'],
    [{ what: '' }, 'value="all"'],
  ] as const) {
    expect((await send(order, 'refunds', fields, what)).status).toBe(422)
  }
  const shipped = await send(order, 'shipments', { line: 'line-2', carrier: 'DHL' })
  expect(shipped.page).toContain('Shipped with DHL as shp_1: 1 × Sticker.')
  const tooMuch = await send(order, 'refunds', { amount: '25.51' }, 'value="amount"')
  expect([tooMuch.status, tooMuch.page]).toEqual([409, expect.stringContaining('more than can still be given back')])
  expect((await send(order, 'refunds', {}, 'value="all"')).page).toContain('€25.50 goes back to the buyer')
  expect(await read(`/desk/orders/${order}`)).not.toContain('Refund an amount')
})

test('what needs a person says why, and is settled', async () => {
  const order = await sell({}, 0)
  const { payment } = (await shop.store.order(order)) ?? {}
  const { page } = await send(order, 'refunds', { amount: '15.00' }, 'value="amount"')
  expect(page).toContain('On its way back')
  await shop.stripe.api.refunds.create({ payment_intent: payment?.id ?? '', amount: 1900 })
  await shop.work()
  expect(await read('/desk/orders?state=needs-person')).toContain(order)
  const settle = { decision: 'done', reason: 'It was given back at Stripe.' }
  const settled = await send(order, 'settle', settle)
  expect(settled.page).toContain('refund-failed is settled: done.')
  expect(settled.page).toContain('Settled refund-failed: done. It was given back at Stripe.')
  expect(hiddenOf(settled.page, 'settle')).toEqual({})
  expect((await browser.go('/desk/orders?cursor=none&state=paid')).status).toBeLessThan(500)
})

test('what people write is shown as they wrote it, and never as markup', async () => {
  const hostile = '<img src=x onerror=alert(1)>"\'&'
  const order = await sell({ name: hostile }, 1)
  await send(order, 'address', {
    name: hostile,
    line1: '"><script>',
    city: 'Ulm',
    postalCode: '1',
    line2: '',
    state: '',
  })
  const noted = await send(order, 'notes', { text: `${hostile}${'寄'.repeat(1900)}` })
  expect(noted.status).toBe(200)
  const search = await read(`/desk/orders?q=${encodeURIComponent(hostile)}`)
  for (const page of [noted.page, search]) {
    expect(page).not.toMatch(/<img|<script/)
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;')
  }
  const wrong = await send(order, 'shipments', { carrier: 'X', url: 'javascript:alert(1)' })
  expect(wrong.status).toBe(422)
  expect((await send(order, 'resend', { to: 'mira@other.example' })).page).toContain('mira@other.example')
  expect((await send(order, 'cancel', {})).page).toContain('Canceled.')
})

test('who may only triage sees no buyer and no form, and a form of another site does nothing', async () => {
  const order = await sell({}, 1)
  const { text } = await makeToken(shop.parts, { name: 'triage script', role: 'triage', days: 1, by: 'ada' })
  const headers = { authorization: `Bearer ${text}`, accept: 'text/html' }
  const page = await (await ask(`/desk/orders/${order}`, { headers })).text()
  expect(page).toContain('Sticker')
  expect(page).not.toMatch(/mira|<textarea|\/shipments"|\/refunds"/i)
  expect((await ask('/desk/orders?q=mira', { headers })).status).toBe(403)
  const body = new URLSearchParams({ key: 'k', carrier: 'UPS', line: 'line-2' })
  expect((await ask(`/desk/orders/${order}/shipments`, { method: 'POST', headers, body })).status).toBe(403)
  const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  const forged = await browser.post(`/desk/orders/${order}/shipments`, Object.fromEntries(body), foreign)
  expect(forged.status).toBe(403)
  expect((await shop.store.order(order))?.shipments).toEqual([])
  expect((await browser.go('/desk/orders/ord_none')).status).toBe(404)
  expect((await browser.post(`/desk/orders/${order}/nothing`, { key: 'k' })).status).toBe(404)
  const stranger = await ask(`/desk/orders/${order}`, { headers: { accept: 'text/html' }, redirect: 'manual' })
  expect(stranger.headers.get('location')).toMatch(/^\/desk\/sign-in/)
})

import { expect, test } from 'vitest'
import { line, sale, shipped, startBench } from './bench.ts'

type Bench = Awaited<ReturnType<typeof startBench>>

/** Posts the page's form as a browser without JavaScript does. */
function post(url: string, fields: Record<string, string>): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
}

async function openPage(bench: Bench, changes: Parameters<typeof sale>[0] = {}) {
  const session = await bench.stripe.checkout.sessions.create(sale(changes))
  return { session, url: session.url ?? '' }
}

const ADDRESS = {
  email: 'ada@example.com',
  name: 'Ada',
  line1: 'Hauptstraße 1',
  postal_code: '10115',
  city: 'Berlin',
  country: 'DE',
}

test('the page shows what is bought, says that no money moves, and leads back to the shop', async () => {
  await using bench = await startBench()
  const { url } = await openPage(bench, { line_items: [line('<b>Mug</b> & "co"', 1500, 2)] })
  const page = await (await fetch(url)).text()
  expect(page).toContain('This is a stand-in: no money moves.')
  expect(page).toContain('&lt;b&gt;Mug&lt;/b&gt; &amp; &quot;co&quot;')
  expect(page).toContain('Pay €30.00')
  expect(page).toContain('href="https://shop.example/cart"')
  expect(page).toContain('value="4242 4242 4242 4242"')
  expect(page).not.toContain('<script')
})

test('the country that the shop names first is chosen until the buyer chooses another', async () => {
  await using bench = await startBench()
  const { url } = await openPage(bench, {
    ...shipped,
    shipping_address_collection: { allowed_countries: ['US', 'DE'] },
  })
  expect(await (await fetch(url)).text()).toContain('<option value="US" selected>')
  const missing = await (await post(url, { outcome: 'pay', country: 'DE' })).text()
  expect(missing).toContain('<option value="DE" selected>')
  expect(missing).not.toContain('<option value="US" selected>')
})

test('paying sends the buyer to the shop with the id of the session', async () => {
  await using bench = await startBench()
  const { session, url } = await openPage(bench)
  const response = await post(url, { outcome: 'pay', email: 'ada@example.com' })
  expect(response.status).toBe(303)
  expect(response.headers.get('location')).toBe(`https://shop.example/thanks?session_id=${session.id}`)
  expect(await bench.stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ payment_status: 'paid' })
  const again = await fetch(url)
  expect(await again.text()).toContain('This checkout is done')
  expect((await post(url, { outcome: 'pay', email: 'ada@example.com' })).status).toBe(409)
})

test('a declined card is said in an alert, what was typed stays, and another card pays', async () => {
  await using bench = await startBench()
  const { session, url } = await openPage(bench)
  const declined = await (await post(url, { outcome: 'decline', email: 'ada@example.com' })).text()
  expect(declined).toMatch(/role="alert">Your card was declined/)
  expect(declined).toContain('value="ada@example.com"')
  expect(await (await fetch(url)).text()).toContain('Your card was declined')
  expect((await post(url, { outcome: 'async', email: 'ada@example.com' })).status).toBe(303)
  expect(await bench.stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
    payment_status: 'unpaid',
    status: 'complete',
  })
})

test('what is missing is said beside its field, and nothing is paid', async () => {
  await using bench = await startBench()
  const { session, url } = await openPage(bench, shipped)
  const response = await post(url, { outcome: 'pay', email: 'ada', country: 'FR' })
  expect(response.status).toBe(422)
  const page = await response.text()
  for (const name of ['email', 'name', 'line1', 'country']) expect(page).toContain(`id="${name}-problem"`)
  expect(page).toContain('aria-describedby="email-problem"')
  expect((await bench.stripe.checkout.sessions.retrieve(session.id)).status).toBe('open')
})

test('quantity, shipping and code can be tried before paying, and are kept in what is paid', async () => {
  await using bench = await startBench()
  const adjustable = { ...line('Mug', 1000), adjustable_quantity: { enabled: true, minimum: 0, maximum: 5 } }
  const { session, url } = await openPage(bench, {
    ...shipped,
    allow_promotion_codes: true,
    line_items: [adjustable, { ...adjustable }],
  })
  const [first, second] = (await bench.stripe.checkout.sessions.listLineItems(session.id)).data
  const express = String(session.shipping_options[1]?.shipping_rate)
  const choice = {
    [`quantity_${first?.id}`]: '3',
    [`quantity_${second?.id}`]: '0',
    shipping: express,
    promotion: 'ten',
  }
  const page = await (await post(url, { outcome: 'update', ...choice })).text()
  expect(page).toContain('Pay €42.00')
  expect((await post(url, { outcome: 'pay', ...ADDRESS, ...choice })).status).toBe(303)
  expect(await bench.stripe.checkout.sessions.retrieve(session.id, { expand: ['line_items'] })).toMatchObject({
    amount_total: 3 * 1000 - 300 + 1500,
    customer_details: { email: 'ada@example.com', address: { city: 'Berlin', postal_code: '10115' } },
    collected_information: { shipping_details: { name: 'Ada', address: { country: 'DE' } } },
    line_items: { data: [{ quantity: 3 }] },
  })
  const wrong = await openPage(bench)
  expect(await (await post(wrong.url, { outcome: 'update', promotion: 'ten' })).text()).toContain('Some things')
})

test('the first country of the shipping zone is chosen already, and a line without a picture has no room for one', async () => {
  await using bench = await startBench()
  const { url } = await openPage(bench, shipped)
  const page = await (await fetch(url)).text()
  expect(page).toMatch(/<option value="DE" selected/)
  expect(page).not.toMatch(/<option value="US" selected/)
  expect(page).not.toContain('<img')
})

test('the page may only lead back to the shop, and runs nothing', async () => {
  await using bench = await startBench()
  const { url } = await openPage(bench)
  const policy = (await fetch(url)).headers.get('content-security-policy')
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("form-action 'self' https://shop.example")
  expect(policy).not.toContain('script-src')
})

test('an expired session, and one that never was, have a page that says so', async () => {
  await using bench = await startBench()
  const { session, url } = await openPage(bench)
  await bench.stripe.checkout.sessions.expire(session.id)
  expect(await (await fetch(url)).text()).toContain('This checkout is no longer open')
  expect((await fetch(`${bench.url}/c/pay/cs_test_none`)).status).toBe(404)
})

test('the home page lists payments and events, settles a delayed payment and refunds one', async () => {
  await using bench = await startBench()
  const { session, url } = await openPage(bench)
  await post(url, { outcome: 'async', email: 'ada@example.com' })
  expect(await (await fetch(bench.url)).text()).toContain('waiting for the bank')
  const headers = { origin: bench.url }
  const press = (path: string) =>
    fetch(`${bench.url}${path}`, {
      method: 'POST',
      headers,
      body: new URLSearchParams({ ok: 'yes' }),
      redirect: 'manual',
    })

  expect((await press(`/home/sessions/${session.id}/settle`)).status).toBe(303)
  const paid = await bench.stripe.checkout.sessions.retrieve(session.id)
  expect(paid.payment_status).toBe('paid')
  expect((await press(`/home/payments/${paid.payment_intent}/refund`)).status).toBe(303)
  const home = await (await fetch(bench.url)).text()
  for (const text of ['refunded', 'charge.refunded', 'ada@example.com', 'ord_1', '2 × Mug'])
    expect(home).toContain(text)
  const again = await press(`/home/payments/${paid.payment_intent}/refund`)
  expect(again.status).toBe(409)
  expect(await again.text()).toContain('has already been refunded')
})

test('another site can not press the buttons of the home page', async () => {
  await using bench = await startBench()
  const { session, url } = await openPage(bench)
  await post(url, { outcome: 'async', email: 'ada@example.com' })
  const request = {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
    body: new URLSearchParams({ ok: 'yes' }),
  }
  expect((await fetch(`${bench.url}/home/sessions/${session.id}/settle`, request)).status).toBe(403)
})

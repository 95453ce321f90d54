import { expect, test } from 'vitest'
import { line, sale, startBench } from './bench.ts'

const bench = await startBench()
const later = (seconds: number) => Math.floor(Date.now() / 1000) + seconds
const rate = (currency: string) => ({
  shipping_rate_data: { type: 'fixed_amount', display_name: 'Post', fixed_amount: { amount: 500, currency } },
})

const priced = (currency: string, unit_amount: number) => {
  return { quantity: 1, price_data: { currency, unit_amount, product_data: { name: 'Mug' } } }
}

/** Wrong in one way each, as only JavaScript lets one write it: [what, change, code, param, message]. */
const WRONG: [string, object, string | undefined, string | undefined, string][] = [
  ['an unknown parameter', { bogus: 1 }, 'parameter_unknown', 'bogus', 'Received unknown parameter: bogus'],
  [
    'an unknown parameter deep inside',
    { line_items: [{ ...line('Mug', 100), tax: 1 }] },
    'parameter_unknown',
    'line_items[0][tax]',
    'Received unknown parameter: line_items[0][tax]',
  ],
  [
    'a parameter that Stripe removed',
    { payment_method_types: ['card'] },
    'parameter_unknown',
    'payment_method_types',
    'Received unknown parameter: payment_method_types',
  ],
  [
    'an old value',
    { ui_mode: 'hosted' },
    'parameter_invalid',
    'ui_mode',
    'Invalid ui_mode: Invalid input: expected "hosted_page"',
  ],
  ['no mode', { mode: undefined }, 'parameter_missing', 'mode', 'Missing required param: mode.'],
  [
    'no success_url',
    { success_url: undefined },
    'parameter_missing',
    'success_url',
    'Missing required param: success_url.',
  ],
  [
    'a success_url that is not one',
    { success_url: '/thanks' },
    'parameter_invalid',
    'success_url',
    'Invalid success_url: Not a valid URL',
  ],
  [
    'a success_url that runs code',
    { success_url: 'javascript:alert(1)' },
    'parameter_invalid',
    'success_url',
    'Invalid success_url: Not a valid URL',
  ],
  ['no lines', { line_items: [] }, 'parameter_missing', 'line_items', 'Missing required param: line_items.'],
  [
    'a line without a currency',
    { line_items: [{ quantity: 1, price_data: { unit_amount: 100, product_data: { name: 'Mug' } } }] },
    'parameter_missing',
    'line_items[0][price_data][currency]',
    'Missing required param: line_items[0][price_data][currency].',
  ],
  [
    'a line without an amount',
    { line_items: [{ quantity: 1, price_data: { currency: 'eur', product_data: { name: 'Mug' } } }] },
    'parameter_missing',
    'line_items[0][price_data][unit_amount]',
    'Missing required param: line_items[0][price_data][unit_amount].',
  ],
  [
    'a line without a name',
    { line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 100, product_data: {} } }] },
    'parameter_missing',
    'line_items[0][price_data][product_data]',
    'Missing required param: line_items[0][price_data][product_data].',
  ],
  [
    'a line without a quantity',
    { line_items: [line('Mug', 100, 0)] },
    'parameter_missing',
    'line_items[0][quantity]',
    'Missing required param: line_items[0][quantity].',
  ],
  [
    'a fraction of a cent',
    { line_items: [line('Mug', 14.5)] },
    'parameter_invalid',
    'line_items[0][price_data][unit_amount]',
    'Invalid line_items[0][price_data][unit_amount]: must be an integer',
  ],
  [
    'a stored price',
    { line_items: [{ quantity: 1, price: 'price_1' }] },
    'resource_missing',
    'line_items[0][price]',
    "No such price: 'price_1'",
  ],
  [
    'two currencies',
    { shipping_options: [rate('usd')] },
    undefined,
    undefined,
    'All prices on a Checkout Session must have the same currency.',
  ],
  [
    'six ways to ship',
    { shipping_options: Array(6).fill(rate('eur')) },
    'parameter_invalid',
    'shipping_options',
    'Invalid shipping_options: Too big: expected array to have <=5 items',
  ],
  [
    '29 minutes',
    { expires_at: later(29 * 60) },
    undefined,
    'expires_at',
    'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.',
  ],
  [
    '25 hours',
    { expires_at: later(25 * 3600) },
    undefined,
    'expires_at',
    'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.',
  ],
  [
    'a total too small for a card',
    { line_items: [line('Mug', 49)] },
    'amount_too_small',
    undefined,
    "The Checkout Session's total amount due must add up to at least 50 minor units, or to 0.",
  ],
  [
    'a total that no card is charged',
    { line_items: [line('Mug', 99_999_999, 2)] },
    'amount_too_large',
    undefined,
    "The Checkout Session's total amount due must be no more than 99999999 minor units.",
  ],
  [
    'a currency that does not exist',
    { line_items: [priced('eru', 1900)] },
    'parameter_invalid',
    'line_items[0][price_data][currency]',
    'Invalid line_items[0][price_data][currency]: Stripe does not charge in eru',
  ],
  [
    'a third decimal that is not 0',
    { line_items: [priced('bhd', 1234)] },
    'parameter_invalid',
    'line_items[0][price_data][unit_amount]',
    'amounts in bhd end in 0',
  ],
  [
    'less than the least of its currency',
    { line_items: [priced('sek', 299)] },
    'amount_too_small',
    undefined,
    'at least 300 minor units',
  ],
  [
    'too long a reference',
    { client_reference_id: 'x'.repeat(201) },
    'parameter_invalid',
    'client_reference_id',
    'Invalid client_reference_id: Too big: expected string to have <=200 characters',
  ],
  [
    'a country that Checkout does not ship to',
    { shipping_address_collection: { allowed_countries: ['KP'] } },
    'parameter_invalid',
    'shipping_address_collection[allowed_countries][0]',
    'Invalid shipping_address_collection[allowed_countries][0]: Invalid option',
  ],
  [
    '51 metadata keys',
    { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, key) => [`k${key}`, 'v'])) },
    'parameter_invalid',
    'metadata',
    'Invalid metadata: at most 50 keys',
  ],
  [
    'an expansion that does not exist',
    { expand: ['customer'] },
    'parameter_invalid',
    'expand[0]',
    'This property cannot be expanded (customer).',
  ],
]

test.each(WRONG)('%s is refused, and the parameter named', async (_, change, code, param, message) => {
  const error = await bench.stripe.checkout.sessions.create(sale(change)).catch((caught) => caught)
  expect(error).toMatchObject({ statusCode: 400, type: 'StripeInvalidRequestError' })
  expect({ code: error.code, param: error.param }).toEqual({ code, param })
  expect(error.message).toContain(message)
})

test('a form nested beyond all reason is refused, not followed', async () => {
  const headers = { authorization: 'Bearer sk_test_1', 'content-type': 'application/x-www-form-urlencoded' }
  const body = `a${'[b]'.repeat(40)}=1`
  const response = await fetch(`${bench.url}/v1/checkout/sessions`, { method: 'POST', headers, body })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
})

test('nothing that was refused has left a session behind', async () => {
  const fresh = await startBench()
  await Promise.allSettled(WRONG.map(([, change]) => fresh.stripe.checkout.sessions.create(sale(change))))
  expect((await fresh.stripe.checkout.sessions.list()).data).toEqual([])
  await fresh.close()
  await bench.close()
})

import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { judgeClock } from '../../app/cli/doctor/address.ts'
import { compareHook, judgeDeliveries } from '../../app/cli/doctor/github.ts'
import { judgeEndpoints, lookAtKey } from '../../app/cli/doctor/stripe.ts'
import { connectStripe } from '../../app/stripe/client.ts'
import { listen } from '../../sandbox/listen.ts'

const attempt = (guid: string, status_code: number, status = '') => ({
  ...{ guid, status_code, status, event: 'push', delivered_at: '2026-11-22T12:00:00Z' },
})

// What the stand-ins can't be brought to, or not soon.

test.each([
  ['none', [], 'unseen', 'GitHub has delivered nothing yet'],
  ['all', [attempt('b', 204), attempt('a', 200)], 'well', 'the last 2 arrived'],
  ['lost, then found', [attempt('a', 204), attempt('a', 502)], 'well', 'the last 1 arrived'],
  [
    'one lost',
    [attempt('b', 204), attempt('a', 502)],
    'well',
    'the last one arrived; 1 of the last 2 did not arrive, and are asked for again',
  ],
  [
    'the last refused',
    [attempt('b', 401), attempt('a', 204)],
    'fault',
    'the last one (push) failed: 401; 1 of the last 2 did not arrive',
  ],
  [
    'the last not connected',
    [attempt('b', 0, 'timed out')],
    'fault',
    'the last one (push) failed: timed out; 1 of the last 1 did not arrive',
  ],
])('deliveries: %s', (_, attempts, state, what) => {
  expect(judgeDeliveries(attempts)).toMatchObject({ state, what })
})

test('a webhook that is not as it must be', () => {
  const found = compareHook({ url: '', content_type: 'form', insecure_ssl: '1' }, 'https://a.example/webhooks/github')
  expect(found.map(({ what }) => what)).toEqual([
    'GitHub sends webhooks to nowhere',
    'webhooks come as form',
    'GitHub does not check the certificate',
  ])
})

test('a disabled endpoint counts only when there is no other', () => {
  const one = { url: 'https://a.example', status: 'disabled', enabled_events: ['*'], api_version: '2020-08-27' }
  const whats = judgeEndpoints([one], 'https://a.example').map(({ what }) => what)
  expect(whats).toEqual(['the endpoint is disabled', 'the endpoint speaks version 2020-08-27'])
  const other = { ...one, status: 'enabled' }
  expect(judgeEndpoints([one, other], 'https://a.example').map(({ what }) => what)).toEqual(whats.slice(1))
})

test.each([
  [[60, -60], 'right within a minute'],
  [[undefined, 2], 'right within a minute'],
  [[2, -61], 'this machine is 61 seconds behind b'],
  [[undefined, undefined], 'nobody tells the time'],
])('clocks %j', ([a, b], what) => {
  expect(
    judgeClock([
      { host: 'a', secondsOff: a },
      { host: 'b', secondsOff: b },
    ]).what,
  ).toBe(what)
})

test('a restricted key that lacks rights: each is named, and nothing was made', async () => {
  const asked: string[] = []
  const refusing = new Hono().all('*', (c) => {
    asked.push(`${c.req.method} ${c.req.path}`)
    const isRefused = /refunds|checkout/.test(c.req.path)
    const type = 'invalid_request_error'
    if (isRefused) return c.json({ error: { type, message: 'The provided key lacks rights.' } }, 403)
    return c.json({ error: { type, code: 'resource_missing', message: 'No such thing.' } }, 404)
  })
  const stripe = await listen(refusing.fetch)
  try {
    const key = 'rk_live_0123456789'
    const found = await lookAtKey(key, connectStripe({ STRIPE_SECRET_KEY: key, STRIPE_API_URL: stripe.url }))
    expect(found).toEqual([
      {
        state: 'fault',
        what: 'the key lacks Checkout Sessions: write, Refunds: read',
        mend: 'Give it that: https://dashboard.stripe.com/apikeys',
      },
    ])
    expect(asked.filter((line) => line.startsWith('POST'))).toEqual([
      'POST /v1/checkout/sessions/cs_test_tagsale_doctor/expire',
    ])
  } finally {
    await stripe.close()
  }
})

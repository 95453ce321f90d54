import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { verifyStripeDelivery } from '../../app/stripe/verify.ts'

const SECRET = 'whsec_the_right_one'
const OLD_SECRET = 'whsec_the_one_before'
const NOW = new Date('2026-03-01T09:00:00.400Z')
const seconds = Math.floor(NOW.getTime() / 1000)

const snapshot = {
  object: 'event',
  id: 'evt_1',
  type: 'checkout.session.completed',
  data: { object: { id: 'cs_test_1', amount_total: 1900 } },
}
const thin = {
  object: 'v2.core.event',
  id: 'evt_thin_1',
  type: 'v1.checkout.session.completed',
  related_object: { id: 'cs_test_1', type: 'checkout.session', url: '/v1/checkout/sessions/cs_test_1' },
}
const body = JSON.stringify(snapshot)

const mac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex')
/** As Stripe signs: https://docs.stripe.com/webhooks/signature */
const sign = (raw: string, secret = SECRET, at = seconds) => `t=${at},v1=${mac(secret, `${at}.${raw}`)}`
const verify = (raw: string, signature: string | undefined, secrets = [SECRET]) =>
  verifyStripeDelivery(secrets, raw, signature, NOW)
const read = (event: unknown) => verify(JSON.stringify(event), sign(JSON.stringify(event)))

describe('a genuine delivery says which object to look at', () => {
  test('as a snapshot, of which nothing else is believed', () => {
    expect(verify(body, sign(body))).toEqual({ id: 'evt_1', type: 'checkout.session.completed', object: 'cs_test_1' })
  })
  test('as a thin event, under the same name', () => {
    expect(read(thin)).toEqual({ id: 'evt_thin_1', type: 'checkout.session.completed', object: 'cs_test_1' })
  })
  test('as a thin event with a twin, under the id of the twin, so that both are one delivery', () => {
    expect(read({ ...thin, snapshot_event: 'evt_1' })?.id).toBe('evt_1')
  })
  test('or no object, where there is none', () => {
    expect(read({ ...thin, related_object: null })?.object).toBeNull()
    expect(read({ ...snapshot, data: { object: {} } })?.object).toBeNull()
  })
  test('and may hold fields that we have never heard of', () => {
    expect(read({ ...snapshot, livemode: true, invented: [1] })?.id).toBe('evt_1')
  })
  test('signed with either secret while one is rolled', () => {
    const secrets = [SECRET, OLD_SECRET]
    const [, v1 = ''] = sign(body, OLD_SECRET).split(',')
    expect(verify(body, sign(body, SECRET), secrets)).toBeDefined()
    expect(verify(body, sign(body, OLD_SECRET), secrets)).toBeDefined()
    expect(verify(body, `${sign(body)},${v1}`, [OLD_SECRET])).toBeDefined()
  })
  test.each([-300, -299, 0, 299, 300])('signed %i seconds from now', (offset) => {
    expect(verify(body, sign(body, SECRET, seconds + offset))).toBeDefined()
  })
})

describe('a delivery that is not genuine is refused', () => {
  test.each([-86_400, -302, 302, 86_400])('when it was signed %i seconds from now', (offset) => {
    expect(verify(body, sign(body, SECRET, seconds + offset))).toBeUndefined()
  })
  test('whichever byte of the body was changed', () => {
    const signature = sign(body)
    for (let place = 0; place < body.length; place += 1) {
      const other = body[place] === 'x' ? 'y' : 'x'
      expect(
        verify(`${body.slice(0, place)}${other}${body.slice(place + 1)}`, signature),
        `at ${place}`,
      ).toBeUndefined()
    }
  })
  test('whichever digit of the signature was changed', () => {
    const signature = sign(body)
    for (let place = signature.indexOf('v1=') + 3; place < signature.length; place += 1) {
      const other = signature[place] === '0' ? '1' : '0'
      expect(verify(body, `${signature.slice(0, place)}${other}${signature.slice(place + 1)}`)).toBeUndefined()
    }
  })
  test.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['no time', `v1=${mac(SECRET, `${seconds}.${body}`)}`],
    ['no signature', `t=${seconds}`],
    ['only the old scheme', sign(body).replace('v1=', 'v0=')],
    ['another secret', sign(body, 'whsec_of_somebody_else')],
    ['the secret that was rolled away', sign(body, OLD_SECRET)],
    ['a time that was moved', sign(body, SECRET, seconds - 301).replace(/t=\d+/, `t=${seconds}`)],
    ['an empty signature', `t=${seconds},v1=`],
    ['a time that is no number', sign(body).replace(/t=\d+/, 't=now')],
    ['rubbish', '}{,=,=,t=,v1'],
  ])('with %s', (_, signature) => expect(verify(body, signature)).toBeUndefined())
  test('when it is the same JSON, written anew', () => {
    expect(verify(JSON.stringify(snapshot, null, 2), sign(body))).toBeUndefined()
  })
  test('when there is no secret to check it with', () => expect(verify(body, sign(body), [])).toBeUndefined())
})

test.each([
  ['not JSON', 'payload=1'],
  ['nothing', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['no event', JSON.stringify({ ...snapshot, object: 'charge' })],
  ['an event without an id', JSON.stringify({ ...snapshot, id: undefined })],
  ['an event whose id is no text', JSON.stringify({ ...snapshot, id: 7 })],
  ['an event without data', JSON.stringify({ ...snapshot, data: null })],
])('what is signed well but is %s is refused', (_, raw) => expect(verify(raw, sign(raw))).toBeUndefined())

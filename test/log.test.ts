import { describe, expect, test } from 'vitest'
import { createLog, withoutSecrets } from '../app/log.ts'

const lines: string[] = []
const log = createLog({ LOG_LEVEL: 'info' }, { write: (line) => void lines.push(line) })
/** The line that is written when this is logged. */
function written(write: () => void): Record<string, unknown> {
  lines.length = 0
  write()
  expect(lines).toHaveLength(1)
  return JSON.parse(lines[0] ?? '')
}

test('a line is JSON with the time, the level, the words and the fields', () => {
  expect(written(() => log.info({ order: 'ord_1', event: 'order.paid' }, 'recorded'))).toEqual({
    level: 30,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    order: 'ord_1',
    event: 'order.paid',
    msg: 'recorded',
  })
})

test('what is below the level is not written', () => {
  lines.length = 0
  log.debug('hush')
  expect(lines).toEqual([])
})

const secrets = {
  'the key of an order': 'GET https://shop.example.org/orders/ord_1?key=Zm9v-_YmFy and on',
  'the signature of a download': '/downloads/ord_1/guide?expires=17&signature=Zm9v-_YmFy',
  'a key of Stripe': 'Invalid API Key provided: sk_live_Zm9vYmFy',
  'a restricted key of Stripe': 'rk_test_Zm9vYmFy,',
  'a webhook secret': 'secret whsec_Zm9vYmFy.',
  'a token of GitHub': 'token ghs_Zm9vYmFyZm9vYmFyZm9vYmFy',
  'a mail address': '550 no such user <Zm9vYmFy@example.org>',
  'a mail address with a name': '"Zm9vYmFy.b+c@mail.example.org"',
  'a password': 'smtps://shop:Zm9vYmFy@mail.example.org:465',
}
describe.each(Object.entries(secrets))('%s', (_, text) => {
  const hidden = /Zm9v/
  test('is left out of words', () => expect(withoutSecrets(text)).not.toMatch(hidden))
  test('is left out of a line, wherever it is, and the line is still JSON', () => {
    const error = new Error(text, { cause: new Error(text) })
    const line = written(() => log.error({ err: error, deep: { list: [text] } }, text))
    expect(JSON.stringify(line)).not.toMatch(hidden)
    expect(line.msg).not.toBe('')
  })
})

test('what is no secret stays', () => {
  const text = 'ord_0g6k2m9w1x7c3v5b8n4q1z2s cs_test_1 evt_1 https://shop.example.org/?page=2 19.00 @heron/goods'
  expect(withoutSecrets(text)).toBe(text)
})

test('an error says what and where, and none of the request that it carries', () => {
  const error = Object.assign(new TypeError('it broke'), {
    code: 'resource_missing',
    status: 404,
    requestId: 'req_1',
    request: { headers: { authorization: 'Basic c2VjcmV0' } },
    raw: { customer: 'Mira' },
  })
  const { err } = written(() => log.error({ err: error }, 'failed'))
  expect(err).toEqual({
    name: 'TypeError',
    message: 'it broke',
    code: 'resource_missing',
    status: 404,
    stripeRequest: 'req_1',
    stack: expect.stringContaining('log.test.ts'),
  })
})

test('a line stays one line, whatever is in it', () => {
  written(() => log.info({ name: 'a\n{"level":60}\r\n' }, 'b\nc'))
})

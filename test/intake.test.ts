import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keepStripeDelivery, receiveStripeDelivery, STRIPE_EVENTS } from '../app/intake.ts'
import { openTestShop, type TestShop } from './support/shop.ts'

let shop: TestShop
/** Jobs that a shop has by itself. */
let own = 0
beforeEach(async () => {
  shop = await openTestShop()
  own = (await shop.store.counts()).jobsWaiting
})
afterEach(() => shop.close())

const delivery = { id: 'evt_1', type: 'checkout.session.completed', object: 'cs_test_1' }
const jobOf = (id: string) => shop.store.job(`stripe:${id}`)

/** Comes as Stripe does. */
function deliver({ id, type, object }: typeof delivery) {
  const raw = JSON.stringify({ object: 'event', id, type, data: { object: { id: object } } })
  const at = Math.floor(Date.now() / 1000)
  const mac = createHmac('sha256', shop.parts.config.STRIPE_WEBHOOK_SECRET[0] ?? '').update(`${at}.${raw}`)
  return receiveStripeDelivery(shop.parts, raw, `t=${at},v1=${mac.digest('hex')}`)
}

test('a delivery is kept with the job that it causes, once', async () => {
  expect(await deliver(delivery)).toBe('kept')
  expect(await jobOf('evt_1')).toMatchObject({ work: { kind: 'catch-up', object: 'cs_test_1' }, attempts: 0 })
  expect(await deliver(delivery)).toBe('known')
  expect(await shop.store.counts()).toMatchObject({ deliveries: 1, jobsWaiting: own + 1 })
})

test('a delivery that is known makes no new job when its job is done, even after a restart', async () => {
  await deliver(delivery)
  await shop.work()
  await shop.restart()
  expect(await deliver(delivery)).toBe('known')
  expect(await jobOf('evt_1')).toBeUndefined()
})

test('a hundred of the same delivery at once are one', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, () => deliver(delivery)))
  expect(answers.filter((answer) => answer === 'kept')).toHaveLength(1)
  expect(await shop.store.counts()).toMatchObject({ deliveries: 1, jobsWaiting: own + 1 })
})

test('two deliveries about the same payment are two jobs', async () => {
  await Promise.all([deliver(delivery), deliver({ ...delivery, id: 'evt_2', type: 'checkout.session.expired' })])
  expect(await shop.store.counts()).toMatchObject({ deliveries: 2, jobsWaiting: own + 2 })
})

test('what is forged leaves nothing behind', async () => {
  expect(await receiveStripeDelivery(shop.parts, '{}', 't=1,v1=00')).toBe('forged')
  expect(await shop.store.counts()).toMatchObject({ deliveries: 0, jobsWaiting: own })
})

test('a delivery that can not be kept is not answered as if it were', async () => {
  const full = { ...shop.parts, store: { ...shop.store, transact: () => Promise.reject(new Error('disk full')) } }
  await expect(keepStripeDelivery(full, delivery)).rejects.toThrow('disk full')
})

describe('what a delivery is about', () => {
  test.each([...STRIPE_EVENTS])('%s is looked at', async (type) => {
    await keepStripeDelivery(shop.parts, { ...delivery, type })
    expect(await jobOf('evt_1')).toBeDefined()
  })
  test.each(['payment_intent.succeeded', 'customer.created', 'v2.core.event_destination.ping', ''])(
    '%s is answered, and leaves nothing',
    async (type) => {
      expect(await keepStripeDelivery(shop.parts, { ...delivery, type })).toBe('nothing')
      expect(await shop.store.counts()).toMatchObject({ deliveries: 0, jobsWaiting: own })
    },
  )
  test('nothing to look at leaves nothing', async () => {
    expect(await keepStripeDelivery(shop.parts, { ...delivery, object: null })).toBe('nothing')
    expect(await shop.store.counts()).toMatchObject({ deliveries: 0, jobsWaiting: own })
  })
})

describe('a delivery of GitHub’s', () => {
  const payload = {
    action: 'opened',
    repository: { full_name: 'heron/shop', default_branch: 'main' },
    pull_request: { number: 3, head: { ref: 'new-mug' } },
    sender: { login: 'ada', type: 'User' },
  }
  const body = JSON.stringify(payload)
  const signed = (text: string, secret = shop.parts.config.GITHUB_WEBHOOK_SECRET) =>
    `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`
  const postDelivery = (headers: Record<string, string>, text = body) =>
    fetch(`${shop.url}/webhooks/github`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'pull_request',
        'x-github-delivery': 'guid-1',
        ...headers,
      },
      body: text,
    })

  test('is kept once, however often it comes, with the job that it causes', async () => {
    for (const _ of [1, 2]) expect((await postDelivery({ 'x-hub-signature-256': signed(body) })).status).toBe(204)
    expect((await shop.store.counts()).deliveries).toBe(1)
    expect(await shop.store.job('check-pull:heron/shop#3')).toMatchObject({
      work: { kind: 'check-pull', repository: 'heron/shop', number: 3 },
    })
  })

  test('is one, whatever its headers call it: nobody but GitHub signs a body', async () => {
    const headers = { 'x-hub-signature-256': signed(body) }
    expect((await postDelivery(headers)).status).toBe(204)
    const before = await shop.store.counts()
    for (const guid of ['guid-2', 'guid-3']) {
      for (const event of ['pull_request', 'pull_request_review']) {
        const answer = await postDelivery({ ...headers, 'x-github-delivery': guid, 'x-github-event': event })
        expect(answer.status).toBe(204)
      }
    }
    expect(await shop.store.counts()).toEqual(before)
  })

  test.each<[what: string, headers: () => Record<string, string>, text?: string]>([
    ['without a signature', () => ({})],
    ['with the signature of another body', () => ({ 'x-hub-signature-256': signed('{}') })],
    ['with another secret', () => ({ 'x-hub-signature-256': signed(body, 'a secret of nobody we know') })],
    ['with an old kind of signature', () => ({ 'x-hub-signature': 'sha1=1234' })],
  ])('%s is refused, and leaves nothing', async (_, headers) => {
    const answer = await postDelivery(headers())
    expect([answer.status, answer.headers.get('content-type')]).toEqual([401, 'application/problem+json'])
    expect(await shop.store.counts()).toMatchObject({ deliveries: 0, jobsWaiting: own })
  })

  test.each([
    ['an unknown event', { event: 'star', text: body }],
    ['an unknown shape', { event: 'push', text: '[1]' }],
  ])('%s is answered, and leaves nothing', async (_, { event, text }) => {
    const answer = await postDelivery({ 'x-github-event': event, 'x-hub-signature-256': signed(text) }, text)
    expect(answer.status).toBe(204)
    expect(await shop.store.counts()).toMatchObject({ deliveries: 0, jobsWaiting: own })
  })

  test('is refused by its length before it is read; a push may be longer', async () => {
    const long = JSON.stringify({ ...payload, more: 'x'.repeat(1024 * 1024) })
    const headers = { 'x-hub-signature-256': signed(long) }
    expect((await postDelivery(headers, long)).status).toBe(413)
    expect((await postDelivery({ ...headers, 'x-github-event': 'push' }, long)).status).toBe(204)
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { OrderEvent } from '../../app/order/event.ts'
import { replay } from '../../app/order/order.ts'

// Events are for ever. Each file is one form that was once written; no file here is ever changed or taken away.
const folder = path.resolve(import.meta.dirname, '../fixtures/ledger')
const names = readdirSync(folder)
const read = (name: string) => JSON.parse(readFileSync(path.join(folder, name), 'utf8'))

test.each(names)('%s, as it was once written, is read whole', (name) => {
  expect(OrderEvent.parse(read(name))).toEqual(read(name))
})

test('there is one of each kind of fact', () => {
  const kinds = OrderEvent.options.map((option) => option.shape.type.value)
  expect(new Set(names.map((name) => read(name).type))).toEqual(new Set(kinds))
})

test('the events of a life, replayed, make the order that they always made', () => {
  const life = ['placed', 'checkout-opened', 'payment-processing', 'paid', 'fulfilled', 'shipped', 'delivered']
  const order = replay(life.map((name) => OrderEvent.parse(read(`${name}.json`))))
  expect(order).toMatchObject({
    id: 'ord_0g6k2m9w1x7c3v5b8n4q1z2s',
    version: 7,
    currency: 'eur',
    shipTo: 'DE',
    checkout: 'cs_test_a1',
    payment: { id: 'pi_1', state: 'paid' },
    paid: { at: '2026-03-01T09:05:00.000Z', amount: 2850, shipping: 350 },
    fulfilledLines: ['line-1'],
    shipments: [{ id: 'shp_1', lines: ['line-2'], deliveredAt: '2026-03-07T11:00:00.000Z' }],
  })
})

const event = read('paid.json')
test.each([
  ['an amount that is not whole', { amount: 19.5 }],
  ['an amount below zero', { amount: -1 }],
  ['a time that is none', { at: 'yesterday' }],
  ['an order that is none', { order: 'guide' }],
  ['a cause that we do not know', { cause: { by: 'magic' } }],
  ['a kind that we do not know', { type: 'order.eaten' }],
  ['no amount', { amount: undefined }],
])('a fact with %s is refused', (_, change) => {
  expect(OrderEvent.safeParse({ ...event, ...change }).success).toBe(false)
})

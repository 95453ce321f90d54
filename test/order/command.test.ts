import { expect, test } from 'vitest'
import { type Command, decide as decideOn } from '../../app/order/command.ts'
import { missingEvents, withJobs } from '../../app/order/decide.ts'
import { entitlementsOf, linesToPack } from '../../app/order/entitlement.ts'
import type { Fact } from '../../app/order/event.ts'
import { type Order, replay } from '../../app/order/order.ts'
import { isAskedAbout, openStalls, refundableAmount, refundedQuantities } from '../../app/order/status.ts'
import { reservedBy } from '../../app/order/stock.ts'
import * as given from './facts.ts'
import { book, head, opened, orderOf, paid, paidBoth, placed, snapshot, stickers } from './facts.ts'

const decide = (order: Order, command: Command, request = 'r1') =>
  decideOn(order, undefined, command, { by: 'ada', at: head.at, request })
const later = (order: Order, ...facts: Fact[]): Order =>
  replay(withJobs(order, facts, { ...head, at: '2026-03-05T09:00:00.000Z' }).events, order) as Order
const canceled: Fact = { type: 'order.canceled', reason: 'maintainer' }
const asked = (amount: number, lines: { line: string; quantity: number }[] = []): Fact => ({
  ...{ type: 'order.refund_requested', request: 'r1', amount, lines, restock: true },
  reason: 'requested_by_customer',
})
const settled = (reason: 'file-missing' | 'paid-late', decision: 'give' | 'done'): Fact => ({
  ...{ type: 'order.stall_settled', reason, decision },
})

test('whatever is paid after a maintainer called it off needs a person, files too', () => {
  const facts = missingEvents(orderOf(placed(), opened, canceled), snapshot())
  const after = orderOf(placed(), opened, canceled, ...facts)
  expect(openStalls(after)).toMatchObject([{ reason: 'paid-late' }])
  expect(entitlementsOf(after)).toEqual([])
  expect(entitlementsOf(later(after, settled('paid-late', 'give')))).toHaveLength(1)
})

test('what was settled before it is called off does not undo that', () => {
  const free = { ...paid, payment: null, amount: 0 } as Fact
  const before = orderOf(placed([book, stickers]), free, given.stalled('file-missing'), settled('file-missing', 'give'))
  const after = later(before, canceled)
  expect(entitlementsOf(after)).toEqual([])
  expect(linesToPack(after)).toEqual([])
  expect([...reservedBy(after)]).toEqual([])
})

test('while the money for all of it is on its way back, nothing is given, without lines being named too', () => {
  const order = orderOf(placed([book, stickers]), paidBoth, asked(2850))
  expect(entitlementsOf(order)).toEqual([])
  expect(linesToPack(order)).toEqual([])
  const again = later(order, { type: 'order.refund_refused', request: 'r1' })
  expect(entitlementsOf(again)).toHaveLength(1)
})

test('shipping goes back once, whoever asks', () => {
  const order = orderOf(placed([book, stickers]), paidBoth)
  const first = decide(order, { do: 'refund', shipping: true })
  expect(first).toMatchObject({ facts: [{ amount: 350 }] })
  const after = later(order, ...('facts' in first ? first.facts : []))
  expect(decide(after, { do: 'refund', shipping: true }, 'r2')).toEqual({
    refused: 'What shipping cost is given back already.',
  })
  const refused = later(after, { type: 'order.refund_refused', request: 'r1' })
  expect(decide(refused, { do: 'refund', shipping: true }, 'r3')).toMatchObject({ facts: [{ amount: 350 }] })
})

test('a refund that was made counts, whatever was thought of its request', () => {
  const lines = [{ line: 'line-2', quantity: 2 }]
  const made: Fact = { ...(given.refunded(600) as object), request: 'r1' } as Fact
  const refusedFirst: Fact = { type: 'order.refund_refused', request: 'r1' }
  const order = orderOf(placed([book, stickers]), paidBoth, asked(600, lines), refusedFirst, made)
  expect(refundedQuantities(order)).toEqual(new Map([['line-2', 2]]))
  expect(refundableAmount(order)).toBe(2250)
  expect(linesToPack(order)).toEqual([])
})

test('an amount that is all there is left closes every line; what goes on sale again must be said of a part', () => {
  const order = orderOf(placed([book, stickers]), paidBoth)
  const all = decide(order, { do: 'refund', amount: 2850, restock: true })
  const after = later(order, ...('facts' in all ? all.facts : []))
  expect(linesToPack(after)).toEqual([])
  expect([...reservedBy(after)]).toEqual([])
  expect(decide(order, { do: 'refund', amount: 100, restock: true })).toEqual({
    refused: 'Say which lines are on sale again: an amount alone is of none.',
  })
})

test('a refund that Stripe refuses is told of again, though goods were withheld the last time', () => {
  const withheld: Fact = { type: 'order.stall_settled', reason: 'refund-failed', decision: 'withhold' }
  const order = orderOf(placed(), paid, given.stalled('refund-failed'), withheld)
  expect(isAskedAbout(order, 'refund-failed')).toBe(false)
})

test('files that are open again, as their money does not go back, are looked at again', () => {
  const order = orderOf(placed(), paid, asked(1900, [{ line: 'line-1', quantity: 1 }]))
  const { jobs } = withJobs(order, [{ type: 'order.refund_refused', request: 'r1' }], head)
  expect(jobs.map(({ work }) => work.kind)).toEqual(['fulfill'])
})

test('an order of which only shipping is left is canceled too', () => {
  const lines = [
    { line: 'line-1', quantity: 1 },
    { line: 'line-2', quantity: 2 },
  ]
  const order = orderOf(placed([book, stickers]), paidBoth, asked(2500, lines))
  expect(decide(order, { do: 'cancel' }, 'r2')).toMatchObject({ facts: [canceled, { amount: 350 }] })
})

import { describe, expect, test } from 'vitest'
import { entitlementsOf, mayDownload } from '../../app/order/entitlement.ts'
import type { Fact } from '../../app/order/event.ts'
import * as given from './facts.ts'
import { book, guide, orderOf, paid, placed, stickers } from './facts.ts'

const both = [placed([book, stickers]), paid]

test.each([
  ['paid', []],
  ['refunded in part', [given.refunded(500)]],
  ['disputed and won', [given.disputed, given.disputeClosed('won')]],
  ['stalled because a file is missing', [given.stalled('file-missing')]],
  ['paid twice', [given.stalled('paid-twice')]],
  ['refunded, and the refund failed', [given.refunded(1900), given.refundFailed]],
  ['on its way', [given.shipped('line-2')]],
] as [string, Fact[]][])('an order that is %s entitles to its files', (_, after) => {
  expect(entitlementsOf(orderOf(...both, ...after))).toEqual([{ line: 'line-1', asset: guide }])
})

test.each([
  ['only placed', [placed()]],
  ['with the bank', [placed(), given.opened, given.processing]],
  ['refused by the bank', [placed(), given.failed]],
  ['given up', [placed(), given.expired]],
  ['refunded', [...both, given.refunded(1900)]],
  ['disputed', [...both, given.disputed]],
  ['disputed and lost', [...both, given.disputed, given.disputeClosed('lost')]],
  ['paid with another amount', [...both, given.stalled('amount-differs')]],
  [
    'paid with another amount, and stalled for something else since',
    [...both, given.stalled('amount-differs'), given.stalled('file-missing')],
  ],
] as [string, Fact[]][])('an order that is %s entitles to nothing', (_, facts) => {
  expect(entitlementsOf(orderOf(...facts))).toEqual([])
  expect(mayDownload(orderOf(...facts), guide.id)).toBeUndefined()
})

describe('with shipping paid, money that goes back', () => {
  const posted = [placed([book, stickers]), given.paidBoth]
  const dearlyPosted = { ...given.paidBoth, amount: 2200, shipping: 1900 } as Fact
  const freeButPosted = { ...given.paidBoth, amount: 350 } as Fact
  test.each([
    ['all but shipping', posted, 2500, 0],
    ['everything', posted, 2850, 0],
    ['less than the goods cost', posted, 2499, 1],
    ['shipping alone', posted, 350, 1],
    ['shipping alone, dearer than the goods', [posted[0] as Fact, dearlyPosted], 1900, 1],
    ['as much as the goods, where shipping was dearer', [posted[0] as Fact, dearlyPosted], 300, 1],
    ['more than such shipping', [posted[0] as Fact, dearlyPosted], 1901, 0],
    ['a part, where nothing but shipping was paid', [posted[0] as Fact, freeButPosted], 349, 1],
    ['everything, where nothing but shipping was paid', [posted[0] as Fact, freeButPosted], 350, 0],
  ] as [string, Fact[], number, number][])('%s', (_, before, amount, files) => {
    expect(entitlementsOf(orderOf(...before, given.refunded(amount)))).toHaveLength(files)
  })
  test('where a person said for which lines, those lines are closed and no others', () => {
    const lines = [{ line: 'line-2', quantity: 2 }]
    const asked: Fact = {
      type: 'order.refund_requested',
      request: 'r1',
      amount: 2600,
      lines,
      restock: false,
      reason: 'requested_by_customer',
    }
    const answered = { ...given.refunded(2600), request: 'r1' } as Fact
    expect(entitlementsOf(orderOf(...posted, asked, answered))).toHaveLength(1)
  })
  test('all but shipping, in two parts, closes; and opens again when one of them fails', () => {
    const back = [given.refunded(2000), given.refunded(500, 're_2')]
    expect(entitlementsOf(orderOf(...posted, ...back))).toEqual([])
    expect(entitlementsOf(orderOf(...posted, ...back, given.refundFailed))).toHaveLength(1)
  })
})

test('a file that comes with two lines is given once', () => {
  const bundle = { ...book, id: 'line-2', price: 'bundle', assets: [guide, { ...guide, id: 'guide-epub' }] }
  const order = orderOf(placed([book, bundle]), paid)
  expect(entitlementsOf(order).map(({ line, asset }) => [line, asset.id])).toEqual([
    ['line-1', 'guide-pdf'],
    ['line-2', 'guide-epub'],
  ])
})

test('the order gives the file it was sold with, and no other', () => {
  const order = orderOf(...both)
  expect(mayDownload(order, 'guide-pdf')).toEqual(guide)
  for (const other of ['guide-epub', '', 'line-1', 'constructor']) expect(mayDownload(order, other)).toBeUndefined()
})

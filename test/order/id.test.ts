import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { isOrderId, newOrderId, orderIdFrom } from '../../app/order/id.ts'

test('ids are easy to read out, and 10,000 of them are 10,000', () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => newOrderId(randomBytes)))
  expect(ids.size).toBe(10_000)
  for (const id of ids) expect(isOrderId(id), id).toBe(true)
  expect(new Set([...ids].join('').replaceAll('ord_', ''))).toEqual(new Set('0123456789abcdefghjkmnpqrstvwxyz'))
})

test('an id spells all of its 120 bits, and nothing more', () => {
  expect(orderIdFrom(Buffer.alloc(15))).toBe('ord_000000000000000000000000')
  expect(orderIdFrom(Buffer.alloc(15, 0xff))).toBe('ord_zzzzzzzzzzzzzzzzzzzzzzzz')
  expect(orderIdFrom(Buffer.alloc(32, 0xff))).toBe('ord_zzzzzzzzzzzzzzzzzzzzzzzz')
  const bytes = randomBytes(15)
  const others = Array.from({ length: 120 }, (_, bit) => {
    const other = Buffer.from(bytes)
    other.writeUInt8(other.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    return orderIdFrom(other)
  })
  expect(new Set([orderIdFrom(bytes), ...others]).size).toBe(121)
  expect(orderIdFrom(bytes)).toBe(orderIdFrom(bytes))
})

test.each([
  'ord_00000000000000000000000',
  'ord_0000000000000000000000000',
  'ord_00000000000000000000000i',
  'ord_00000000000000000000000l',
  'ord_00000000000000000000000o',
  'ord_00000000000000000000000u',
  'ord_00000000000000000000000A',
  'ORD_000000000000000000000000',
  'order_000000000000000000000000',
  'ord_00000000000000000000000\u0430',
  'ord_000000000000000000000000\n',
  ' ord_000000000000000000000000',
  'ord_../../../etc/passwd00000',
  '',
  null,
  undefined,
  7,
  ['ord_000000000000000000000000'],
])('%j only looks like an id', (text) => expect(isOrderId(text)).toBe(false))

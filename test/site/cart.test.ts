import { expect, test } from 'vitest'
import { countOf, pricedCart, ratesFor, readLines, withAdded, withChange, without } from '../../site/view/cart.ts'
import type { PriceList } from '../../site/view/price-list.ts'

const listed = { href: '/', picture: null, available: null }
const list: PriceList = {
  currencies: ['eur', 'jpy'],
  prices: {
    guide: { ...listed, name: 'Guide', amounts: { eur: 1900, jpy: 3000 }, ships: false },
    sticker: { ...listed, name: 'Sticker', amounts: { eur: 400 }, ships: true, available: 5 },
    support: { ...listed, name: 'Support', minimum: { eur: 100 }, suggested: { eur: 1000 }, ships: false },
  },
  zones: [
    {
      countries: ['DE'],
      rates: [
        { name: 'Parcel', amounts: { eur: 690 }, days: [1, 2] },
        { name: 'Letter', amounts: { eur: 300 }, days: [2, 4] },
      ],
    },
  ],
}

test('what is remembered is read only where it is a cart', () => {
  expect(readLines(null)).toEqual([])
  expect(readLines('{"half')).toEqual([])
  expect(readLines('{"price":"guide"}')).toEqual([])
  const lines = [
    { price: 'guide', quantity: 1 },
    { price: 'x', quantity: 0 },
    { price: 'x', quantity: 1.5 },
    { price: 'x', quantity: 100 },
    { price: 7, quantity: 1 },
    null,
    { price: 'support', quantity: 1, amount: 5 },
  ]
  expect(readLines(JSON.stringify(lines))).toEqual([{ price: 'guide', quantity: 1 }])
})

test('adding the same thing again adds to its line, up to what there is', () => {
  const once = withAdded([], { price: 'sticker', quantity: 2 }, 5)
  expect(withAdded(once, { price: 'sticker', quantity: 2 }, 5)).toEqual([{ price: 'sticker', quantity: 4 }])
  expect(withAdded(once, { price: 'sticker', quantity: 9 }, 5)).toEqual([{ price: 'sticker', quantity: 5 }])
  expect(withAdded(once, { price: 'guide', quantity: 1 }, 1).map(({ price }) => price)).toEqual(['sticker', 'guide'])
})

test('a newly named amount replaces the old one', () => {
  const lines = [{ price: 'support', quantity: 1, amount: '5.00' }]
  expect(withAdded(lines, { price: 'support', quantity: 1, amount: '8.00' }, 1)).toEqual([
    { price: 'support', quantity: 1, amount: '8.00' },
  ])
})

test('one line is changed or removed, and the others stay', () => {
  const lines = [
    { price: 'sticker', quantity: 2 },
    { price: 'guide', quantity: 1 },
  ]
  expect(without(lines, 'sticker')).toEqual([{ price: 'guide', quantity: 1 }])
  expect(countOf(withChange(lines, 'sticker', { quantity: 3 }))).toBe(4)
  expect(withChange(lines, 'guide', { amount: '5.00' })).toEqual([
    { price: 'sticker', quantity: 2 },
    { price: 'guide', quantity: 1, amount: '5.00' },
  ])
})

test('the cart is priced from the list, and what is not on it costs nothing and says so', () => {
  const lines = [
    { price: 'guide', quantity: 1 },
    { price: 'sticker', quantity: 3 },
    { price: 'constructor', quantity: 1 },
  ]
  const cart = pricedCart(lines, list, 'eur')
  expect(cart.lines.map(({ unit, total }) => [unit, total])).toEqual([
    [1900, 1900],
    [400, 1200],
    [null, 0],
  ])
  expect(cart.lines.map(({ problem }) => problem)).toEqual([
    null,
    null,
    'This is no longer sold. Remove it to check out.',
  ])
  expect(cart.lines[2]?.listed).toBeNull()
  expect([cart.subtotal, cart.ships, cart.sound]).toEqual([3100, true, false])
  expect(pricedCart(lines.slice(0, 2), list, 'eur').sound).toBe(true)
  expect(pricedCart(lines, list, 'jpy').subtotal).toBe(3000)
})

test('a named amount counts as named, and the suggestion while nothing is named', () => {
  const unit = (amount?: string) =>
    pricedCart([{ price: 'support', quantity: 1, ...(amount === undefined ? {} : { amount }) }], list, 'eur').subtotal
  expect(unit('12.50')).toBe(1250)
  expect(unit()).toBe(1000)
  expect(unit('12,5')).toBe(1250)
})

test('an amount that cannot be has no price, says what to write, and leaves the cart unsound', () => {
  for (const amount of ['twelve', '', '-1', '0.99']) {
    const cart = pricedCart([{ price: 'support', quantity: 1, amount }], list, 'eur')
    expect(cart.lines[0]).toMatchObject({
      unit: null,
      total: 0,
      problem: 'The least is €1.00; write it with a point, such as 12.50.',
    })
    expect([cart.subtotal, cart.sound]).toEqual([0, false])
  }
})

test('rates are those of the country’s zone, cheapest first', () => {
  expect(ratesFor(list, 'DE', 'eur').map(({ name }) => name)).toEqual(['Letter', 'Parcel'])
  expect(ratesFor(list, 'DE', 'jpy')).toEqual([])
  expect(ratesFor(list, 'FR', 'eur')).toEqual([])
})

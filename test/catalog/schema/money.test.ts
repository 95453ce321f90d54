import fc from 'fast-check'
import { expect, test } from 'vitest'
import { currencyProblem } from '../../../catalog/schema/charge.ts'
import { exponentOf, formatMoney, toDecimalText, toMinorUnits } from '../../../catalog/schema/money.ts'

test.each([
  ['19.00', 'eur', 1900],
  ['19.5', 'eur', 1950],
  ['19', 'eur', 1900],
  ['0', 'eur', 0],
  ['0.00', 'usd', 0],
  ['0.01', 'usd', 1],
  ['0.29', 'usd', 29],
  ['1.15', 'usd', 115],
  ['4.35', 'eur', 435],
  ['1900', 'jpy', 1900],
  ['1.230', 'kwd', 1230],
  ['1.23', 'kwd', 1230],
  ['99999999.99', 'eur', 9_999_999_999],
])('%s %s is %i minor units', (text, currency, minor) => {
  expect(toMinorUnits(text, currency)).toBe(minor)
})

test.each([
  ['-1.00', 'eur'],
  ['+1.00', 'eur'],
  ['1,00', 'eur'],
  ['1.000', 'eur'],
  ['1.', 'eur'],
  ['.5', 'eur'],
  ['01.00', 'eur'],
  ['1e3', 'eur'],
  [' 1.00', 'eur'],
  ['1.00\n', 'eur'],
  ['', 'eur'],
  ['١.00', 'eur'],
  ['Infinity', 'eur'],
  ['100000000', 'eur'],
  ['1900.0', 'jpy'],
  ['1.2345', 'kwd'],
])('"%s" is no amount in %s', (text, currency) => {
  expect(() => toMinorUnits(text, currency)).toThrow(RangeError)
})

test('messages say what to write', () => {
  expect(() => toMinorUnits('-1', 'eur')).toThrow(
    'an amount in eur is digits and at most 2 decimals, such as "19.00", and never below zero',
  )
  expect(() => toMinorUnits('1.5', 'jpy')).toThrow(
    'an amount in jpy is whole digits, such as "1900", and never below zero',
  )
  expect(() => toMinorUnits('1.234', 'kwd')).toThrow('in kwd the third decimal must be 0')
  expect(() => toMinorUnits('1', 'EUR')).toThrow('a currency is three lower-case letters, such as eur')
  expect(currencyProblem('eru')).toBe('Stripe does not charge in eru, but in eur, usd and gbp, for example')
  expect(currencyProblem('isk')).toBe('isk has special rules at Stripe and is not supported')
})

test('an amount survives being written and read, in every kind of currency', () => {
  const survives = (currency: string, n: number) => {
    const amount = n * (exponentOf(currency) === 3 ? 10 : 1)
    expect(toMinorUnits(toDecimalText({ amount, currency }), currency)).toBe(amount)
  }
  for (const currency of ['eur', 'usd', 'jpy', 'krw', 'kwd', 'tnd']) {
    for (const n of Array(2000).keys()) survives(currency, n)
    fc.assert(
      fc.property(fc.nat(99_999_998), (n) => survives(currency, n)),
      { numRuns: 2000 },
    )
  }
})

test("buyers read amounts with Stripe's decimals, whatever Intl believes", () => {
  expect(formatMoney({ amount: 1900, currency: 'eur' })).toBe('€19.00')
  expect(formatMoney({ amount: 1900, currency: 'jpy' })).toBe('¥1,900')
  expect(formatMoney({ amount: 1900, currency: 'mga' })).toMatch(/1,900$/)
})

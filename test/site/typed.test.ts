import { expect, test } from 'vitest'
import { quantityMost, readAmount } from '../../site/scripts/typed.ts'

test('an amount is read as the app reads it, and a comma that can only be a point is one', () => {
  expect(readAmount('12.50', 200, 'eur')).toEqual({ amount: 1250, text: '12.50' })
  expect(readAmount(' 2 ', 200, 'eur')).toEqual({ amount: 200, text: '2' })
  expect(readAmount('12,5', 200, 'eur')).toEqual({ amount: 1250, text: '12.5' })
  expect(readAmount('12,50', 200, 'eur')).toEqual({ amount: 1250, text: '12.50' })
  expect(readAmount('0', 0, 'eur')).toEqual({ amount: 0, text: '0' })
})

test('what is no amount, or too little, is answered with the least and an example', () => {
  const problem = 'The least is €2.00; write it with a point, such as 12.50.'
  for (const typed of ['abc', '', '-1', '1.99', '1,99', '1,250', '1.250,00', '12.505', '1e3', '€5', '007']) {
    expect(readAmount(typed, 200, 'eur'), typed).toEqual({ problem })
  }
})

test('the example is one in the currency', () => {
  expect(readAmount('12,5', 500, 'jpy')).toEqual({
    problem: 'The least is ¥500; write it in whole digits, such as 1250.',
  })
  const dinars = readAmount('1,250', 0, 'kwd')
  const example = /such as (.+)\.$/.exec('problem' in dinars ? dinars.problem : '')?.[1] ?? ''
  expect(readAmount(example, 0, 'kwd')).toEqual({ amount: 1250, text: '1.250' })
})

test('a cart holds what there is of a thing, and never more than the app takes', () => {
  expect([quantityMost(5), quantityMost(null), quantityMost(1000)]).toEqual([5, 99, 99])
})

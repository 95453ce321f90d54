import { type Currency, exponentOf, formatMoney, minorUnitsIn, toDecimalText } from '../../catalog/schema/money.ts'
import { LINE_QUANTITY_MAX } from '../view/offer.ts'

// What a buyer types: read as the app reads it, or answered at once in words. The app decides all the same.

/** An amount in minor units with its text as the app takes it, or what to write instead. */
export type TypedAmount = { amount: number; text: string } | { problem: string }

/** Reads what a buyer would like to pay. One or two digits after a comma can only be decimals, so `12,5` is 12.5. */
export function readAmount(typed: string, least: number, currency: Currency): TypedAmount {
  const text = typed.trim().replace(/^(\d+),(\d{1,2})$/, '$1.$2')
  const amount = minorUnitsIn(text, currency)
  return amount === null || amount < least ? { problem: amountProblem(least, currency) } : { amount, text }
}

/** The most of one thing in a cart, by how many there are (null: nothing limits it). */
export const quantityMost = (available: number | null): number =>
  Math.min(LINE_QUANTITY_MAX, available ?? LINE_QUANTITY_MAX)

function amountProblem(least: number, currency: Currency): string {
  const example = toDecimalText({ amount: 1250, currency })
  const form = exponentOf(currency) === 0 ? 'in whole digits' : 'with a point'
  return `The least is ${formatMoney({ amount: least, currency })}; write it ${form}, such as ${example}.`
}

import { z } from 'zod'
import { CHARGE_MINOR_UNITS_MAX, currencyProblem } from './charge.ts'
import { lookAlikeIn, nameOfLetter } from './letters.ts'
import { type Amounts, toDecimalText, toMinorUnits } from './money.ts'

/** Longest id: it becomes a file name, an address and a line in Stripe's metadata. */
export const ID_CHARACTERS_MAX = 60
const LINE_CHARACTERS_MAX = 120

const CONTROL_OR_INVISIBLE = '\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff'

/** An id is a file name: lower-case words joined by hyphens. A rename is a new thing. */
export const Id = z
  .string()
  .max(ID_CHARACTERS_MAX)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'an id is lower-case words joined by hyphens, such as field-guide')
  .meta({ description: 'Lower-case words joined by hyphens, such as field-guide' })

/** Refuses words that mix alphabets, so that one name can't pass for another. */
function refuseLookAlikes(text: string, context: z.RefinementCtx): void {
  const letter = lookAlikeIn(text)
  if (letter === undefined) return
  const message = `the letter ${nameOfLetter(letter)} only looks like another one; write the plain letter`
  context.addIssue({ code: 'custom', message, input: text })
}

/** One line of text for people: no line breaks, no control or direction-changing characters, no mixed alphabets. */
export const Line = z
  .string()
  .min(1)
  .max(LINE_CHARACTERS_MAX)
  .regex(
    new RegExp(`^[^\\p{Cc}${CONTROL_OR_INVISIBLE}]*$`, 'u'),
    'one line of text, without line breaks or invisible characters',
  )
  .superRefine(refuseLookAlikes)
  .meta({ description: 'One line of text' })

/** Markdown of at most so many characters: line breaks are fine, other control and invisible characters are not. */
export function markdownText(charactersMax: number) {
  return z
    .string()
    .min(1)
    .max(charactersMax)
    .regex(new RegExp(`^(?:[^\\p{Cc}${CONTROL_OR_INVISIBLE}]|[\\n\\t])*$`, 'u'), 'text without invisible characters')
}

/** Decimal texts by currency, `{ eur: "19.00" }`; read into minor units, `{ eur: 1900 }`. */
export const AmountsText = z
  .record(z.string(), z.string({ error: 'an amount is text in quotes, such as "19.00"' }))
  .superRefine(refuseBadAmounts, { when: ({ value }) => typeof value === 'object' && value !== null })
  .transform((texts): Amounts => {
    return Object.fromEntries(Object.entries(texts).map(([currency, text]) => [currency, toMinorUnits(text, currency)]))
  })
  .meta({ description: 'An amount in quotes for each currency', examples: [{ eur: '19.00' }] })

/** Reports every bad currency and amount; one that isn't text has been reported already. */
function refuseBadAmounts(texts: Record<string, unknown>, context: z.RefinementCtx): void {
  const entries = Object.entries(texts)
  if (entries.length === 0) {
    context.addIssue({ code: 'custom', message: 'at least one currency is needed, such as eur: "19.00"', input: texts })
  }
  for (const [currency, text] of entries) {
    if (typeof text !== 'string') continue
    const message = currencyProblem(currency) ?? amountProblem(text, currency)
    if (message) context.addIssue({ code: 'custom', path: [currency], message, input: text })
  }
}

function amountProblem(text: string, currency: string): string | undefined {
  try {
    if (toMinorUnits(text, currency) <= CHARGE_MINOR_UNITS_MAX) return undefined
    return `Stripe charges at most ${toDecimalText({ amount: CHARGE_MINOR_UNITS_MAX, currency })} ${currency}`
  } catch (error) {
    if (error instanceof RangeError) return error.message
    throw error
  }
}

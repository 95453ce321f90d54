import { z } from 'zod'
import { type Amounts, currencyProblem, toMinorUnits } from './money.ts'

/** Longest id: it becomes a file name, an address and a line in Stripe's metadata. */
export const ID_CHARACTERS_MAX = 60
const NAME_CHARACTERS_MAX = 120
const AMOUNT_MINOR_UNITS_MAX = 99_999_999 // Stripe's largest charge in most currencies

/** An id is a file name: lower-case words joined by hyphens. A rename is a new thing. */
export const Id = z
  .string()
  .max(ID_CHARACTERS_MAX)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'an id is lower-case words joined by hyphens, such as field-guide')
  .meta({ description: 'Lower-case words joined by hyphens, such as field-guide' })

/** One line of text for people: no line breaks, no control or direction-changing characters. */
export const Line = z
  .string()
  .min(1)
  .max(NAME_CHARACTERS_MAX)
  .regex(
    /^[^\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+$/u,
    'text without line breaks or invisible characters',
  )

/** Decimal texts by currency, `{ eur: "19.00" }`; read into minor units, `{ eur: 1900 }`. */
export const AmountsText = z
  .record(z.string(), z.string({ error: 'an amount is text in quotes, such as "19.00"' }))
  .meta({ description: 'Decimal text by currency: { eur: "19.00", usd: "21.00" }' })
  .transform((texts, context): Amounts => {
    const amounts: Amounts = {}
    for (const [currency, text] of Object.entries(texts)) {
      const problem = currencyProblem(currency) ?? amountProblem(text, currency)
      if (problem) context.addIssue({ code: 'custom', path: [currency], message: problem, input: text })
      else amounts[currency] = toMinorUnits(text, currency)
    }
    if (Object.keys(texts).length === 0) {
      context.addIssue({
        code: 'custom',
        message: 'at least one currency is needed, such as eur: "19.00"',
        input: texts,
      })
    }
    return amounts
  })

function amountProblem(text: string, currency: string): string | undefined {
  try {
    if (toMinorUnits(text, currency) > AMOUNT_MINOR_UNITS_MAX) return `Stripe charges at most 999,999.99`
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

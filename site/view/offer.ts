import type { Texts } from '../../catalog/price.ts'

/** Most that one line of a cart may hold; the app refuses more. */
export const LINE_QUANTITY_MAX = 99

/** Texts as `data-` attributes, for the script that switches currencies. */
export const dataOf = (texts: Texts): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([currency, text]) => [`data-${currency}`, text]))

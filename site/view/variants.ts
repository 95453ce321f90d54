import type { Offer } from '../../catalog/offer.ts'

/** One row of the picker: what its choices share, and the choices. */
export type VariantRow = { label: string | null; choices: { offer: Offer; label: string }[] }

/**
 * Sorts variants into rows a buyer can scan: `black: S M L`, `sand: S M L`. The option with the fewest values makes the
 * rows; with one option there is one row without a label.
 */
export function variantRows(offers: readonly Offer[]): VariantRow[] {
  const keys = [...new Set(offers.flatMap((offer) => Object.keys(offer.variant?.options ?? {})))]
  const rowKey = keys.length < 2 ? null : fewestValues(offers, keys)
  const rows = new Map<string | null, VariantRow>()
  for (const offer of offers) {
    const options = offer.variant?.options ?? {}
    const label = rowKey === null ? null : (options[rowKey] ?? null)
    const rest = Object.entries(options).filter(([key]) => key !== rowKey)
    const row = rows.get(label) ?? { label, choices: [] }
    row.choices.push({ offer, label: rest.map(([, value]) => value).join(', ') || offer.name })
    rows.set(label, row)
  }
  return [...rows.values()]
}

/** What the buyer chooses between, for the picker's heading: `Size and colour`. */
export function optionNames(offers: readonly Offer[]): string {
  const keys = [...new Set(offers.flatMap((offer) => Object.keys(offer.variant?.options ?? {})))]
  const names = keys.map((key) => key.replaceAll('-', ' ')).join(' and ')
  return names.charAt(0).toUpperCase() + names.slice(1)
}

function fewestValues(offers: readonly Offer[], keys: readonly string[]): string {
  const values = (key: string) => new Set(offers.map((offer) => offer.variant?.options[key])).size
  return keys.reduce((best, key) => (values(key) < values(best) ? key : best))
}

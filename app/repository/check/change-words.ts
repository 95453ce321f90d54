import type { ProductChangeKind } from '../../../catalog/changes.ts'
import { plainLine } from '../../github/markdown.ts'
import type { Findings } from './findings.ts'

const KINDS: Record<ProductChangeKind, string> = {
  new: 'new',
  changed: 'changed',
  withdrawn: 'withdrawn',
  removed: 'removed',
  renamed: 'renamed',
  hidden: 'not shown yet',
}

/** In a few words what changes for buyers: `1 product new, 2 changed`. */
export function changeWords({ changes, before, after }: Findings): string {
  if (after === 'none') return before === 'none' ? 'Nothing in the shop changes' : 'The shop closes'
  if (before === 'none') return 'The shop opens'
  if (!changes) return 'The catalog can be read again'
  const counts = Object.entries(KINDS).flatMap(([kind, words]) => {
    const number = changes.products.filter((product) => product.kind === kind).length
    return number > 0 ? [{ number, words }] : []
  })
  if (counts.length > 0) {
    const [first, ...rest] = counts.map(({ number, words }, index) =>
      index === 0 ? `${count(number, 'product')} ${words}` : `${number} ${words}`,
    )
    return [first, ...rest].join(', ')
  }
  if (changes.assets.length > 0) return `${count(changes.assets.length, 'file')} for buyers changed`
  if (changes.shop.length > 0) return `Settings of the shop change: ${plainLine(changes.shop.join(', '), 100)}`
  return 'Nothing in the shop changes'
}

/** `1 product`, `2 products`. */
export const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`

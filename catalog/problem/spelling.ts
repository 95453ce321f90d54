/** The known word that was probably meant, or nothing when none is near. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  const folded = fold(word)
  const allowance = Math.max(1, Math.floor(folded.length / 3))
  const isAsLong = (candidate: string) => Math.abs(fold(candidate).length - folded.length) <= allowance
  const near = [...known]
    .filter(isAsLong)
    .map((candidate) => ({ candidate, distance: editDistance(folded, fold(candidate)) }))
  return near.filter(({ distance }) => distance <= allowance).toSorted((a, b) => a.distance - b.distance)[0]?.candidate
}

/** Most words that those of one catalog are compared with: each comparison takes some microseconds. */
export const COMPARISONS_MAX = 10_000

export type NearestWord = typeof nearestWord

/** The same as nearestWord, as long as no more than so many words were compared: a thousand wrong ones among a thousand take minutes. */
export function createNearestWord(comparisonsMax = COMPARISONS_MAX): NearestWord {
  let left = comparisonsMax
  return (word, known) => {
    const words = [...known]
    left -= words.length
    return left < 0 ? undefined : nearestWord(word, words)
  }
}

/** Words as a sentence lists them: `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** Words as a sentence lists them all: `a, b and c`. */
export function allOf(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, '').slice(0, 60)
}

/** How many letters must be added, removed, changed or swapped with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const change = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] && row > 1 && column > 1
      const swap = swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY
      current[column] = Math.min(change, swap, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1)
    }
    before = previous
    previous = current
  }
  return previous[b.length] ?? 0
}

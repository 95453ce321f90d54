// Letters that pass for others: a name must not be taken for another one because a Cyrillic letter looks Latin.

/** Alphabets with letters that look Latin; a word in one of them is fine, a word that mixes one with Latin is not. */
const MIXED_WORD =
  /(?=[\p{L}\p{M}]*\p{Script=Latin})(?=[\p{L}\p{M}]*[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}])[\p{L}\p{M}]+/gu
/** Full-width, mathematical and other styled letters and digits. */
const STYLED = /[\u{ff10}-\u{ff5a}\u{1d400}-\u{1d7ff}\u{2100}-\u{2121}\u{2460}-\u{24ff}\u{1f110}-\u{1f189}]/gu

const LATIN_TWINS = new Map(
  Object.entries({
    ...{
      а: 'a',
      в: 'b',
      с: 'c',
      ԁ: 'd',
      е: 'e',
      ё: 'ë',
      һ: 'h',
      і: 'i',
      ї: 'ï',
      ј: 'j',
      к: 'k',
      ӏ: 'l',
      м: 'm',
      п: 'n',
    },
    ...{ о: 'o', р: 'p', ԛ: 'q', г: 'r', ѕ: 's', т: 't', ц: 'u', ѵ: 'v', ԝ: 'w', х: 'x', у: 'y' },
    ...{
      А: 'A',
      В: 'B',
      С: 'C',
      Е: 'E',
      Н: 'H',
      І: 'I',
      Ј: 'J',
      К: 'K',
      М: 'M',
      О: 'O',
      Р: 'P',
      Ѕ: 'S',
      Т: 'T',
      Х: 'X',
      У: 'Y',
    },
    ...{ α: 'a', ε: 'e', η: 'n', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p', τ: 't', υ: 'u', χ: 'x', ω: 'w' },
    ...{
      Α: 'A',
      Β: 'B',
      Ε: 'E',
      Ζ: 'Z',
      Η: 'H',
      Ι: 'I',
      Κ: 'K',
      Μ: 'M',
      Ν: 'N',
      Ο: 'O',
      Ρ: 'P',
      Τ: 'T',
      Υ: 'Y',
      Χ: 'X',
    },
  }),
)

/** The first letter in a text that passes for another one, such as a Cyrillic `е` in a Latin word; or nothing. */
export function lookAlikeIn(text: string): string | undefined {
  const styled = text.match(STYLED)?.[0]
  const mixed = text.match(MIXED_WORD)?.[0]
  return styled ?? (mixed && [...mixed].find((letter) => !/\p{Script=Latin}|\p{M}/u.test(letter)))
}

/** The text with letters that pass for Latin ones written in Latin, as far as we know them. */
export function withoutLookAlikes(text: string): string {
  const plain = text.replace(STYLED, (letter) => letter.normalize('NFKC'))
  return plain.replace(MIXED_WORD, (word) => [...word].map((letter) => LATIN_TWINS.get(letter) ?? letter).join(''))
}

/** A letter as a person can tell it from its twin: `е (U+0435)`. */
export function nameOfLetter(letter: string): string {
  const code = letter.codePointAt(0) ?? 0
  return `${letter} (U+${code.toString(16).toUpperCase().padStart(4, '0')})`
}

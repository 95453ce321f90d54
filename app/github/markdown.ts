// Whatever comes from a pull request is written by strangers: names, file names, prices, YAML. In Markdown it stands in
// code spans or code blocks only, where GitHub makes no mention, no reference, no link and no markup of it.

/** Characters that are not seen, or that turn the reading direction, and halves of characters. */
const UNSEEN =
  /[\p{Cc}\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}\p{Cs}]/gu

/** Text in one line, with every character that can't be seen shown as `�`, cut with `…` at so many characters. */
export function plainLine(text: string, charactersMax = 200): string {
  const line = text.replaceAll(/\s*[\r\n\t]+\s*/g, ' ').replaceAll(UNSEEN, '\ufffd')
  const characters = [...line]
  return characters.length > charactersMax ? `${characters.slice(0, charactersMax - 1).join('')}…` : line
}

/** Text of several lines for a field that GitHub shows as it is: no unseen characters but line breaks. */
export function plainText(text: string, charactersMax: number): string {
  const lines = text.split(/\r?\n/).map((line) => line.replaceAll('\t', ' ').replaceAll(UNSEEN, '\ufffd'))
  const characters = [...lines.join('\n')]
  return characters.length > charactersMax ? `${characters.slice(0, charactersMax - 1).join('')}…` : characters.join('')
}

/**
 * Text as a Markdown code span: as many back-ticks around it as it takes, and a blank where it begins or ends with one.
 * https://spec.commonmark.org/0.31.2/#code-spans
 */
export function codeSpan(text: string, charactersMax?: number): string {
  const line = plainLine(text, charactersMax)
  if (line.trim() === '') return '(nothing)'
  const fence = '`'.repeat(longestRun(line) + 1)
  const padding = /^[`\s]|[`\s]$/.test(line) ? ' ' : ''
  return `${fence}${padding}${line}${padding}${fence}`
}

/**
 * A code span for a cell of a table, where GitHub takes `|` for the cell's end even inside one, unless a backslash is before it;
 * and a backslash that has one before it doesn't count, so those before a `|` are doubled.
 */
export function codeCell(text: string, charactersMax?: number): string {
  return codeSpan(text, charactersMax).replaceAll(/(\\*)\|/g, '$1$1\\|')
}

/** Text of several lines as a Markdown code block, behind a fence longer than any in it. */
export function codeBlock(text: string, charactersMax = 20_000): string {
  const safe = plainText(text, charactersMax)
  const fence = '`'.repeat(Math.max(3, longestRun(safe) + 1))
  return `${fence}text\n${safe.replace(/\n+$/, '')}\n${fence}`
}

/** Text inside the brackets of a Markdown picture: letters, digits and plain punctuation only. */
export function altText(text: string, charactersMax = 120): string {
  return plainLine(text, charactersMax)
    .replaceAll(/[^\p{L}\p{N} ,.'()-]/gu, ' ')
    .replaceAll(/[()]/g, ' ')
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
}

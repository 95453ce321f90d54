import { parseDocument, type YAMLParseError } from 'yaml'
import type { CatalogProblem, Mended, YamlSource } from './problem.ts'

/** Each repair is tried by reading the whole file again. */
const REPAIRS_TRIED_MAX = 6
/** Longer files are read once only: a hostile one takes seconds each time. */
const REPAIRED_CHARACTERS_MAX = 32 * 1024
/** More keys that stand twice are not told one by one. */
const ERRORS_TOLD_MAX = 100

/** What the parser's errors mean to somebody who doesn't know its words: what is there, what should be. */
const SENTENCES: Partial<Record<YAMLParseError['code'], [found: string, expected: string]>> = {
  BAD_ALIAS: ['There is a * or & that YAML takes for a reference.', 'Put the value in quotes.'],
  BAD_DQ_ESCAPE: ['In double quotes, a backslash has a meaning of its own.', 'Write \\\\ for a backslash.'],
  BAD_INDENT: ['This line is not indented like the lines it belongs to.', 'Lines of one group start in one column.'],
  BAD_SCALAR_START: ['YAML has a meaning of its own for this first character.', 'Put the value in quotes.'],
  BLOCK_AS_IMPLICIT_KEY: [
    'YAML takes the ": " in this value for another key.',
    'Put the value in quotes, or start a new line for a new key.',
  ],
  DUPLICATE_KEY: ['This key is here twice.', 'Each key is written once: keep one of the two.'],
  MISSING_CHAR: [
    'Something that was opened here is never closed, or a colon is missing.',
    'Close it, or add the colon.',
  ],
  MULTIPLE_DOCS: ['A --- line begins a second document.', 'One file describes one thing: remove what is too much.'],
  NON_STRING_KEY: ['This key is not a word.', 'A key is a word followed by a colon.'],
  RESOURCE_EXHAUSTION: ['This is nested too deep.', 'A few levels are enough for everything a catalog says.'],
  TAB_AS_INDENT: ['A tab indents this line.', 'YAML is indented with spaces.'],
}
const CLOSING_QUOTE: [string, string] = ['A quote is opened and never closed.', 'End the value with the same quote.']
const AFTER_QUOTE: [string, string] = [
  'There is text behind the closing quote.',
  "A value in quotes ends with its quote; inside single quotes, write '' for an apostrophe.",
]

/** The parser's errors in plain words: the first one, and every duplicate key. What follows a first error is noise. */
export function yamlErrorProblems(source: YamlSource, errors: readonly YAMLParseError[]): CatalogProblem[] {
  const told = errors.filter((error, index) => index === 0 || error.code === 'DUPLICATE_KEY')
  return told.slice(0, ERRORS_TOLD_MAX).map((error) => yamlErrorProblem(source, error))
}

function yamlErrorProblem(source: YamlSource, error: YAMLParseError): CatalogProblem {
  const { line, column } = placeOf(source, error)
  const excerpt = source.lines[line - 1] ?? ''
  const end = source.positionOf(error.pos[1])
  const endColumn = Math.max(column + 1, end.line === line ? end.column : excerpt.length + 1)
  const [found, expected] = sentencesFor(error)
  const mended =
    error.code === 'DUPLICATE_KEY' ? null : firstThatHelps(source.lines, repairs(source.lines, line, error))
  return { file: source.file, line, column, endColumn, excerpt, found, expected, mended }
}

/** Where the fault is; at the end of a file, the last line that has text. */
function placeOf(source: YamlSource, error: YAMLParseError): { line: number; column: number } {
  const place = source.positionOf(error.pos[0])
  if (error.code === 'RESOURCE_EXHAUSTION') return { line: place.line, column: 1 } // where exactly it gave up says nothing
  if (source.lines[place.line - 1]?.trim() || place.line === 1) return place
  const line = source.lines.findLastIndex((text, index) => index < place.line && text.trim() !== '') + 1
  return line === 0 ? { line: 1, column: 1 } : { line, column: (source.lines[line - 1] ?? '').length }
}

function sentencesFor(error: YAMLParseError): [found: string, expected: string] {
  if (/closing .quote/.test(error.message)) return CLOSING_QUOTE
  if (/Unexpected scalar at node end/.test(error.message)) return AFTER_QUOTE
  if (/sufficiently indented and end with a/.test(error.message)) {
    return [
      'A [ or { is opened above and never closed.',
      `Close it with the ${error.message.at(-1)} that belongs to it.`,
    ]
  }
  return (
    SENTENCES[error.code] ?? [`This is not YAML that can be read (${error.message}).`, 'Compare it with the samples.']
  )
}

/** Lines that may be what was meant: the value in quotes, the indentation of a line before, the missing bracket. */
function repairs(lines: readonly string[], line: number, error: YAMLParseError): Mended[] {
  const text = lines[line - 1] ?? ''
  const before = lines.slice(0, line - 1).findLastIndex((other) => other.trim() !== '')
  const bracket = /end with a ([\]}])/.exec(error.message)?.[1]
  const indents = new Set(lines.slice(0, line - 1).map((other) => /^ */.exec(other)?.[0] ?? ''))
  return [
    ...(bracket && before >= 0 ? [{ line: before + 1, lines: [lines[before] + bracket] }] : []),
    ...(bracket ? [{ line, lines: [text + bracket] }] : []),
    ...inQuotes(text).map((quoted) => ({ line, lines: [quoted] })),
    ...[...indents].toReversed().map((indent) => ({ line, lines: [indent + text.trimStart()] })),
  ].map((mended) => ({ ...mended, replaces: 1 }))
}

/** The first repair that makes the whole file YAML. */
function firstThatHelps(lines: readonly string[], mended: readonly Mended[]): Mended | null {
  if (lines.reduce((sum, text) => sum + text.length + 1, 0) > REPAIRED_CHARACTERS_MAX) return null
  const helps = ({ line, replaces, lines: instead }: Mended) =>
    parseDocument(lines.toSpliced(line - 1, replaces, ...instead).join('\n')).errors.length === 0
  return mended.slice(0, REPAIRS_TRIED_MAX).find(helps) ?? null
}

function inQuotes(text: string): string[] {
  const match = /^(\s*(?:- )*[A-Za-z][A-Za-z0-9_-]*: +)(\S.*?)\s*$/.exec(text)
  if (!match?.[1] || !match[2] || /^[[{|>&*!]/.test(match[2])) return []
  const bare = match[2].replace(/^(['"])(.*)\1$/, '$2').replace(/^"|"$/g, '')
  return [match[1] + JSON.stringify(bare)]
}

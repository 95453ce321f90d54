import { LineCounter, parseDocument, type YAMLParseError } from 'yaml'
import type { CatalogProblem, Mended, YamlSource } from './problem.ts'

/** Each repair is tried by reading the whole file again: so often for one error, and for all of a file. */
const REPAIRS_TRIED_MAX = 6
const REPAIRS_TRIED_IN_ALL_MAX = 30
/** In longer files only the first error is mended. */
const SEVERAL_MENDED_CHARACTERS_MAX = 4 * 1024
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

/**
 * The parser's errors in plain words: the first one, and every duplicate key. What follows an error is noise, unless there is a
 * line that mends it: then the file is read with that, and the next error is told as well.
 */
export function yamlErrorProblems(source: YamlSource, errors: readonly YAMLParseError[]): CatalogProblem[] {
  const isShort = charactersOf(source.lines) <= SEVERAL_MENDED_CHARACTERS_MAX
  const tries = { left: isShort ? REPAIRS_TRIED_IN_ALL_MAX : REPAIRS_TRIED_MAX }
  const told: CatalogProblem[] = []
  let now: Reading = { source, errors }
  for (;;) {
    const first = firstOf(now.errors)
    if (!first) break
    const problem = yamlErrorProblem(now.source, first)
    const mended = firstThatHelps(now.source, repairs(now.source.lines, problem.line, first), tries)
    told.push({ ...problem, mended: mended?.by ?? null })
    if (!mended) break
    now = mended
  }
  const twice = now.errors.filter(({ code }) => code === 'DUPLICATE_KEY')
  return [...told, ...twice.map((error) => yamlErrorProblem(now.source, error))].slice(0, ERRORS_TOLD_MAX)
}

/** The error that comes first in the file; the parser tells of some kinds before others. */
const firstOf = (errors: readonly YAMLParseError[]): YAMLParseError | undefined =>
  errors.filter(({ code }) => code !== 'DUPLICATE_KEY').toSorted((one, other) => one.pos[0] - other.pos[0])[0]

/** A text, and what the parser says of it. */
type Reading = { source: YamlSource; errors: readonly YAMLParseError[] }

function yamlErrorProblem(source: YamlSource, error: YAMLParseError): CatalogProblem {
  const { line, column } = placeOf(source, error)
  const excerpt = source.lines[line - 1] ?? ''
  const end = source.positionOf(error.pos[1])
  const endColumn = Math.max(column + 1, end.line === line ? end.column : excerpt.length + 1)
  const [found, expected] = sentencesFor(error)
  return { file: source.file, line, column, endColumn, excerpt, found, expected, mended: null }
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
  const indents = new Set(
    lines.slice(0, line - 1).map((other) => /^ *(?:- )?/.exec(other)?.[0].replace('-', ' ') ?? ''),
  )
  return [
    ...(bracket && before >= 0 ? [{ line: before + 1, lines: [lines[before] + bracket] }] : []),
    ...(bracket ? [{ line, lines: [text + bracket] }] : []),
    ...inQuotes(text).map((quoted) => ({ line, lines: [quoted] })),
    ...[...indents].toReversed().map((indent) => ({ line, lines: [indent + text.trimStart()] })),
  ].map((mended) => ({ ...mended, replaces: 1 }))
}

/** The first repair after which the file is YAML, or else one after which it is so for longer; and the file with it. */
function firstThatHelps(source: YamlSource, mended: readonly Mended[], tries: { left: number }) {
  if (charactersOf(source.lines) > REPAIRED_CHARACTERS_MAX) return null
  const some = mended.slice(0, Math.min(REPAIRS_TRIED_MAX, tries.left))
  tries.left -= some.length
  const read = some.map((by) => {
    const now = readingOf(source, by)
    const next = firstOf(now.errors)
    return { by, ...now, until: next ? now.source.positionOf(next.pos[0]).line : Number.POSITIVE_INFINITY }
  })
  return read.filter(({ by, until }) => until > by.line).toSorted((a, b) => b.until - a.until)[0] ?? null
}

const charactersOf = (lines: readonly string[]): number => lines.reduce((sum, text) => sum + text.length + 1, 0)

function readingOf({ file, lines, spanOf }: YamlSource, { line, replaces, lines: instead }: Mended): Reading {
  const mended = lines.toSpliced(line - 1, replaces, ...instead)
  const lineCounter = new LineCounter()
  const { errors } = parseDocument(mended.join('\n'), { lineCounter, prettyErrors: false })
  const positionOf = (offset: number) => {
    const { line: at, col } = lineCounter.linePos(offset)
    return { line: Math.max(at, 1), column: Math.max(col, 1) }
  }
  return { source: { file, lines: mended, spanOf, positionOf }, errors }
}

function inQuotes(text: string): string[] {
  const match = /^(\s*(?:- )*[A-Za-z][A-Za-z0-9_-]*: +)(\S.*?)\s*$/.exec(text)
  if (!match?.[1] || !match[2] || /^[[{|>&*!]/.test(match[2])) return []
  const bare = match[2].replace(/^(['"])(.*)\1$/, '$2').replace(/^"|"$/g, '')
  return [match[1] + JSON.stringify(bare)]
}

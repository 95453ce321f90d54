import type { Node } from 'yaml'

/** Longest stretch of a line that a problem shows; around the fault when the line is longer. */
const EXCERPT_CHARACTERS_MAX = 120
const QUOTED_CHARACTERS_MAX = 60
/** More than these, and a file was not meant to be one of ours. */
const PROBLEMS_PER_FILE_MAX = 50

/** Where something stands in a file; lines and columns are counted from 1, the end column lies just behind it. */
export type Span = { line: number; column: number; endColumn: number }

/** The lines of a YAML file, and where things stand in it. */
export type YamlSource = {
  file: string
  lines: readonly string[]
  /** Where a node stands: its first line. */
  spanOf: (node: Node) => Span
  /** Where an offset of the text lies, from 1. */
  positionOf: (offset: number) => { line: number; column: number }
}

/** Lines to put in place of others: `replaces` lines from `line` on give way to `lines`; none when lines are missing. */
export type Mended = { line: number; replaces: number; lines: string[] }

/** One mistake in the catalog, told so that the person who made it can mend it. */
export type CatalogProblem = Span & {
  /** Path from the catalog folder, with forward slashes: `products/field-guide.yaml`. */
  file: string
  /** The whole line as it stands; empty when the file has none. */
  excerpt: string
  /** What is there, one sentence: `price.eur is "19.999".` */
  found: string
  /** What should be there, one sentence. */
  expected: string
  mended: Mended | null
}

/** A problem of a file as a whole, or of one whose text we don't have. */
export function fileProblem(file: string, found: string, expected: string): CatalogProblem {
  return { file, line: 1, column: 1, endColumn: 1, excerpt: '', found, expected, mended: null }
}

/** Problems in the order of a reader, by file, line and column; of one file, at most PROBLEMS_PER_FILE_MAX. */
export function inReadingOrder(problems: readonly CatalogProblem[]): CatalogProblem[] {
  const byFile = Object.values(Object.groupBy(problems, (problem) => problem.file))
  const told = byFile.flatMap((ofFile = []) => sorted(ofFile).slice(0, PROBLEMS_PER_FILE_MAX))
  return sorted(told)
}

function sorted(problems: readonly CatalogProblem[]): CatalogProblem[] {
  return problems.toSorted(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  )
}

/** A problem as text for a terminal or a log, with the line, a caret below the fault, and the mended lines. */
export function formatProblem(problem: CatalogProblem, folder = ''): string {
  const path = folder ? (problem.file === '.' ? folder : `${folder}/${problem.file}`) : problem.file
  const head = `${path}:${problem.line}:${problem.column}\n  ${problem.found} ${problem.expected}\n`
  const gutter = String((problem.mended?.line ?? problem.line) + (problem.mended?.lines.length ?? 0)).length
  const frame = problem.excerpt.trim() ? `\n${frameOf(problem, gutter)}` : ''
  return `${head}${frame}${mendedText(problem.mended, gutter)}`
}

/** All problems as text, in reading order, with their number at the end. `folder` goes before each file's name. */
export function printProblems(problems: readonly CatalogProblem[], folder = ''): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  const files = new Set(problems.map((problem) => problem.file)).size
  return `${problems.map((problem) => `${formatProblem(problem, folder)}\n`).join('')}${count} in ${files === 1 ? '1 file' : `${files} files`}.\n`
}

/** A value as a sentence quotes it: in one line, cut when long, with invisible characters shown as `�`. */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const line = visible(text.replaceAll(/\s+/g, ' '))
  const cut = [...line].length > QUOTED_CHARACTERS_MAX ? `${[...line].slice(0, QUOTED_CHARACTERS_MAX).join('')}…` : line
  return typeof value === 'string' ? `"${cut}"` : cut
}

/** A line that is safe to print: one visible character for each, so that columns still fit. */
function visible(line: string): string {
  return line
    .replaceAll('\t', ' ')
    .replaceAll(/[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu, '\ufffd')
}

function frameOf(problem: CatalogProblem, gutter: number): string {
  const start = problem.column > EXCERPT_CHARACTERS_MAX ? problem.column - EXCERPT_CHARACTERS_MAX / 2 : 0
  const shown = visible(problem.excerpt).slice(start, start + EXCERPT_CHARACTERS_MAX)
  const before = problem.column - 1 - start
  const carets = Math.max(1, Math.min(problem.endColumn - problem.column, shown.length - before))
  const number = String(problem.line).padStart(gutter)
  return `    ${number} | ${shown}\n    ${' '.repeat(gutter)} | ${' '.repeat(before)}${'^'.repeat(carets)}\n`
}

function mendedText(mended: Mended | null, gutter: number): string {
  if (!mended) return ''
  const numbered = mended.lines.map(
    (line, index) => `    ${String(mended.line + index).padStart(gutter)} | ${visible(line)}\n`,
  )
  return `\n  ${mended.replaces === 0 ? 'Add:' : 'Write instead:'}\n\n${numbered.join('')}`
}

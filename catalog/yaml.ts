import { isCollection, isMap, isNode, isScalar, LineCounter, type Node, type Pair, parseDocument, visit } from 'yaml'
import { type CatalogProblem, fileProblem, quoted, type Span, type YamlSource } from './problem/problem.ts'
import { yamlErrorProblems } from './problem/yaml-error.ts'

/** Deepest nesting of a file; the deepest field of a product stands five levels deep. */
export const NESTING_DEPTH_MAX = 12
/** Every key is compared with those before it in its map: this is a map of some 1,400, and takes a tenth of a second. */
const KEYS_COMPARED_MAX = 1_000_000

export type Path = readonly PropertyKey[]

/** A YAML file that could be read: its plain value, and where each part of it stands. */
export type YamlFile = YamlSource & {
  value: unknown
  /** The key and the value node at a path, as far as they are there. */
  nodesAt: (path: Path) => { key: Node | null; value: Node | null }
}

/**
 * Reads one file of YAML 1.2: plain values, lists and keys only. Anchors, tags, merge keys, directives and further
 * documents are refused, and so are duplicate keys and nesting beyond NESTING_DEPTH_MAX.
 */
export function parseYaml(file: string, text: string): { yaml: YamlFile } | { problems: CatalogProblem[] } {
  const counter = new LineCounter()
  const document = documentOf(text, counter)
  if (!document) return { problems: [fileProblem(file, 'There are too many keys in this file.', FEW_KEYS)] }
  const lines = text.split(/\r?\n/)
  const positionOf = (offset: number) => {
    const { line, col } = counter.linePos(Math.min(offset, text.length))
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const spanOf = (node: Node) => spanBetween(lines, positionOf, node.range?.[0] ?? 0, node.range?.[1] ?? 0)
  const source = { file, lines, spanOf, positionOf }
  if (document.errors.length > 0) return { problems: yamlErrorProblems(source, document.errors) }
  const problems = refusedFeatures(source, document.contents, document.directives.yaml.explicit === true)
  if (problems.length > 0) return { problems }
  const nodesAt = (path: Path) => nodesIn(document.contents, path)
  return { yaml: { ...source, nodesAt, value: document.toJS({ maxAliasCount: 0 }) } }
}

const FEW_KEYS = 'A few dozen are enough for everything a catalog says.'

class TooManyKeysError extends Error {}

/** The parsed text; nothing when comparing its keys would take minutes. */
function documentOf(text: string, lineCounter: LineCounter) {
  let compared = 0
  const uniqueKeys = (a: unknown, b: unknown): boolean => {
    compared += 1
    if (compared > KEYS_COMPARED_MAX) throw new TooManyKeysError()
    return a === b || (isScalar(a) && isScalar(b) && a.value === b.value)
  }
  const options = { schema: 'core', version: '1.2', merge: false, stringKeys: true, prettyErrors: false } as const
  try {
    return parseDocument(text, { ...options, lineCounter, uniqueKeys })
  } catch (error) {
    if (error instanceof TooManyKeysError) return undefined
    throw error
  }
}

/** The part of a span that lies on its first line. */
function spanBetween(lines: readonly string[], positionOf: YamlFile['positionOf'], from: number, to: number): Span {
  const start = positionOf(from)
  const end = positionOf(to)
  const lineEnd = (lines[start.line - 1]?.length ?? 0) + 1
  const endColumn = end.line === start.line ? end.column : lineEnd
  return { ...start, endColumn: Math.max(endColumn, start.column + 1) }
}

/** What YAML can do and a catalog must not: one problem for each kind, at its first place. */
function refusedFeatures(source: YamlSource, contents: Node | null, hasDirective: boolean): CatalogProblem[] {
  const problems = new Map<string, CatalogProblem>()
  const refuse = (node: Node, found: string, expected: string) => {
    if (problems.has(expected)) return
    const span = source.spanOf(node)
    const excerpt = source.lines[span.line - 1] ?? ''
    problems.set(expected, { file: source.file, ...span, excerpt, found, expected, mended: null })
  }
  if (hasDirective) problems.set('directive', directiveProblem(source))
  visit(contents, {
    Alias: (_, node) =>
      refuse(node, `${quoted(`*${node.source}`)} repeats another part of the file.`, 'Write the lines out.'),
    Pair: (_, pair) => {
      refuseKey(pair, refuse)
      const comma = commaProblem(source, pair)
      if (comma) problems.set(`comma ${comma.line} ${comma.column}`, comma)
    },
    Node: (_, node, parents) => {
      if (node.tag)
        refuse(
          node,
          `There is a tag, ${quoted(node.tag.replace(/^tag:yaml.org,2002:/, '!!'))}.`,
          'Write the value without it.',
        )
      if ('anchor' in node && node.anchor)
        refuse(node, `There is an anchor, ${quoted(`&${node.anchor}`)}.`, 'Write the value without its name.')
      if (parents.filter(isCollection).length <= NESTING_DEPTH_MAX) return undefined
      refuse(node, 'This is nested too deep.', `A catalog file has at most ${NESTING_DEPTH_MAX} levels.`)
      return visit.BREAK
    },
  })
  return [...problems.values()]
}

/** `{ eur: 4,50 }` is read as 4, and a key 50 beside it. */
function commaProblem(source: YamlSource, { key, value }: Pair): CatalogProblem | undefined {
  if (!isScalar(key) || value !== null || !/^\d+$/.test(key.source ?? '')) return undefined
  const span = source.spanOf(key)
  const line = source.lines[span.line - 1] ?? ''
  const before = /\d+, ?$/.exec(line.slice(0, span.column - 1))
  if (!before) return undefined
  const amount = line.slice(before.index, span.endColumn - 1)
  const written = JSON.stringify(amount.replace(/, ?/, '.'))
  const mended = line.slice(0, before.index) + written + line.slice(span.endColumn - 1)
  return {
    ...{ file: source.file, line: span.line, column: before.index + 1, endColumn: span.endColumn, excerpt: line },
    found: `There is a comma in the amount ${quoted(amount)}.`,
    expected: 'An amount is text in quotes with a point, such as "19.00".',
    mended: { line: span.line, replaces: 1, lines: [mended] },
  }
}

function directiveProblem({ file, lines }: YamlSource): CatalogProblem {
  const index = Math.max(
    0,
    lines.findIndex((line) => line.startsWith('%')),
  )
  const excerpt = lines[index] ?? ''
  const span = { line: index + 1, column: 1, endColumn: excerpt.length + 1 }
  return { file, ...span, excerpt, found: 'There is a YAML directive.', expected: 'Remove this line.', mended: null }
}

function refuseKey(pair: Pair, refuse: (node: Node, found: string, expected: string) => void): void {
  if (!isScalar(pair.key)) return
  if (pair.key.value === '<<') refuse(pair.key, 'There is a merge key, "<<".', 'Write out the lines that it brings in.')
  if (pair.key.value === '__proto__') refuse(pair.key, 'There is no key "__proto__".', 'Remove this line.')
}

function nodesIn(contents: Node | null, path: Path): { key: Node | null; value: Node | null } {
  let found: { key: Node | null; value: Node | null } = { key: null, value: contents }
  for (const step of path) {
    const parent = found.value
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step))
      found = { key: isNode(pair?.key) ? pair.key : null, value: isNode(pair?.value) ? pair.value : null }
    } else {
      const item = isCollection(parent) ? parent.items[Number(step)] : null
      found = { key: null, value: isNode(item) ? item : null }
    }
  }
  return found
}

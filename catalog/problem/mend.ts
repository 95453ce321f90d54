import { Document, isCollection, isMap, isScalar, type Node, type Scalar, stringify, visit } from 'yaml'
import type { Path, YamlFile } from '../yaml.ts'
import type { Mended } from './problem.ts'

/** The lines with another value at a path; nothing when the value spans lines and can't be put on one. */
export function withValue(yaml: YamlFile, path: Path, value: unknown): Mended | null {
  const { value: node } = yaml.nodesAt(path)
  return node ? withNode(yaml, node, value) : null
}

/** The lines with a key spelled otherwise. */
export function withKey(yaml: YamlFile, path: Path, key: string): Mended | null {
  const { key: node } = yaml.nodesAt(path)
  return node ? withNode(yaml, node, key) : null
}

/** The lines with one more key in the group at a path: a new line in its place by `order`, or inside the braces. */
export function withAddedKey(
  yaml: YamlFile,
  path: Path,
  added: Record<string, unknown>,
  order: readonly string[] = [],
): Mended | null {
  const { value: group } = yaml.nodesAt(path)
  if (!isMap(group) || group.items.length === 0) return null
  if (group.flow) return isCollection(group) ? withinBraces(yaml, group, added) : null
  const name = Object.keys(added)[0] ?? ''
  const keys = group.items.map((pair) => pair.key).filter((key): key is Scalar.Parsed => isScalar(key))
  const next = keys.find((key) => order.indexOf(String(key.value)) > order.indexOf(name))
  const first = keys[0]
  if (!first) return null
  const indent = yaml.spanOf(first).column - 1
  const line = next && startsLine(yaml, next) ? yaml.spanOf(next).line : lineAfter(yaml, group, keys)
  return { line, replaces: 0, lines: linesOf(added, indent) }
}

/** A whole new group of lines at the end of the file. */
export function withAppended(yaml: YamlFile, added: Record<string, unknown>): Mended | null {
  const { value: contents } = yaml.nodesAt([])
  return contents ? { line: lastLineOf(yaml, contents) + 1, replaces: 0, lines: linesOf(added, 0) } : null
}

/** Whether nothing stands before a node on its line; the first key of a list's entry has a hyphen before it. */
function startsLine(yaml: YamlFile, node: Node): boolean {
  const { line, column } = yaml.spanOf(node)
  return (yaml.lines[line - 1] ?? '').slice(0, column - 1).trim() === ''
}

/** The line of a group's second key when its first can't be preceded, else the line after the group. */
function lineAfter(yaml: YamlFile, group: Node, keys: readonly Scalar.Parsed[]): number {
  const [first, second] = keys
  return first && second && !startsLine(yaml, first) ? yaml.spanOf(second).line : lastLineOf(yaml, group) + 1
}

function withNode(yaml: YamlFile, node: Node, value: unknown): Mended | null {
  const start = yaml.spanOf(node)
  const end = yaml.positionOf(node.range?.[1] ?? 0)
  const text = yaml.lines[start.line - 1] ?? ''
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return withLinesBelow(yaml, node, value as Record<string, unknown>)
  const oneLine = end.line === start.line || (end.line === start.line + 1 && end.column === 1)
  if (!oneLine || (isScalar(node) && node.type?.startsWith('BLOCK'))) return null
  const after = end.line === start.line ? text.slice(end.column - 1) : ''
  const before = text.slice(0, start.column - 1).replace(/:$/, ': ')
  const mended = `${before}${inlineText(value)}${after}`.trimEnd()
  return mended === text ? null : { line: start.line, replaces: 1, lines: [mended] }
}

/** `price: 19` becomes `price:` with the group of lines below it. */
function withLinesBelow(yaml: YamlFile, node: Node, value: Record<string, unknown>): Mended | null {
  const { line, column } = yaml.spanOf(node)
  const text = yaml.lines[line - 1] ?? ''
  const key = /^(\s*(?:- )*)[\w-]+:/.exec(text.slice(0, column - 1))
  if (!key || yaml.positionOf(node.range?.[1] ?? 0).line !== line) return null
  const lines = linesOf(value, (key[1] ?? '').length + 2)
  return { line, replaces: 1, lines: [key[0], ...lines] }
}

function withinBraces(yaml: YamlFile, group: Node, added: Record<string, unknown>): Mended | null {
  const start = yaml.spanOf(group)
  const end = yaml.positionOf((group.range?.[1] ?? 0) - 1)
  const text = yaml.lines[start.line - 1] ?? ''
  if (end.line !== start.line) return null
  const entry = Object.entries(added).map(([key, value]) => `${key}: ${inlineText(value)}`)
  const inside = text.slice(start.column, end.column - 1).trim()
  const braces = `{ ${[inside.replace(/,$/, ''), ...entry].join(', ')} }`
  return {
    line: start.line,
    replaces: 1,
    lines: [text.slice(0, start.column - 1) + braces + text.slice(end.column)],
  }
}

function lastLineOf(yaml: YamlFile, node: Node): number {
  const end = yaml.positionOf(node.range?.[1] ?? 0)
  return end.column === 1 ? end.line - 1 : end.line
}

/** A value as YAML on one line: `"19.00"`, `[a, b]`, `{ eur: "19.00" }`. */
function inlineText(value: unknown): string {
  return stringify(value, {
    collectionStyle: 'flow',
    lineWidth: 0,
    flowCollectionPadding: !Array.isArray(value),
  }).trimEnd()
}

function linesOf(value: Record<string, unknown>, indent: number): string[] {
  const document = new Document(value)
  visit(document, {
    Seq: (_, list) => {
      list.flow = list.items.every(isScalar)
    },
  })
  const lines = document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd().split('\n')
  return lines.map((line) => ' '.repeat(indent) + line)
}

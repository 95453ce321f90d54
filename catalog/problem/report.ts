import type { Node } from 'yaml'
import type { Path, YamlFile } from '../yaml.ts'
import type { CatalogProblem, Mended } from './problem.ts'

/** What is told of a problem besides where it is. `on` says whether the key or its value is at fault. */
export type Told = { found: string; expected: string; mended?: Mended | null; on?: 'key' | 'value' }

/** A problem at a path of a file; where nothing stands there, at the nearest part around it. */
export function problemAt(yaml: YamlFile, path: Path, told: Told): CatalogProblem {
  const node = nodeFor(yaml, path, told.on ?? 'value')
  const span = node ? yaml.spanOf(node) : { line: 1, column: 1, endColumn: 2 }
  const excerpt = yaml.lines[span.line - 1] ?? ''
  return { file: yaml.file, ...span, excerpt, found: told.found, expected: told.expected, mended: told.mended ?? null }
}

/** Whether something stands at a path, be it only a key without a value. */
export function standsAt(yaml: YamlFile, path: Path): boolean {
  const { key, value } = yaml.nodesAt(path)
  return key !== null || value !== null
}

/** The name of a field as people would say it: `gives.parcel.weight`, `alt`; from the nearest list down. */
export function fieldName(path: Path): string {
  const from = path.findLastIndex((key) => typeof key === 'number') + 1
  return path.slice(from).map(String).join('.')
}

/** A field as the subject of a sentence: `"price.eur"`, `Entry 2 of "tags"`, `This file`. */
export function fieldSubject(path: Path): string {
  const last = path.at(-1)
  if (last === undefined) return 'This file'
  return typeof last === 'number' ? `Entry ${last + 1} of "${fieldName(path.slice(0, -1))}"` : `"${fieldName(path)}"`
}

/** A key when its value is long or missing, and the first key of a group rather than the group. */
function nodeFor(yaml: YamlFile, path: Path, on: 'key' | 'value'): Node | null {
  const { key, value } = yaml.nodesAt(path)
  if (on === 'key' && key) return key
  if (value) return value
  if (key || path.length === 0) return key
  return nodeFor(yaml, path.slice(0, -1), 'key')
}

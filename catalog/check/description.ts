import { isScalar } from 'yaml'
import { type MarkdownFault, markdownFaults } from '../markdown.ts'
import type { CatalogProblem, Span } from '../problem/problem.ts'
import { problemAt } from '../problem/report.ts'
import type { YamlFile } from '../yaml.ts'

/** What a product's description must not hold, each at its own place in the YAML file where that can be told. */
export function descriptionProblems(yaml: YamlFile, text: string): CatalogProblem[] {
  return markdownFaults(text).map((fault) => {
    const { found, expected } = fault
    const whole = problemAt(yaml, ['description'], { found, expected })
    const span = spanInBlock(yaml, text, fault)
    return span ? { ...whole, ...span, excerpt: yaml.lines[span.line - 1] ?? '' } : whole
  })
}

/** In a literal block (`|`), each line of the text is a line of the file, only indented. */
function spanInBlock(yaml: YamlFile, text: string, fault: MarkdownFault): Span | undefined {
  const { value: node } = yaml.nodesAt(['description'])
  if (!node || !isScalar(node) || node.type !== 'BLOCK_LITERAL') return undefined
  const line = yaml.spanOf(node).line + fault.line
  const written = text.split('\n')[fault.line - 1] ?? ''
  const indent = (yaml.lines[line - 1] ?? '').length - written.length
  const column = indent + fault.column
  return { line, column, endColumn: column + fault.length }
}

import { relative } from 'node:path'
import { loadCatalog } from '../../catalog/load.ts'
import { type Catalog, productCount } from '../../catalog/offer.ts'
import { paintProblems } from '../../catalog/picture/painted.ts'
import { type CatalogProblem, printProblems } from '../../catalog/problem/problem.ts'
import { readArguments, refuseCommand } from './arguments.ts'
import type { Terminal } from './terminal.ts'

const FORMATS = ['text', 'json', 'github'] as const
type Format = (typeof FORMATS)[number]

/** `tagsale check [folder] [--format text|json|github]`: 0 when all is well, 1 when the catalog isn't, 2 when the command isn't. */
export async function check(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = readCommand(args)
  if ('wrong' in command) return refuseCommand(terminal, command.wrong)
  const result = await loadCatalog(command.folder)
  const problems = 'problems' in result ? result.problems : await paintProblems(result.catalog)
  const folder = (relative('.', command.folder) || '.').replaceAll('\\', '/')
  if (command.format === 'json') terminal.out(asJson(folder, problems))
  else if (command.format === 'github') terminal.out(asWorkflowCommands(folder, problems))
  else if (problems.length > 0) terminal.out(printProblems(problems, folder))
  if (command.format !== 'json' && 'catalog' in result && problems.length === 0) terminal.out(summary(result.catalog))
  return problems.length > 0 ? 1 : 0
}

function readCommand(args: readonly string[]): { folder: string; format: Format } | { wrong: string } {
  const options = { format: { type: 'string', default: 'text' } } as const
  const read = readArguments(args, { allowPositionals: true, options })
  if ('wrong' in read) return read
  const { values, positionals } = read
  const format = FORMATS.find((name) => name === values.format)
  if (!format) return { wrong: `There is no format "${values.format}": it is text, json or github.` }
  if (positionals.length > 1) return { wrong: 'One folder is checked at a time.' }
  return { folder: positionals[0] ?? 'catalog', format }
}

function summary(catalog: Catalog): string {
  const { size } = catalog.assets
  return `${productCount(catalog)}, ${size} asset${size === 1 ? '' : 's'}: all well.\n`
}

function asJson(folder: string, problems: readonly CatalogProblem[]): string {
  return `${JSON.stringify({ folder, problems }, null, 2)}\n`
}

/** Annotations (https://docs.github.com/actions/reference/workflow-commands-for-github-actions), one line each. */
function asWorkflowCommands(folder: string, problems: readonly CatalogProblem[]): string {
  return problems.map((problem) => `${workflowCommand(folder, problem)}\n`).join('')
}

function workflowCommand(folder: string, problem: CatalogProblem): string {
  const { line, column, endColumn, found, expected, mended } = problem
  const instead = mended ? `\n${mended.replaces === 0 ? 'Add' : 'Write instead'}:\n${mended.lines.join('\n')}` : ''
  const file = escapeProperty(folder === '.' ? problem.file : `${folder}/${problem.file}`)
  const place = `file=${file},line=${line},col=${column},endColumn=${endColumn},title=Catalog`
  return `::error ${place}::${escapeData(`${found} ${expected}${instead}`)}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

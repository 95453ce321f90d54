import type { CatalogProblem } from '../../../catalog/problem/problem.ts'
import { plainLine, plainText } from '../../github/markdown.ts'
import { changeWords, count } from './change-words.ts'
import type { Annotation, CheckReport, Findings } from './findings.ts'
import { summaryOf } from './summary.ts'

/** GitHub takes 64 KB of message and 255 characters of title. */
const MESSAGE_CHARACTERS_MAX = 4000
const TITLE_CHARACTERS_MAX = 200
/** Nobody reads more, and each request brings fifty. */
const ANNOTATIONS_MAX = 1000

/** What the check run says of a change. */
export function reportOf(findings: Findings): CheckReport {
  const { problems, warnings } = findings
  const annotations = [
    ...problems.map((problem) => annotationOf(problem, 'failure')),
    ...warnings.map((problem) => annotationOf(problem, 'warning')),
  ]
  return {
    conclusion: conclusionOf(findings),
    title: titleOf(findings),
    summary: summaryOf(findings),
    annotations: annotations.slice(0, ANNOTATIONS_MAX),
  }
}

/** What the check run says when we could not check. `why` is ours; it names nothing secret. */
export function troubleReport(why: string): CheckReport {
  const lines = [
    'Something went wrong on our side, and it stayed wrong when we tried again. It says nothing about this change.',
    `What happened: ${plainLine(why, 300).replaceAll(/[`<>@#[\]]/g, ' ')}`,
    'To try once more, press **Re-run** here, or write a comment with `/tagsale recheck` at the start of a line.',
    'The same check runs without us: `npx tagsale check`.',
  ]
  return { conclusion: 'failure', title: 'Tagsale could not check this', summary: lines.join('\n\n'), annotations: [] }
}

function conclusionOf({ problems, asked }: Findings): CheckReport['conclusion'] {
  if (problems.length > 0) return 'failure'
  return asked.some(({ isOpen }) => isOpen) ? 'action_required' : 'success'
}

function titleOf(findings: Findings): string {
  const { problems, asked } = findings
  if (problems.length > 0) return `${count(problems.length, 'problem')} in the catalog`
  const open = asked.filter(({ isOpen }) => isOpen)
  if (open.some(({ who }) => who === 'admin')) return "An admin's approval is needed"
  if (open.length > 0) return "A code owner's approval is needed"
  return changeWords(findings)
}

function annotationOf(problem: CatalogProblem, level: Annotation['annotation_level']): Annotation {
  const { file, line, column, endColumn, found, expected, excerpt } = problem
  const columns = excerpt === '' ? {} : { start_column: column, end_column: Math.max(column, endColumn - 1) }
  return {
    path: plainLine(file === '.' ? 'catalog/shop.yaml' : `catalog/${file}`, 1000),
    start_line: line,
    end_line: line,
    ...columns,
    annotation_level: level,
    title: plainLine(found, TITLE_CHARACTERS_MAX),
    message: plainText(`${found}\n${expected}${mendedText(problem)}`, MESSAGE_CHARACTERS_MAX),
  }
}

function mendedText({ mended }: CatalogProblem): string {
  if (!mended) return ''
  return `\n\n${mended.replaces === 0 ? `Add after line ${mended.line - 1}:` : 'Write instead:'}\n\n${mended.lines.join('\n')}`
}

import { html } from 'hono/html'
import type { Markup } from '../../page.ts'
import type { CheckRun } from '../checks/check-state.ts'
import { suiteStatus } from '../checks/check-view.ts'
import type { GitHubState, Repository } from '../state.ts'
import { anchorOf, type ChangedFile, lineLink, remark } from './code/diff.ts'
import { breakable, button, count, pathOf } from './dress.ts'
import { markdown } from './markdown.ts'

/** The newest check of each name on a commit. */
export function checksOn(state: GitHubState, repository: Repository, sha: string): CheckRun[] {
  const runs = state.checks.runs.filter((run) => run.repository === repository.id && run.sha === sha)
  return [...new Map(runs.map((run) => [`${run.app} ${run.name}`, run])).values()]
}

/** Whether a check is at work on a commit, or was asked for again. */
export function isAtWork(state: GitHubState, repository: Repository, sha: string): boolean {
  const suites = state.checks.suites.filter((one) => one.repository === repository.id && one.sha === sha)
  return suites.some((suite) => suiteStatus(state, suite).status !== 'completed')
}

/** A check in one word, with its sign and colour. */
export function verdict(run: Pick<CheckRun, 'status' | 'conclusion'>): Markup {
  const [kind, sign, word] = VERDICTS[run.conclusion ?? run.status] ?? ['wait', '●', run.conclusion ?? run.status]
  return html`<span class="tag ${kind}"><span aria-hidden="true">${sign}</span> ${word.replace('_', ' ')}</span>`
}

/** All that a check says: title, summary, remarks with links to their lines, and its buttons for whom may press them. */
export function checkCard(
  state: GitHubState,
  repository: Repository,
  run: CheckRun,
  { files, mayWrite }: { files: readonly ChangedFile[]; mayWrite: boolean },
): Markup {
  const app = state.apps.apps.find(({ id }) => id === run.app)
  const again = `${pathOf(repository)}/checks/${run.id}`
  const { title, summary, text } = run.output
  return html`<article class="card" id="check-${run.id}" data-check="${run.name}" data-status="${run.status}">
<div class="row"><h2>${verdict(run)} ${run.name}: ${title ?? 'no title yet'}</h2><span class="soft">by ${app?.name ?? 'an App'}</span></div>
${summary ? html`<section>${markdown(summary)}</section>` : ''}
${text ? html`<section>${markdown(text)}</section>` : ''}
${run.annotations.length > 0 ? html`<section><h3>${count(run.annotations.length, 'remark')}</h3>${remarks(repository, run, files)}</section>` : ''}
<section class="buttons">${run.detailsUrl ? html`<a href="${run.detailsUrl}">Details at ${app?.name ?? 'the App'}</a>` : ''}
${mayWrite ? button(again, 'Re-run') : ''}
${mayWrite ? run.actions.map(({ label, identifier }) => button(again, label, { identifier })) : ''}</section></article>`
}

const VERDICTS: Record<string, [string, string, string]> = {
  success: ['good', '✓', 'passed'],
  neutral: ['', '–', 'neutral'],
  skipped: ['', '–', 'skipped'],
  failure: ['bad', '✕', 'failed'],
  timed_out: ['bad', '✕', 'timed out'],
  cancelled: ['bad', '✕', 'cancelled'],
  action_required: ['bad', '!', 'action required'],
}

function remarks(repository: Repository, run: CheckRun, files: readonly ChangedFile[]): Markup {
  const pages = pathOf(repository)
  return html`<ul>${run.annotations.map((one) => {
    const anchor = anchorOf(files, one.path, one.end_line)
    const href = anchor ? `#${anchor}` : lineLink(pages, run.sha, one.path, one.start_line)
    return html`<li><a href="${href}">${breakable(one.path)}, line ${one.start_line}</a>${remark(one)}</li>`
  })}</ul>`
}

import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Markup } from '../../page.ts'
import { covers, installationsOf } from '../apps/coverage.ts'
import { branchTip, gitOf } from '../git/git.ts'
import { isAncestor } from '../git/history.ts'
import type { Issue } from '../issues/issue-state.ts'
import { approvalsOf } from '../pulls/approvals.ts'
import { obstacle } from '../pulls/protection.ts'
import { pullCommits, pullFiles, testMerge } from '../pulls/pull-json.ts'
import type { Pull } from '../pulls/pull-state.ts'

import { repositoryWithId } from '../state.ts'
import { checkCard, checksOn, isAtWork } from './check.ts'
import { commitList } from './code/commits.ts'
import { type ChangedFile, fileDiff } from './code/diff.ts'
import { button, clock, count, encoded, pathOf } from './dress.ts'
import { conversation, renameForm, replyForm, said, stateTag } from './issues.ts'
import { may, type RepositoryEnv } from './person.ts'

const WAITS_MS_MAX = 60_000
const COMMAND_WAITS_MS_MAX = 20_000

/** Whether something is about to appear by itself: a check that is young or at work, or the answer to a command. */
export function isWaiting(c: Context<RepositoryEnv>, pull: Pull, issue: Issue): boolean {
  const { state, repository } = c.var
  const isYoung = (at: number, most: number) => state.now() - at < most
  const last = [...issue.comments.values()].at(-1)
  if (last?.body.startsWith('/') && isYoung(last.at, COMMAND_WAITS_MS_MAX)) return true
  const since = Math.max(issue.updatedAt, Number(c.req.query('since')) || 0)
  if (issue.state !== 'open' || !isYoung(since, WAITS_MS_MAX)) return false
  const isMissing = checksOn(state, repository, pull.headSha).length === 0 && hasCheckingApp(c)
  return isMissing || isAtWork(state, repository, pull.headSha)
}

/** A pull request: what is said, what checks say, what changes, and what one may do. */
export function pullPage(c: Context<RepositoryEnv>, pull: Pull, issue: Issue): Markup {
  const { state, repository } = c.var
  const files = pullFiles(state, repository, pull, '')
  const commits = pullCommits(state, repository, pull)
  const checks = checksOn(state, repository, pull.headSha)
  const head = repositoryWithId(state, pull.headRepository)
  const from = head && head !== repository ? `${head.owner}:${pull.headBranch}` : pull.headBranch
  return html`<h1>${issue.title} <span class="soft">#${issue.number}</span></h1>
<p>${stateTag(pull.mergedAt === null ? issue.state : 'merged')} <strong>${issue.author}</strong> wants to merge
${count(commits.length, 'commit')} into <code>${pull.base}</code> from <code>${from}</code></p>
${renameForm(c, issue)}
${said(issue.author, issue.at, issue.body || 'No description.', 'opened this')}
${checks.map((run) => checkCard(state, repository, run, { files, mayWrite: may(c, repository, 'write') }))}
${checks.length === 0 ? noCheck(c, pull, issue) : ''}
${conversation(c, issue, pull.reviews)}
${mergeBox(c, pull, issue)}
${replyForm(c, issue)}
${issue.state === 'open' ? reviewForm(c, issue) : ''}
<h2>Commits</h2>${commitList(state, repository, commits)}
<h2 id="files">${count(files.length, 'file')} changed</h2>${diffs(c, pull, files)}`
}

function noCheck(c: Context<RepositoryEnv>, pull: Pull, issue: Issue): Markup {
  if (!hasCheckingApp(c)) return html`<p class="soft">No App is installed here that could check this.</p>`
  if (!isWaiting(c, pull, issue)) return html`<p class="soft">There is no check of this commit.</p>`
  return html`<p role="status"><span class="tag wait"><span aria-hidden="true">●</span> expected</span> Waiting for a check. This page looks again by itself.</p>`
}

function hasCheckingApp({ var: { state, repository } }: Context<RepositoryEnv>): boolean {
  return installationsOf(state).some(
    (one) => !one.suspended && one.permissions.checks === 'write' && covers(one, repository),
  )
}

function diffs(c: Context<RepositoryEnv>, pull: Pull, files: readonly ChangedFile[]): Markup[] {
  const { state, repository } = c.var
  const head = repositoryWithId(state, pull.headRepository)
  const isOpen = repository.issues.get(pull.number)?.state === 'open'
  const mayEdit = head && isOpen && may(c, head, 'write') && branchTip(state, head, pull.headBranch)
  const annotations = checksOn(state, repository, pull.headSha).flatMap((run) => run.annotations)
  return files.map((file, index) => {
    const at = encoded(`${pull.headBranch}/${file.filename}`)
    const isThere = file.status !== 'removed'
    const view = { text: 'View', href: `${pathOf(repository)}/blob/${pull.headSha}/${encoded(file.filename)}` }
    const edit = mayEdit ? [{ text: 'Edit', href: `${pathOf(head)}/edit/${at}` }] : []
    return fileDiff(file, index, { annotations, links: isThere ? [view, ...(file.patch ? edit : [])] : [] })
  })
}

function mergeBox(c: Context<RepositoryEnv>, pull: Pull, issue: Issue): Markup {
  const here = `${pathOf(c.var.repository)}/pull/${pull.number}`
  if (pull.mergedAt !== null) {
    return html`<article class="card"><p class="good"><strong>Merged</strong> by ${pull.mergedBy} into ${pull.base}, ${clock(pull.mergedAt)},
as <a href="${pathOf(c.var.repository)}/commit/${pull.mergeSha}">${pull.mergeSha?.slice(0, 7)}</a></p></article>`
  }
  if (issue.state === 'closed') return html`<article class="card"><p>Closed without being merged.</p></article>`
  const { why, bypass, isBehind } = mergeability(c, pull)
  const update = isBehind
    ? html`<section class="row"><span>This branch lacks newer commits of <code>${pull.base}</code>.</span>${button(`${here}/update`, 'Update branch')}</section>`
    : ''
  if (why) return html`<article class="card" id="merge"><h2>Can’t be merged</h2><p>${why}</p>${update}</article>`
  return html`<article class="card" id="merge"><h2>${bypass ? 'You may merge this all the same' : 'Ready to merge'}</h2>
<p>${bypass ?? wordOfChecks(c, pull)}</p>${update}
<section><form method="post" action="${here}/merge" class="buttons"><label for="method">How</label>
<select id="method" name="method"><option value="merge">Merge commit</option><option value="squash">Squash</option><option value="rebase">Rebase</option></select>
<button class="main">Merge pull request</button></form></section></article>`
}

/** Why the person can't merge; or what they pass over as an admin. */
function mergeability(c: Context<RepositoryEnv>, pull: Pull) {
  const { state, repository, login } = c.var
  const tip = branchTip(state, repository, pull.base)
  const head = repositoryWithId(state, pull.headRepository)
  const merged = testMerge(state, repository, pull)
  const isBehind =
    merged !== undefined &&
    tip !== undefined &&
    head !== undefined &&
    may(c, head, 'write') &&
    !isAncestor(gitOf(state, repository), tip, pull.headSha)
  const about = { sha: pull.headSha, approvals: approvalsOf(state, repository, pull) }
  const rule = obstacle(state, repository, pull.base, { ...about, actor: '' })
  const mine = obstacle(state, repository, pull.base, { ...about, actor: login })
  const why = !may(c, repository, 'write')
    ? 'Only people with write access can merge this.'
    : pull.draft
      ? 'This is still a draft.'
      : merged === undefined
        ? `This branch has conflicts with ${pull.base}: both changed the same lines.`
        : mine
  return { why, bypass: rule, isBehind }
}

/** What those should know who merge where no check is required. */
function wordOfChecks(c: Context<RepositoryEnv>, pull: Pull): string {
  const { state, repository } = c.var
  const checks = checksOn(state, repository, pull.headSha)
  if (checks.some(({ conclusion }) => conclusion === 'failure'))
    return 'A check failed, but this repository does not require it.'
  if (checks.some(({ conclusion }) => conclusion === 'action_required'))
    return 'A check asks that somebody approves first, but this repository does not require it.'
  const isMissing = checks.length === 0 && hasCheckingApp(c)
  if (isMissing || isAtWork(state, repository, pull.headSha))
    return 'The check is not done yet; this repository does not require it.'
  return 'Nothing contradicts, and everything that is required is there.'
}

function reviewForm(c: Context<RepositoryEnv>, issue: Issue): Markup {
  const isTheirs = issue.author === c.var.login
  const choice = (event: string, text: string, checked = false) =>
    html`<label class="choice"><input type="radio" name="event" value="${event}" ${checked ? 'checked' : ''}> ${text}</label>`
  return html`<details class="card"><summary>Review</summary><form method="post" class="stack" action="${pathOf(c.var.repository)}/pull/${issue.number}/review">
<div><label for="review">What you think</label><textarea id="review" name="body" rows="3"></textarea></div>
<fieldset><legend>Verdict</legend>${choice('COMMENT', 'Only a comment', true)}
${isTheirs ? html`<p class="soft">Nobody approves their own pull request.</p>` : html`${choice('APPROVE', 'Approve')}${choice('REQUEST_CHANGES', 'Request changes')}`}</fieldset>
<button>Submit review</button></form></details>`
}

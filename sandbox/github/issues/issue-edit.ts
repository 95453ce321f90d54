import { emit } from '../apps/webhooks.ts'
import { tellOfPull } from '../pulls/pull-json.ts'
import { type GitHubState, newId, type Repository } from '../state.ts'
import { account } from '../users.ts'
import { noteEvent } from './issue-event.ts'
import { issueJson, labelJson } from './issue-json.ts'
import type { Issue } from './issue-state.ts'

export type IssueEdit = {
  title?: string | undefined
  body?: string | null | undefined
  state?: 'open' | 'closed' | undefined
  state_reason?: Issue['stateReason'] | undefined
}

/** A new issue with the repository's next number. Tells nobody: it may become a pull request. */
export function newIssue(
  state: GitHubState,
  repository: Repository,
  { title, body, author }: Pick<Issue, 'title' | 'body' | 'author'>,
): Issue {
  const at = state.now()
  const issue: Issue = {
    id: newId(state),
    number: repository.issues.size + 1,
    author,
    title,
    body,
    state: 'open',
    stateReason: null,
    at,
    updatedAt: at,
    closedAt: null,
    closedBy: null,
    labels: [],
    assignees: [],
    comments: new Map(),
    reactions: [],
  }
  repository.issues.set(issue.number, issue)
  return issue
}

/** Changes title, text or state of an issue or a pull request, and tells of each kind of change. */
export function editIssue(
  state: GitHubState,
  repository: Repository,
  number: number,
  edit: IssueEdit,
  actor: string,
): void {
  const issue = repository.issues.get(number)
  if (!issue) return
  const at = state.now()
  const changes = {
    ...(edit.title !== undefined && edit.title !== issue.title ? { title: { from: issue.title } } : {}),
    ...(edit.body !== undefined && edit.body !== issue.body ? { body: { from: issue.body } } : {}),
  }
  if (changes.title) noteEvent(state, issue, 'renamed', actor)
  if (Object.keys(changes).length > 0) {
    Object.assign(issue, { title: edit.title ?? issue.title, updatedAt: at })
    if (edit.body !== undefined) issue.body = edit.body
    tellOfIssue(state, repository, issue, 'edited', actor, { changes })
  }
  if (!edit.state || edit.state === issue.state) return
  const isClosed = edit.state === 'closed'
  Object.assign(issue, {
    state: edit.state,
    stateReason: edit.state_reason ?? (isClosed ? 'completed' : 'reopened'),
    closedAt: isClosed ? at : null,
    closedBy: isClosed ? actor : null,
    updatedAt: at,
  })
  noteEvent(state, issue, isClosed ? 'closed' : 'reopened', actor)
  tellOfIssue(state, repository, issue, isClosed ? 'closed' : 'reopened', actor)
}

/** Puts labels on an issue; those that the repository lacks are made. */
export function addLabels(
  state: GitHubState,
  repository: Repository,
  issue: Issue,
  names: readonly string[],
  actor: string,
): void {
  for (const name of names) {
    if (issue.labels.includes(name)) continue
    if (!repository.labels.has(name)) repository.labels.set(name, 'ededed')
    issue.labels.push(name)
    tellOfIssue(state, repository, issue, 'labeled', actor, { label: labelJson(repository, name, state.url) })
  }
}

/** Takes labels off an issue. */
export function removeLabels(
  state: GitHubState,
  repository: Repository,
  issue: Issue,
  names: readonly string[],
  actor: string,
): void {
  for (const name of names) {
    if (!issue.labels.includes(name)) continue
    issue.labels = issue.labels.filter((one) => one !== name)
    tellOfIssue(state, repository, issue, 'unlabeled', actor, { label: labelJson(repository, name, state.url) })
  }
}

/** Tells the Apps what happened to an issue; of a pull request's, as of a pull request. */
export function tellOfIssue(
  state: GitHubState,
  repository: Repository,
  issue: Issue,
  action: string,
  actor: string,
  more: Record<string, unknown> = {},
): void {
  const pull = repository.pulls.get(issue.number)
  if (pull) {
    tellOfPull(state, repository, pull, action, actor, more)
    return
  }
  const sender = account(state, actor, state.url)
  emit(state, 'issues', repository, { action, issue: issueJson(state, repository, issue, state.url), ...more, sender })
}

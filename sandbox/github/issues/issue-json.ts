import { instant } from '../answer.ts'
import { type GitHubState, idOf, type Repository } from '../state.ts'
import { account, associationOf, nodeId } from '../users.ts'
import type { Comment, Issue, Reaction } from './issue-state.ts'
import { REACTIONS } from './issue-state.ts'

/** Labels that nobody gave a colour have this. */
const LABEL_COLOR = 'ededed'

/** An issue, or the issue that a pull request is as well. */
export function issueJson(state: GitHubState, repository: Repository, issue: Issue, origin: string) {
  const fullName = `${repository.owner}/${repository.name}`
  const repositoryUrl = `${origin}/repos/${fullName}`
  const url = `${repositoryUrl}/issues/${issue.number}`
  const pull = repository.pulls.get(issue.number)
  const page = `${origin}/${fullName}/${pull ? 'pull' : 'issues'}/${issue.number}`
  return {
    ...common(state, repository, issue, origin),
    url,
    repository_url: repositoryUrl,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: page,
    node_id: nodeId(pull ? 'PullRequest' : 'Issue', issue.id),
    state_reason: issue.stateReason,
    comments: issue.comments.size,
    closed_by: issue.closedBy ? account(state, issue.closedBy, origin) : null,
    reactions: reactionsJson(issue.reactions, `${url}/reactions`),
    ...(pull
      ? {
          draft: pull.draft,
          pull_request: {
            url: `${repositoryUrl}/pulls/${issue.number}`,
            html_url: page,
            diff_url: `${page}.diff`,
            patch_url: `${page}.patch`,
            merged_at: pull.mergedAt ? instant(pull.mergedAt) : null,
          },
        }
      : {}),
  }
}

/** What an issue and a pull request say in the same words. */
export function common(state: GitHubState, repository: Repository, issue: Issue, origin: string) {
  const assignees = issue.assignees.map((login) => account(state, login, origin))
  return {
    id: issue.id,
    number: issue.number,
    state: issue.state,
    locked: false,
    active_lock_reason: null,
    title: issue.title,
    body: issue.body,
    user: account(state, issue.author, origin),
    author_association: associationOf(state, repository, issue.author),
    labels: issue.labels.map((name) => labelJson(repository, name, origin)),
    assignee: assignees[0] ?? null,
    assignees,
    milestone: null,
    created_at: instant(issue.at),
    updated_at: instant(issue.updatedAt),
    closed_at: issue.closedAt ? instant(issue.closedAt) : null,
  }
}

/** A label of a repository. */
export function labelJson(repository: Repository, name: string, origin: string) {
  const id = idOf('label', String(repository.id), name)
  return {
    id,
    node_id: nodeId('Label', id),
    url: `${origin}/repos/${repository.owner}/${repository.name}/labels/${encodeURIComponent(name)}`,
    name,
    color: repository.labels.get(name) ?? LABEL_COLOR,
    default: false,
    description: null,
  }
}

/** A comment on an issue or a pull request. */
export function commentJson(
  state: GitHubState,
  repository: Repository,
  issue: Issue,
  comment: Comment,
  origin: string,
) {
  const fullName = `${repository.owner}/${repository.name}`
  const repositoryUrl = `${origin}/repos/${fullName}`
  const kind = repository.pulls.has(issue.number) ? 'pull' : 'issues'
  const url = `${repositoryUrl}/issues/comments/${comment.id}`
  return {
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    url,
    html_url: `${origin}/${fullName}/${kind}/${issue.number}#issuecomment-${comment.id}`,
    issue_url: `${repositoryUrl}/issues/${issue.number}`,
    user: account(state, comment.author, origin),
    author_association: associationOf(state, repository, comment.author),
    body: comment.body,
    created_at: instant(comment.at),
    updated_at: instant(comment.updatedAt),
    reactions: reactionsJson(comment.reactions, `${url}/reactions`),
    performed_via_github_app: null,
  }
}

/** How often each reaction was given. */
export function reactionsJson(reactions: readonly Reaction[], url: string) {
  const counts = REACTIONS.map((content) => [content, reactions.filter((one) => one.content === content).length])
  return { url, total_count: reactions.length, ...(Object.fromEntries(counts) as Record<Reaction['content'], number>) }
}

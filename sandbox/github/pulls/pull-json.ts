import { instant } from '../answer.ts'
import { emit } from '../apps/webhooks.ts'
import { WEB_FLOW } from '../git/commit.ts'
import { changesBetween, fileJson } from '../git/difference.ts'
import { gitOf, refName } from '../git/git.ts'
import { commitsBetween, mergeBase } from '../git/history.ts'
import { mergeCommits } from '../git/merge.ts'
import { EMPTY_TREE } from '../git/object.ts'
import { common } from '../issues/issue-json.ts'
import { repositoryJson } from '../repository.ts'
import { type GitHubState, type Repository, repositoryWithId } from '../state.ts'
import { account, nodeId } from '../users.ts'
import { approvalsOf } from './approvals.ts'
import { obstacle } from './protection.ts'
import type { Pull } from './pull-state.ts'

/** A pull request as the lists have it. */
export function shortPullJson(state: GitHubState, base: Repository, pull: Pull, origin: string) {
  const issue = base.issues.get(pull.number)
  if (!issue) throw new Error(`Pull request ${pull.number} has no issue`)
  const fullName = `${base.owner}/${base.name}`
  const url = `${origin}/repos/${fullName}/pulls/${pull.number}`
  const page = `${origin}/${fullName}/pull/${pull.number}`
  const issueUrl = `${origin}/repos/${fullName}/issues/${pull.number}`
  const head = repositoryWithId(state, pull.headRepository)
  return {
    ...common(state, base, issue, origin),
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    url,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issueUrl,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    comments_url: `${issueUrl}/comments`,
    statuses_url: `${origin}/repos/${fullName}/statuses/${pull.headSha}`,
    merged_at: pull.mergedAt ? instant(pull.mergedAt) : null,
    merge_commit_sha: pull.mergeSha ?? testMerge(state, base, pull) ?? null,
    requested_reviewers: [],
    requested_teams: [],
    draft: pull.draft,
    auto_merge: null,
    head: endJson(state, head, { ref: pull.headBranch, sha: pull.headSha }, origin),
    base: endJson(state, base, { ref: pull.base, sha: pull.baseSha }, origin),
  }
}

/** A pull request asked for alone, or told of. */
export function pullJson(state: GitHubState, base: Repository, pull: Pull, origin: string) {
  const issue = base.issues.get(pull.number)
  const files = pullFiles(state, base, pull, origin)
  const sum = (key: 'additions' | 'deletions') => files.reduce((total, file) => total + file[key], 0)
  const isOpen = issue?.state === 'open'
  const mergeable = isOpen ? testMerge(state, base, pull) !== undefined : null
  return {
    ...shortPullJson(state, base, pull, origin),
    merged: pull.mergedAt !== null,
    mergeable,
    rebaseable: mergeable,
    mergeable_state: mergeableState(state, base, pull, mergeable),
    merged_by: pull.mergedBy ? account(state, pull.mergedBy, origin) : null,
    comments: issue?.comments.size ?? 0,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: pullCommits(state, base, pull).length,
    additions: sum('additions'),
    deletions: sum('deletions'),
    changed_files: files.length,
  }
}

/** What a pull request changes: from where it left its base to its head, by path. */
export function pullFiles(state: GitHubState, base: Repository, pull: Pull, origin: string) {
  const git = gitOf(state, base)
  const tip = comparedBase(state, base, pull)
  const from = mergeBase(git, tip, pull.headSha)
  const tree = (oid: string | undefined) => (oid && git.commit(oid)?.tree) || EMPTY_TREE
  const url = `${origin}/repos/${base.owner}/${base.name}`
  return changesBetween(git, tree(from), tree(pull.headSha)).map((one) => fileJson(git, one, url, pull.headSha))
}

/** The commits that a pull request brings, oldest first. */
export const pullCommits = (state: GitHubState, base: Repository, pull: Pull): string[] =>
  commitsBetween(gitOf(state, base), comparedBase(state, base, pull), pull.headSha)

/** The commit that merging would make now, kept as `refs/pull/N/merge`; undefined when the two sides contradict. */
export function testMerge(state: GitHubState, base: Repository, pull: Pull): string | undefined {
  if (base.issues.get(pull.number)?.state !== 'open') return undefined
  const git = gitOf(state, base)
  const tip = git.ref(refName(base, `refs/heads/${pull.base}`))
  const head = git.commit(pull.headSha)
  if (!tip || !head) return undefined
  const ref = refName(base, `refs/pull/${pull.number}/merge`)
  const known = git.ref(ref)
  if (known && git.commit(known)?.parents.join() === [tip, pull.headSha].join()) return known
  const { tree, conflicts } = mergeCommits(git, tip, pull.headSha)
  if (conflicts.length > 0) {
    git.setRef(ref, undefined)
    return undefined
  }
  const committer = { ...WEB_FLOW, seconds: Math.floor(state.now() / 1000) }
  const message = `Merge ${pull.headSha} into ${tip}`
  const oid = git.writeCommit({ tree, parents: [tip, pull.headSha], author: head.author, committer, message })
  git.setRef(ref, oid)
  return oid
}

/** Tells the Apps what happened to a pull request. */
export function tellOfPull(
  state: GitHubState,
  base: Repository,
  pull: Pull,
  action: string,
  actor: string,
  more: Record<string, unknown> = {},
): void {
  emit(state, 'pull_request', base, {
    action,
    number: pull.number,
    pull_request: pullJson(state, base, pull, state.url),
    ...more,
    sender: account(state, actor, state.url),
  })
}

function mergeableState(state: GitHubState, base: Repository, pull: Pull, mergeable: boolean | null): string {
  if (mergeable === null) return 'unknown'
  if (!mergeable) return 'dirty'
  if (pull.draft) return 'draft'
  const approvals = approvalsOf(state, base, pull)
  const blocked = obstacle(state, base, pull.base, { sha: pull.headSha, approvals, actor: '' })
  return blocked ? 'blocked' : 'clean'
}

/** A merged pull request keeps being compared with what it was merged into. */
function comparedBase(state: GitHubState, base: Repository, pull: Pull): string {
  const tip = gitOf(state, base).ref(refName(base, `refs/heads/${pull.base}`))
  return pull.mergedAt === null ? (tip ?? pull.baseSha) : pull.baseSha
}

function endJson(
  state: GitHubState,
  repository: Repository | undefined,
  { ref, sha }: { ref: string; sha: string },
  origin: string,
) {
  const user = repository ? account(state, repository.owner, origin) : null
  return {
    label: `${repository?.owner ?? 'unknown'}:${ref}`,
    ref,
    sha,
    user,
    repo: repository ? repositoryJson(repository, origin) : null,
  }
}

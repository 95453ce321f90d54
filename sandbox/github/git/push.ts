import { Refusal } from '../answer.ts'
import { emit } from '../apps/webhooks.ts'
import { obstacle } from '../pulls/protection.ts'
import { followBase, followHead } from '../pulls/pull-follow.ts'
import type { GitHubState, Repository } from '../state.ts'
import { account } from '../users.ts'
import { pushedCommitJson } from './commit.ts'
import { gitOf, refName } from './git.ts'
import { commitsBetween, isAncestor, newestFirst } from './history.ts'

/** What git writes where there is no commit. */
const NO_COMMIT = '0'.repeat(40)
/** GitHub lists no more commits than this in a push. */
const PUSHED_COMMITS_MAX = 2048

/** Points a ref somewhere else, or without a SHA removes it, and tells everyone: the Apps, and the pull requests that follow it. */
export function moveRef(
  state: GitHubState,
  repository: Repository,
  ref: string,
  after: string | undefined,
  actor: string,
): void {
  const git = gitOf(state, repository)
  const before = git.ref(refName(repository, ref))
  if (before === after) return
  git.setRef(refName(repository, ref), after)
  repository.pushedAt = state.now()
  emit(state, 'push', repository, pushPayload(state, repository, { ref, before, after, actor }))
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1]
  if (!branch) return
  followHead(state, repository, branch, { before, after, actor })
  followBase(state, repository, branch, { before, after, actor })
}

/** Refuses what a branch's protection forbids to push. */
export function requireUnprotected(
  state: GitHubState,
  repository: Repository,
  branch: string,
  sha: string,
  actor: string,
  status: 409 | 422,
): void {
  const found = obstacle(state, repository, branch, { sha, approvals: undefined, actor })
  if (found) throw new Refusal(status, found)
}

function pushPayload(
  state: GitHubState,
  repository: Repository,
  { ref, before, after, actor }: { ref: string; before: string | undefined; after: string | undefined; actor: string },
) {
  const git = gitOf(state, repository)
  const url = `${state.url}/${repository.owner}/${repository.name}`
  const known = before ?? git.ref(refName(repository, `refs/heads/${repository.defaultBranch}`))
  const isCommit = after !== undefined && git.commit(after) !== undefined
  const fresh = !isCommit ? [] : known && known !== after ? commitsBetween(git, known, after) : firstCommits(after)
  function firstCommits(oid: string) {
    return known === oid ? [] : newestFirst(git, oid).reverse()
  }
  return {
    ref,
    before: before ?? NO_COMMIT,
    after: after ?? NO_COMMIT,
    created: before === undefined,
    deleted: after === undefined,
    forced: before !== undefined && after !== undefined && !isAncestor(git, before, after),
    base_ref: null,
    compare: `${url}/compare/${(before ?? NO_COMMIT).slice(0, 12)}...${(after ?? NO_COMMIT).slice(0, 12)}`,
    commits: fresh.slice(-PUSHED_COMMITS_MAX).map((oid) => pushedCommitJson(state, repository, oid)),
    head_commit: isCommit ? pushedCommitJson(state, repository, after) : null,
    pusher: { name: actor, email: null },
    sender: account(state, actor, state.url),
  }
}

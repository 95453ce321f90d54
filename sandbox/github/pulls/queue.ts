import { Hono } from 'hono'
import { z } from 'zod'
import { notFound, Refusal } from '../answer.ts'
import { emit } from '../apps/webhooks.ts'
import { bodyOf } from '../body.ts'
import { identityOf, pushedCommitJson, WEB_FLOW } from '../git/commit.ts'
import { branchTip, gitOf } from '../git/git.ts'
import { mergeCommits } from '../git/merge.ts'
import { moveRef } from '../git/push.ts'
import { findRepository, type GitHubState, newId, type Repository } from '../state.ts'
import { account } from '../users.ts'
import type { Pull } from './pull-state.ts'

const QueueRequest = z.object({
  repository: z.string().regex(/^[^/]+\/[^/]+$/),
  number: z.int(),
  /** Ends the wait: what was queued gets on its base branch. */
  merge: z.boolean().default(false),
})
const ACTOR = 'github-merge-queue[bot]'

/**
 * The merge queue, in the hands of a test: `POST /_test/merge-queue {repository, number}` merges a pull request on a branch
 * of its own and asks for its checks; once more with `merge` puts that on the base branch.
 */
export function queueRoutes(state: GitHubState): Hono {
  return new Hono().post('/_test/merge-queue', async (c) => {
    const { repository: fullName, number, merge } = await bodyOf(c, QueueRequest)
    const [owner = '', name = ''] = fullName.split('/')
    const repository = findRepository(state, owner, name)
    const pull = repository?.pulls.get(number)
    if (!repository || !pull) throw notFound()
    const group = merge ? leave(state, repository, pull) : enter(state, repository, pull)
    state.changed()
    return c.json(group, 201)
  })
}

/** Pull requests in the queue of a branch, first come first. What lost its commit, or was pushed to, has left it. */
export function queuedPulls(state: GitHubState, repository: Repository, base: string): Pull[] {
  const isThere = ({ queued, headSha }: Pull) =>
    queued && gitOf(state, repository).commit(queued.sha)?.parents.includes(headSha)
  const isOpen = ({ number }: Pull) => repository.issues.get(number)?.state === 'open'
  const entries = [...repository.pulls.values()].filter((pull) => pull.base === base && isOpen(pull) && isThere(pull))
  return entries.sort((a, b) => (a.queued?.turn ?? 0) - (b.queued?.turn ?? 0))
}

function enter(state: GitHubState, repository: Repository, pull: Pull) {
  const git = gitOf(state, repository)
  const others = queuedPulls(state, repository, pull.base).filter((other) => other !== pull)
  const base = others.at(-1)?.queued?.sha ?? branchTip(state, repository, pull.base)
  const merged = base ? mergeCommits(git, base, pull.headSha) : undefined
  if (!base || !merged || merged.conflicts.length > 0) throw new Refusal(422, 'Pull Request is not mergeable')
  const author = identityOf(state, repository.issues.get(pull.number)?.author ?? ACTOR)
  const sha = git.writeCommit({
    tree: merged.tree,
    parents: [base, pull.headSha],
    author,
    committer: { ...WEB_FLOW, seconds: author.seconds },
    message: `Merge pull request #${pull.number} from ${pull.headBranch}`,
  })
  pull.queued = { sha, on: base, turn: newId(state) }
  const headRef = refOf(pull, base)
  moveRef(state, repository, headRef, sha, ACTOR)
  const group = {
    head_sha: sha,
    head_ref: headRef,
    base_sha: base,
    base_ref: `refs/heads/${pull.base}`,
    head_commit: pushedCommitJson(state, repository, sha),
  }
  const sender = account(state, ACTOR, state.url)
  emit(state, 'merge_group', repository, { action: 'checks_requested', merge_group: group, sender })
  return group
}

function leave(state: GitHubState, repository: Repository, pull: Pull) {
  const base = branchTip(state, repository, pull.base) ?? ''
  const { queued } = pull
  if (queued?.on !== base) {
    throw new Refusal(409, 'The base branch moved on, or the pull request is not the first in the queue')
  }
  delete pull.queued
  moveRef(state, repository, `refs/heads/${pull.base}`, queued.sha, ACTOR)
  const headRef = refOf(pull, base)
  moveRef(state, repository, headRef, undefined, ACTOR)
  return { head_sha: queued.sha, head_ref: headRef, base_sha: base, base_ref: `refs/heads/${pull.base}` }
}

const refOf = (pull: Pull, base: string) => `refs/heads/gh-readonly-queue/${pull.base}/pr-${pull.number}-${base}`

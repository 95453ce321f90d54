import { Hono } from 'hono'
import { z } from 'zod'
import { writable } from '../access.ts'
import { type GitHubEnv, notFound, Refusal } from '../answer.ts'
import { bodyOf } from '../body.ts'
import { identityOf, WEB_FLOW } from '../git/commit.ts'
import { branchTip, gitOf } from '../git/git.ts'
import { mergeTrees } from '../git/merge.ts'
import { EMPTY_TREE, type Signature } from '../git/object.ts'
import { moveRef } from '../git/push.ts'
import type { Issue } from '../issues/issue-state.ts'
import { type GitHubState, type Repository, repositoryWithId } from '../state.ts'
import { approvalsOf } from './approvals.ts'
import { obstacle } from './protection.ts'
import { findPull } from './pull.ts'
import { setMerged } from './pull-follow.ts'
import { pullCommits, tellOfPull, testMerge } from './pull-json.ts'
import type { Pull } from './pull-state.ts'

const MergeRequest = z.object({
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
  sha: z.string().optional(),
  merge_method: z.enum(['merge', 'squash', 'rebase']).default('merge'),
})
type Asked = z.output<typeof MergeRequest>

/** Merging a pull request, and asking whether it was. */
export function mergeRoutes(state: GitHubState): Hono<GitHubEnv> {
  return new Hono<GitHubEnv>()
    .get('/repos/:o/:r/pulls/:n/merge', (c) => {
      if (findPull(state, c, 'read').pull.mergedAt === null) throw notFound()
      return c.body(null, 204)
    })
    .put('/repos/:o/:r/pulls/:n/merge', async (c) => {
      const repository = writable(state, c.var.who, c.req.param(), 'contents', 'write')
      const { pull, issue, actor } = findPull(state, c, 'review')
      const asked = await bodyOf(c, MergeRequest)
      const sha = mergePull(state, repository, pull, issue, asked, actor)
      return c.json({ sha, merged: true, message: 'Pull Request successfully merged' })
    })
}

function mergePull(
  state: GitHubState,
  base: Repository,
  pull: Pull,
  issue: Issue,
  asked: Asked,
  actor: string,
): string {
  if (pull.draft) throw new Refusal(405, 'Pull Request is still a draft')
  if (issue.state !== 'open') throw new Refusal(405, 'Pull Request is not mergeable')
  if (asked.sha !== undefined && asked.sha !== pull.headSha) {
    throw new Refusal(409, 'Head branch was modified. Review and try the merge again.')
  }
  const approvals = approvalsOf(state, base, pull)
  const found = obstacle(state, base, pull.base, { sha: pull.headSha, approvals, actor })
  if (found) throw new Refusal(405, found)
  const before = branchTip(state, base, pull.base)
  const merged = testMerge(state, base, pull)
  if (!before || !merged) throw new Refusal(405, 'Pull Request is not mergeable')
  const sha =
    asked.merge_method === 'rebase'
      ? rebased(state, base, pull, { onto: before, actor })
      : mergedCommit(state, base, pull, issue, asked, { merged, before, actor })
  setMerged(state, base, pull, { sha, before, actor })
  tellOfPull(state, base, pull, 'closed', actor)
  moveRef(state, base, `refs/heads/${pull.base}`, sha, actor)
  return sha
}

function mergedCommit(
  state: GitHubState,
  base: Repository,
  pull: Pull,
  issue: Issue,
  asked: Asked,
  { merged, before, actor }: { merged: string; before: string; actor: string },
): string {
  const git = gitOf(state, base)
  const isSquash = asked.merge_method === 'squash'
  const owner = repositoryWithId(state, pull.headRepository)?.owner ?? 'unknown'
  const title = isSquash
    ? `${issue.title} (#${pull.number})`
    : `Merge pull request #${pull.number} from ${owner}/${pull.headBranch}`
  const text = asked.commit_message ?? (isSquash ? messagesOf(state, base, pull) : issue.title)
  const message = [asked.commit_title ?? title, text].filter(Boolean).join('\n\n')
  const author = identityOf(state, isSquash ? issue.author : actor)
  const committer: Signature = { ...WEB_FLOW, seconds: author.seconds }
  const parents = isSquash ? [before] : [before, pull.headSha]
  return git.writeCommit({ tree: git.commit(merged)?.tree ?? EMPTY_TREE, parents, author, committer, message })
}

function messagesOf(state: GitHubState, base: Repository, pull: Pull): string {
  const messages = pullCommits(state, base, pull).map((oid) => gitOf(state, base).commit(oid)?.message.trim() ?? '')
  return messages.length === 1 ? '' : messages.map((text) => `* ${text}`).join('\n\n')
}

/** Each commit again, on top of the base; refused where one of them alone contradicts it. */
function rebased(
  state: GitHubState,
  base: Repository,
  pull: Pull,
  { onto, actor }: { onto: string; actor: string },
): string {
  const git = gitOf(state, base)
  const treeOf = (oid: string | undefined) => (oid && git.commit(oid)?.tree) || EMPTY_TREE
  return pullCommits(state, base, pull).reduce((tip, oid) => {
    const commit = git.commit(oid)
    if (!commit || commit.parents.length > 1) return tip
    const { tree, conflicts } = mergeTrees(git, treeOf(commit.parents[0]), treeOf(tip), commit.tree)
    if (conflicts.length > 0) throw new Refusal(405, "This branch can't be rebased")
    return git.writeCommit({ ...commit, tree, parents: [tip], committer: identityOf(state, actor) })
  }, onto)
}

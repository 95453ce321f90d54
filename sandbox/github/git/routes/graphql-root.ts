import { GraphQLError } from 'graphql'
import { visible, writable } from '../../access.ts'
import { instant, Refusal, type Who } from '../../answer.ts'
import { tellOfPull } from '../../pulls/pull-json.ts'
import type { Pull } from '../../pulls/pull-state.ts'
import { queuedPulls } from '../../pulls/queue.ts'
import type { GitHubState, Repository } from '../../state.ts'
import { actorOf, mayAs, nodeId, roleOf } from '../../users.ts'
import { identityOf, resolveCommit, WEB_FLOW } from '../commit.ts'
import { branchTip, gitOf } from '../git.ts'
import type { Git } from '../git-state.ts'

import { isBinary } from '../merge.ts'
import { EMPTY_TREE, FILE_MODE, typeOfMode } from '../object.ts'
import { moveRef, requireUnprotected } from '../push.ts'
import { entryAt, treeWith } from '../tree.ts'
import { isForbiddenPath } from './git-data.ts'

/** GitHub gives no more of a file's text than this. */
const TEXT_BYTES_MAX = 512_000
const SHA_LETTERS_SHOWN = 7

type ObjectQuery = { oid?: string; expression?: string }
type CommitInput = {
  branch: { repositoryNameWithOwner?: string; branchName?: string }
  message: { headline: string; body?: string }
  expectedHeadOid: string
  fileChanges?: { additions?: { path: string; contents: string }[]; deletions?: { path: string }[] }
  clientMutationId?: string
}
type PullInput = { pullRequestId: string; clientMutationId?: string }

/** What a question in GraphQL begins with, for who asks. */
export function rootOf(state: GitHubState, who: Who) {
  return {
    viewer: () => ({ login: actorOf(state, who) }),
    rateLimit: () => ({ limit: 5000, cost: 1, remaining: 4999 }),
    repository: ({ owner, name }: { owner: string; name: string }) => {
      const repository = told(() => visible(state, who, { o: owner, r: name }, 'metadata'), `${owner}/${name}`)
      return {
        id: nodeId('Repository', repository.id),
        name: repository.name,
        nameWithOwner: `${repository.owner}/${repository.name}`,
        isPrivate: repository.private,
        object: (asked: ObjectQuery) => {
          told(() => visible(state, who, { o: owner, r: name }, 'contents'), `${owner}/${name}`)
          const oid = asked.oid ?? (asked.expression && oidOf(state, repository, asked.expression))
          return oid ? objectOf(gitOf(state, repository), oid) : null
        },
        mergeQueue: ({ branch = repository.defaultBranch }: { branch?: string }) => {
          told(() => visible(state, who, { o: owner, r: name }, 'merge_queues'), `${owner}/${name}`)
          return { entries: ({ first = 100 }) => ({ nodes: queueOf(state, repository, branch).slice(0, first) }) }
        },
        pullRequest: ({ number }: { number: number }) => {
          told(() => visible(state, who, { o: owner, r: name }, 'pull_requests'), `${owner}/${name}`)
          const pull = repository.pulls.get(number)
          return pull ? pullOf(repository, pull) : null
        },
      }
    },
    createCommitOnBranch: ({ input }: { input: CommitInput }) => commitOnBranch(state, who, input),
    markPullRequestReadyForReview: ({ input }: { input: PullInput }) => setDraft(state, who, input, false),
    convertPullRequestToDraft: ({ input }: { input: PullInput }) => setDraft(state, who, input, true),
  }
}

const queueOf = (state: GitHubState, repository: Repository, branch: string) =>
  queuedPulls(state, repository, branch).map((pull, index) => ({
    position: index + 1,
    baseCommit: pull.queued && objectOf(gitOf(state, repository), pull.queued.on),
    headCommit: pull.queued && objectOf(gitOf(state, repository), pull.queued.sha),
    pullRequest: pullOf(repository, pull),
  }))

const pullOf = (repository: Repository, { id, number, draft, headSha, baseChangedAt }: Pull) => ({
  id: nodeId('PullRequest', id),
  number,
  isDraft: draft,
  headRefOid: headSha,
  author: { login: repository.issues.get(number)?.author ?? 'ghost' },
  timelineItems: () => ({
    nodes: baseChangedAt ? [{ __typename: 'BaseRefChangedEvent', createdAt: instant(baseChangedAt) }] : [],
  }),
})

const failure = (type: string, message: string) => new GraphQLError(message, { extensions: { type } })

/** The same refusals as everywhere, in GraphQL's form. */
function told<Value>(find: () => Value, fullName: string): Value {
  try {
    return find()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.status === 404) {
      throw failure('NOT_FOUND', `Could not resolve to a Repository with the name '${fullName}'.`)
    }
    throw failure(error.status === 403 ? 'FORBIDDEN' : 'UNPROCESSABLE', error.message)
  }
}

/** What `ref`, or `ref:path`, points to. */
function oidOf(state: GitHubState, repository: Repository, expression: string): string | undefined {
  const [ref = '', path] = expression.split(/:(.*)/s)
  const git = gitOf(state, repository)
  const commit = resolveCommit(state, repository, ref)
  if (path === undefined) return commit ?? (git.typeOf(expression) ? expression : undefined)
  const tree = commit ? git.commit(commit)?.tree : git.tree(ref) && ref
  return tree ? entryAt(git, tree, path)?.oid : undefined
}

function objectOf(git: Git, oid: string): object | null {
  const common = {
    id: Buffer.from(`Object:${oid}`).toString('base64url'),
    oid,
    abbreviatedOid: oid.slice(0, SHA_LETTERS_SHOWN),
  }
  const blob = git.blob(oid)
  if (blob) {
    const text = () => (isBinary(blob) ? null : blob.subarray(0, TEXT_BYTES_MAX).toString('utf8'))
    const isTruncated = !isBinary(blob) && blob.length > TEXT_BYTES_MAX
    return { __typename: 'Blob', ...common, byteSize: blob.length, isBinary: isBinary(blob), isTruncated, text }
  }
  const tree = git.tree(oid)
  if (tree) return { __typename: 'Tree', ...common, entries: () => tree.map((entry) => entryOf(git, entry)) }
  const commit = git.commit(oid)
  if (!commit) return null
  const messageHeadline = commit.message.split('\n')[0] ?? ''
  return {
    __typename: 'Commit',
    ...common,
    message: commit.message,
    messageHeadline,
    tree: () => objectOf(git, commit.tree),
  }
}

const entryOf = (git: Git, { name, oid, mode }: { name: string; oid: string; mode: string }) => ({
  name,
  path: name,
  oid,
  mode: Number.parseInt(mode, 8),
  type: typeOfMode(mode),
  size: () => git.blob(oid)?.length ?? 0,
  object: () => objectOf(git, oid),
})

/** Several files in one commit, if the branch is still where the asker thinks it is. */
function commitOnBranch(state: GitHubState, who: Who, input: CommitInput) {
  const fullName = input.branch.repositoryNameWithOwner ?? ''
  const [o = '', r = ''] = fullName.split('/')
  const branch = (input.branch.branchName ?? '').replace(/^refs\/heads\//, '')
  const repository = told(() => writable(state, who, { o, r }, 'contents'), fullName)
  const git = gitOf(state, repository)
  const parent = branchTip(state, repository, branch)
  if (!parent) throw failure('NOT_FOUND', `Could not resolve to a branch with the name '${branch}'.`)
  if (parent !== input.expectedHeadOid) {
    throw failure(
      'STALE_DATA',
      `Expected branch to point to "${input.expectedHeadOid}" but it did not. Pull and try again.`,
    )
  }
  const { additions = [], deletions = [] } = input.fileChanges ?? {}
  const tree = git.commit(parent)?.tree ?? EMPTY_TREE
  const missing = deletions.find(({ path }) => !entryAt(git, tree, path))
  if (missing)
    throw failure(
      'UNPROCESSABLE',
      `A path was requested for deletion which does not exist as of commit oid \`${parent}\``,
    )
  if ([...additions, ...deletions].some(({ path }) => isForbiddenPath(path)))
    throw failure('UNPROCESSABLE', 'A path is malformed')
  const changes = new Map<string, { mode: string; oid: string } | null>([
    ...deletions.map(({ path }) => [path, null] as const),
    ...additions.map(({ path, contents }) => {
      const mode = entryAt(git, tree, path)?.mode ?? FILE_MODE
      return [path, { mode, oid: git.write('blob', Buffer.from(contents, 'base64')) }] as const
    }),
  ])
  const actor = actorOf(state, who)
  const author = identityOf(state, actor)
  const committer = { ...WEB_FLOW, seconds: author.seconds }
  const message = [input.message.headline, input.message.body].filter(Boolean).join('\n\n')
  const oid = git.writeCommit({ tree: treeWith(git, tree, changes), parents: [parent], author, committer, message })
  told(() => requireUnprotected(state, repository, branch, oid, actor, 422), fullName)
  moveRef(state, repository, `refs/heads/${branch}`, oid, actor)
  const url = `${state.url}/${repository.owner}/${repository.name}/commit/${oid}`
  const ref = { name: branch, target: () => objectOf(git, oid) }
  return { clientMutationId: input.clientMutationId, commit: { ...objectOf(git, oid), url }, ref }
}

/** Takes a pull request out of its draft, or back. */
function setDraft(state: GitHubState, who: Who, { pullRequestId, clientMutationId }: PullInput, isDraft: boolean) {
  for (const repository of state.repositories.values()) {
    const pull = [...repository.pulls.values()].find(({ id }) => nodeId('PullRequest', id) === pullRequestId)
    if (!pull) continue
    const path = { o: repository.owner, r: repository.name }
    told(() => writable(state, who, path, 'pull_requests', 'read'), `${path.o}/${path.r}`)
    const actor = actorOf(state, who)
    const isTheirs = repository.issues.get(pull.number)?.author === actor || who.kind === 'installation'
    if (!isTheirs && !mayAs(roleOf(state, repository, actor), 'write')) break
    if (pull.draft !== isDraft) {
      pull.draft = isDraft
      tellOfPull(state, repository, pull, isDraft ? 'converted_to_draft' : 'ready_for_review', actor)
    }
    return { clientMutationId, pullRequest: { id: pullRequestId, number: pull.number, isDraft: pull.draft } }
  }
  throw failure('NOT_FOUND', `Could not resolve to a node with the global id of '${pullRequestId}'.`)
}

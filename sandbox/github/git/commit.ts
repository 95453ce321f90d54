import { instant } from '../answer.ts'
import { type GitHubState, idOf, type Repository } from '../state.ts'
import { account, nodeId } from '../users.ts'
import { changesBetween, fileJson } from './difference.ts'
import { gitOf, refName } from './git.ts'
import type { Git } from './git-state.ts'

import { EMPTY_TREE, type Signature } from './object.ts'

/** GitHub's own name under what its web pages and merges commit. */
export const WEB_FLOW = { name: 'GitHub', email: 'noreply@github.com' }
const SHA_LETTERS_MIN = 4

/** Somebody's name and address in commits: the address that GitHub makes up for those who hide theirs. */
export function identityOf(state: GitHubState, login: string): Signature {
  const email = `${idOf('user', login)}+${login}@users.noreply.github.com`
  return { name: login, email, seconds: Math.floor(state.now() / 1000) }
}

/** The commit that a branch, tag, full ref, SHA or the beginning of one names in a repository; `HEAD` is the default branch. */
export function resolveCommit(state: GitHubState, repository: Repository, name: string): string | undefined {
  const git = gitOf(state, repository)
  const wanted = name === 'HEAD' ? repository.defaultBranch : name
  const candidates = [`refs/heads/${wanted}`, `refs/tags/${wanted}`, wanted, `refs/${wanted}`]
  for (const ref of candidates) {
    const oid = ref.startsWith('refs/') ? git.ref(refName(repository, ref)) : undefined
    if (oid) return oid
  }
  if (/^[0-9a-f]{40}$/i.test(wanted)) return git.commit(wanted.toLowerCase()) ? wanted.toLowerCase() : undefined
  if (!/^[0-9a-f]+$/i.test(wanted) || wanted.length < SHA_LETTERS_MIN) return undefined
  return git.find(wanted.toLowerCase()).find((oid) => git.commit(oid))
}

/** Git's own part of a commit, as the git database's routes and others give it. */
export function gitCommitJson(git: Git, oid: string, repositoryUrl: string) {
  const commit = git.commit(oid)
  if (!commit) throw new Error(`There is no commit ${oid}`)
  const { tree, author, committer, message } = commit
  return {
    author: signatureJson(author),
    committer: signatureJson(committer),
    message,
    tree: { sha: tree, url: `${repositoryUrl}/git/trees/${tree}` },
    url: `${repositoryUrl}/git/commits/${oid}`,
    verification: { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null },
  }
}

/** A commit as the lists of commits have it. */
export function commitJson(state: GitHubState, repository: Repository, oid: string, origin: string) {
  const git = gitOf(state, repository)
  const fullName = `${repository.owner}/${repository.name}`
  const url = `${origin}/repos/${fullName}`
  const commit = git.commit(oid)
  const parents = (commit?.parents ?? []).map((sha) => ({
    sha,
    url: `${url}/commits/${sha}`,
    html_url: `${origin}/${fullName}/commit/${sha}`,
  }))
  return {
    sha: oid,
    node_id: nodeId(`Commit:${oid}`, repository.id),
    commit: { ...gitCommitJson(git, oid, url), comment_count: 0 },
    url: `${url}/commits/${oid}`,
    html_url: `${origin}/${fullName}/commit/${oid}`,
    comments_url: `${url}/commits/${oid}/comments`,
    author: writerJson(state, commit?.author, origin),
    committer: writerJson(state, commit?.committer, origin),
    parents,
  }
}

/** A commit's changes against its first parent, which one asked for alone has as well. */
export function changesOf(git: Git, oid: string) {
  const commit = git.commit(oid)
  const parent = commit?.parents[0]
  return changesBetween(git, (parent && git.commit(parent)?.tree) || EMPTY_TREE, commit?.tree ?? EMPTY_TREE)
}

/** Those changes as GitHub shows them, and how many lines they are. */
export function changesJson(git: Git, oid: string, repositoryUrl: string) {
  const files = changesOf(git, oid).map((change) => fileJson(git, change, repositoryUrl, oid))
  const sum = (key: 'additions' | 'deletions') => files.reduce((total, file) => total + file[key], 0)
  const [additions, deletions] = [sum('additions'), sum('deletions')]
  return { stats: { total: additions + deletions, additions, deletions }, files }
}

/** A commit as a push tells of it. */
export function pushedCommitJson(state: GitHubState, repository: Repository, oid: string) {
  const git = gitOf(state, repository)
  const commit = git.commit(oid)
  if (!commit) throw new Error(`There is no commit ${oid}`)
  const changes = changesOf(git, oid)
  const writer = ({ name, email }: Signature) => ({ name, email, username: loginOf(state, email) ?? null })
  return {
    id: oid,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: instant(commit.committer.seconds * 1000),
    url: `${state.url}/${repository.owner}/${repository.name}/commit/${oid}`,
    author: writer(commit.author),
    committer: writer(commit.committer),
    added: changes.flatMap(({ status, path }) => (status === 'added' || status === 'renamed' ? [path] : [])),
    removed: changes.flatMap(({ status, path, previousPath }) =>
      status === 'removed' ? [path] : previousPath ? [previousPath] : [],
    ),
    modified: changes.flatMap(({ status, path }) => (status === 'modified' ? [path] : [])),
  }
}

const signatureJson = ({ name, email, seconds }: Signature) => ({ name, email, date: instant(seconds * 1000) })

const loginOf = (state: GitHubState, email: string): string | undefined => {
  const login = /^\d+\+(.+)@users\.noreply\.github\.com$/.exec(email)?.[1]
  const isKnown = login && (state.users.has(login.toLowerCase()) || login.endsWith('[bot]'))
  return isKnown ? login : undefined
}

function writerJson(state: GitHubState, signature: Signature | undefined, origin: string) {
  const login = signature && loginOf(state, signature.email)
  return login ? account(state, login, origin) : null
}

import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { visible, writable } from '../access.ts'
import { type GitHubEnv, invalid, notFound, originOf } from '../answer.ts'
import { bodyOf, numberIn } from '../body.ts'
import { commitJson } from '../git/commit.ts'
import { branchTip, gitOf, refName } from '../git/git.ts'
import { commitsBetween } from '../git/history.ts'
import { editIssue, newIssue } from '../issues/issue-edit.ts'
import { paged } from '../paging.ts'
import { findRepository, type GitHubState, newId, type Repository, repositoryWithId } from '../state.ts'
import { actorOf, mayAs, roleOf } from '../users.ts'
import { pullCommits, pullFiles, pullJson, shortPullJson, tellOfPull } from './pull-json.ts'
import type { Pull } from './pull-state.ts'

const FILES_MAX = 3000
const COMMITS_MAX = 250

const NewPull = z.object({
  title: z.string().min(1),
  body: z.string().nullish(),
  head: z.string().min(1),
  head_repo: z.string().optional(),
  base: z.string().min(1),
  draft: z.boolean().default(false),
})
const PullEdit = z.object({
  title: z.string().min(1).optional(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']).optional(),
  base: z.string().optional(),
})

/** Pull requests: opening, listing, editing, and what they bring. */
export function pullRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const find = (c: Context<GitHubEnv>) => findPull(state, c, 'read')
  routes.get('/repos/:o/:r/pulls', (c) => {
    const repository = visible(state, c.var.who, c.req.param(), 'pull_requests')
    const found = wanted(state, repository, (name) => c.req.query(name))
    return c.json(paged(c, found).map((pull) => shortPullJson(state, repository, pull, originOf(c))))
  })
  routes.post('/repos/:o/:r/pulls', async (c) => {
    const repository = writable(state, c.var.who, c.req.param(), 'pull_requests', 'read')
    const pull = openPull(state, repository, await bodyOf(c, NewPull), actorOf(state, c.var.who))
    return c.json(pullJson(state, repository, pull, originOf(c)), 201)
  })
  routes.get('/repos/:o/:r/pulls/:n', (c) => {
    const { repository, pull } = find(c)
    return c.json(pullJson(state, repository, pull, originOf(c)))
  })
  routes.patch('/repos/:o/:r/pulls/:n', async (c) => {
    const { repository, pull, actor } = findPull(state, c, 'write')
    editPull(state, repository, pull, await bodyOf(c, PullEdit), actor)
    return c.json(pullJson(state, repository, pull, originOf(c)))
  })
  routes.get('/repos/:o/:r/pulls/:n/files', (c) => {
    const { repository, pull } = find(c)
    return c.json(paged(c, pullFiles(state, repository, pull, originOf(c)).slice(0, FILES_MAX)))
  })
  routes.get('/repos/:o/:r/pulls/:n/commits', (c) => {
    const { repository, pull } = find(c)
    const shas = pullCommits(state, repository, pull).slice(0, COMMITS_MAX)
    return c.json(paged(c, shas).map((sha) => commitJson(state, repository, sha, originOf(c))))
  })
  return routes
}

/** The pull request of an address, and who asks. Everybody who sees it may review; to write, one must be its author or have a role that may. */
export function findPull(state: GitHubState, c: Context<GitHubEnv>, level: 'read' | 'review' | 'write') {
  const path = { o: c.req.param('o') ?? '', r: c.req.param('r') ?? '' }
  const access = level === 'read' ? visible : writable
  const repository = access(state, c.var.who, path, 'pull_requests', 'read')
  const pull = repository.pulls.get(numberIn(c.req.param('n')))
  const issue = pull && repository.issues.get(pull.number)
  if (!pull || !issue) throw notFound()
  const actor = c.var.who.kind === 'nobody' ? '' : actorOf(state, c.var.who)
  const isTheirs = issue.author === actor || c.var.who.kind === 'installation'
  if (level === 'write' && !isTheirs && !mayAs(roleOf(state, repository, actor), 'triage')) throw notFound()
  return { repository, pull, issue, actor }
}

function openPull(state: GitHubState, base: Repository, asked: z.output<typeof NewPull>, actor: string): Pull {
  const head = headOf(state, base, asked)
  if (!head) throw invalid('PullRequest', 'head', 'invalid')
  const baseSha = branchTip(state, base, asked.base)
  if (!baseSha) throw invalid('PullRequest', 'base', 'invalid')
  const isSame = (pull: Pull) =>
    pull.headRepository === head.repository.id && pull.headBranch === head.branch && pull.base === asked.base
  const rival = [...base.pulls.values()].find((one) => isSame(one) && base.issues.get(one.number)?.state === 'open')
  const name = `${head.repository.owner}:${head.branch}`
  if (rival) throw invalid('PullRequest', 'head', 'custom', `A pull request already exists for ${name}.`)
  if (commitsBetween(gitOf(state, base), baseSha, head.sha).length === 0) {
    throw invalid('PullRequest', 'head', 'custom', `No commits between ${asked.base} and ${name}`)
  }
  const issue = newIssue(state, base, { title: asked.title, body: asked.body ?? null, author: actor })
  const pull: Pull = {
    id: newId(state),
    number: issue.number,
    headRepository: head.repository.id,
    headBranch: head.branch,
    headSha: head.sha,
    base: asked.base,
    baseSha,
    draft: asked.draft,
    mergedAt: null,
    mergedBy: null,
    mergeSha: null,
    reviews: [],
  }
  base.pulls.set(pull.number, pull)
  gitOf(state, base).setRef(refName(base, `refs/pull/${pull.number}/head`), head.sha)
  tellOfPull(state, base, pull, 'opened', actor)
  return pull
}

/** The branch a pull request comes from: `branch`, `owner:branch` or, with `head_repo`, one of the owner's repositories. */
function headOf(state: GitHubState, base: Repository, asked: { head: string; head_repo?: string | undefined }) {
  const [owner, branch] = asked.head.includes(':')
    ? (asked.head.split(/:(.*)/s) as [string, string])
    : [base.owner, asked.head]
  const network = [...state.repositories.values()].filter((one) => one.network === base.network)
  const named = asked.head_repo?.split('/').at(-1)?.toLowerCase()
  const repository = network.find((one) => {
    const isTheirs = one.owner.toLowerCase() === owner.toLowerCase()
    return (
      isTheirs &&
      (named ? one.name.toLowerCase() === named : one === base || owner.toLowerCase() !== base.owner.toLowerCase())
    )
  })
  const sha = repository && branchTip(state, repository, branch)
  return sha ? { repository, branch, sha } : undefined
}

function editPull(state: GitHubState, base: Repository, pull: Pull, edit: z.output<typeof PullEdit>, actor: string) {
  if (edit.base !== undefined && edit.base !== pull.base) {
    const sha = branchTip(state, base, edit.base)
    if (!sha) throw invalid('PullRequest', 'base', 'invalid')
    const changes = { base: { ref: { from: pull.base }, sha: { from: pull.baseSha } } }
    Object.assign(pull, { base: edit.base, baseSha: sha, baseChangedAt: state.now() })
    tellOfPull(state, base, pull, 'edited', actor, { changes })
  }
  if (edit.state === 'open') requireReopenable(state, base, pull)
  editIssue(state, base, pull.number, edit, actor)
}

/** Refuses to reopen what was merged, and what has lost its branch; takes up what its branch became meanwhile. */
export function requireReopenable(state: GitHubState, base: Repository, pull: Pull): void {
  if (base.issues.get(pull.number)?.state === 'open') return
  if (pull.mergedAt !== null)
    throw invalid('PullRequest', 'state', 'invalid', 'state cannot be changed. The pull request cannot be reopened.')
  const head = repositoryWithId(state, pull.headRepository)
  const sha = head && findRepository(state, head.owner, head.name) && branchTip(state, head, pull.headBranch)
  if (!sha)
    throw invalid(
      'PullRequest',
      'state',
      'invalid',
      `state cannot be changed. The ${pull.headBranch} branch was deleted.`,
    )
  pull.headSha = sha
  gitOf(state, base).setRef(refName(base, `refs/pull/${pull.number}/head`), sha)
}

function wanted(state: GitHubState, repository: Repository, query: (name: string) => string | undefined): Pull[] {
  const issueOf = ({ number }: Pull) => repository.issues.get(number)
  const which = query('state') ?? 'open'
  const [owner, branch] = query('head')?.split(/:(.*)/s) ?? []
  const found = [...repository.pulls.values()].filter((pull) => {
    const head = repositoryWithId(state, pull.headRepository)
    const isHead = !branch || (pull.headBranch === branch && head?.owner.toLowerCase() === owner?.toLowerCase())
    return isHead && (which === 'all' || issueOf(pull)?.state === which) && (query('base') ?? pull.base) === pull.base
  })
  const byUpdate = query('sort') === 'updated'
  const moment = (pull: Pull) => (byUpdate ? (issueOf(pull)?.updatedAt ?? 0) : pull.number)
  const direction = (query('direction') ?? (query('sort') ? 'asc' : 'desc')) === 'asc' ? 1 : -1
  return found.sort((one, other) => direction * (moment(one) - moment(other) || one.number - other.number))
}

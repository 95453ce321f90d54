import { type Context, Hono } from 'hono'
import { visible } from '../../access.ts'
import { type GitHubEnv, originOf, Refusal } from '../../answer.ts'
import { paged } from '../../paging.ts'
import { protectionJson } from '../../pulls/protection.ts'
import { pullCommits, shortPullJson } from '../../pulls/pull-json.ts'
import type { GitHubState, Repository } from '../../state.ts'
import { changesJson, commitJson, resolveCommit } from '../commit.ts'
import { branchTip, gitOf, refName } from '../git.ts'
import { newestFirst } from '../history.ts'
import { EMPTY_TREE } from '../object.ts'
import { entryAt } from '../tree.ts'

/** Branches and the commits on them. */
export function branchRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const find = (c: Context<GitHubEnv>) =>
    visible(state, c.var.who, { o: c.req.param('o') ?? '', r: c.req.param('r') ?? '' }, 'contents')
  routes.get('/repos/:o/:r/branches', (c) => {
    const repository = find(c)
    const prefix = refName(repository, 'refs/heads/')
    const branches = gitOf(state, repository).refs(prefix)
    const wanted =
      c.req.query('protected') === 'true'
        ? branches.filter(({ name }) => repository.protections.has(name.slice(prefix.length)))
        : branches
    return c.json(
      paged(c, wanted).map(({ name, oid }) => branchJson(repository, name.slice(prefix.length), oid, originOf(c))),
    )
  })
  routes.get('/repos/:o/:r/branches/:b', (c) => {
    const repository = find(c)
    const name = c.req.param('b')
    const oid = branchTip(state, repository, name)
    if (!oid) throw new Refusal(404, 'Branch not found')
    const page = `${originOf(c)}/${repository.owner}/${repository.name}/tree/${name}`
    const commit = commitJson(state, repository, oid, originOf(c))
    return c.json({
      ...branchJson(repository, name, oid, originOf(c)),
      commit,
      _links: { html: page, self: c.req.url },
    })
  })
  routes.get('/repos/:o/:r/commits', (c) => {
    const repository = find(c)
    const from = resolveCommit(state, repository, c.req.query('sha') || 'HEAD')
    if (!from) throw c.req.query('sha') ? new Refusal(404, 'Not Found') : new Refusal(409, 'Git Repository is empty.')
    const shas = historyOf(state, repository, from, (name) => c.req.query(name))
    return c.json(paged(c, shas).map((oid) => commitJson(state, repository, oid, originOf(c))))
  })
  routes.get('/repos/:o/:r/commits/:ref', (c) => {
    const repository = find(c)
    const ref = c.req.param('ref')
    const oid = resolveCommit(state, repository, ref)
    if (!oid) throw new Refusal(422, `No commit found for SHA: ${ref}`)
    if (/\bsha\b/.test(c.req.header('accept') ?? '')) return c.text(oid, 200, { etag: `"${oid}"` })
    const url = `${originOf(c)}/repos/${repository.owner}/${repository.name}`
    const { stats, files } = changesJson(gitOf(state, repository), oid, url)
    const page = paged(c, files, FILES_USUAL)
    return c.json({ ...commitJson(state, repository, oid, originOf(c)), stats, files: page })
  })
  routes.get('/repos/:o/:r/commits/:ref/pulls', (c) => {
    const repository = visible(state, c.var.who, c.req.param(), 'pull_requests')
    const oid = resolveCommit(state, repository, c.req.param('ref'))
    if (!oid) throw new Refusal(422, `No commit found for SHA: ${c.req.param('ref')}`)
    const bring = [...repository.pulls.values()].filter((pull) => {
      return pull.mergeSha === oid || pullCommits(state, repository, pull).includes(oid)
    })
    return c.json(paged(c, bring).map((pull) => shortPullJson(state, repository, pull, originOf(c))))
  })
  return routes
}

const FILES_USUAL = 300

function branchJson(repository: Repository, name: string, oid: string, origin: string) {
  const url = `${origin}/repos/${repository.owner}/${repository.name}`
  const protectionUrl = `${url}/branches/${encodeURIComponent(name)}/protection`
  const protection = repository.protections.get(name)
  const checks = protection ? protectionJson(protection, protectionUrl).required_status_checks : undefined
  return {
    name,
    commit: { sha: oid, url: `${url}/commits/${oid}` },
    protected: protection !== undefined,
    protection: {
      enabled: protection !== undefined,
      required_status_checks: { enforcement_level: checks ? 'non_admins' : 'off', contexts: checks?.contexts ?? [] },
    },
    protection_url: protectionUrl,
  }
}

function historyOf(
  state: GitHubState,
  repository: Repository,
  from: string,
  query: (name: string) => string | undefined,
): string[] {
  const git = gitOf(state, repository)
  const path = query('path')
  const [since, until] = [Date.parse(query('since') ?? ''), Date.parse(query('until') ?? '')]
  const at = (oid: string | undefined) => {
    const tree = oid && git.commit(oid)?.tree
    return entryAt(git, tree || EMPTY_TREE, path ?? '')?.oid
  }
  return newestFirst(git, from).filter((oid) => {
    const commit = git.commit(oid)
    const moment = (commit?.committer.seconds ?? 0) * 1000
    if (moment < since || moment > until) return false
    if (path === undefined) return true
    // A merge counts only where it brought what neither side had.
    return commit?.parents.length ? commit.parents.every((parent) => at(parent) !== at(oid)) : at(oid) !== undefined
  })
}

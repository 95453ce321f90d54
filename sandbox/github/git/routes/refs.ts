import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { visible, writable } from '../../access.ts'
import { type GitHubEnv, notFound, originOf, Refusal } from '../../answer.ts'
import { bodyOf } from '../../body.ts'
import { paged } from '../../paging.ts'
import type { GitHubState, Repository } from '../../state.ts'
import { actorOf, nodeId } from '../../users.ts'
import { gitOf, refName } from '../git.ts'
import { isAncestor } from '../history.ts'
import { moveRef, requireUnprotected } from '../push.ts'

const Sha = z.string().regex(/^[0-9a-f]{40}$/)
const NewRef = z.object({ ref: z.string(), sha: Sha })
const RefUpdate = z.object({ sha: Sha, force: z.boolean().default(false) })

/** Branches and tags as git's refs: read, made, moved, removed. */
export function refRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const show = (c: Context<GitHubEnv>, repository: Repository, ref: string, oid: string) =>
    refJson(state, repository, ref, oid, originOf(c))
  const oidOf = (repository: Repository, ref: string) => gitOf(state, repository).ref(refName(repository, ref))
  routes.get('/repos/:o/:r/git/ref/:ref{.+}', (c) => {
    const repository = visible(state, c.var.who, c.req.param(), 'contents')
    const ref = `refs/${c.req.param('ref')}`
    const oid = oidOf(repository, ref)
    if (!oid) throw notFound()
    return c.json(show(c, repository, ref, oid))
  })
  routes.get('/repos/:o/:r/git/matching-refs/:ref{.+}', (c) => {
    const repository = visible(state, c.var.who, c.req.param(), 'contents')
    const prefix = refName(repository, '')
    const found = gitOf(state, repository).refs(`${prefix}refs/${c.req.param('ref')}`)
    return c.json(paged(c, found).map(({ name, oid }) => show(c, repository, name.slice(prefix.length), oid)))
  })
  routes.post('/repos/:o/:r/git/refs', async (c) => {
    const repository = writable(state, c.var.who, c.req.param(), 'contents')
    const { ref, sha } = await bodyOf(c, NewRef)
    requireRefName(ref)
    requireObject(state, repository, ref, sha)
    if (oidOf(repository, ref)) throw new Refusal(422, 'Reference already exists')
    requireRoom(state, repository, ref)
    moveRef(state, repository, ref, sha, actorOf(state, c.var.who))
    return c.json(show(c, repository, ref, sha), 201)
  })
  routes.patch('/repos/:o/:r/git/refs/:ref{.+}', async (c) => {
    const repository = writable(state, c.var.who, c.req.param(), 'contents')
    const { sha, force } = await bodyOf(c, RefUpdate)
    const ref = `refs/${c.req.param('ref')}`
    const known = oidOf(repository, ref)
    if (!known) throw new Refusal(422, 'Reference does not exist')
    requireObject(state, repository, ref, sha)
    if (!force && !isAncestor(gitOf(state, repository), known, sha)) {
      throw new Refusal(422, 'Update is not a fast forward')
    }
    const actor = actorOf(state, c.var.who)
    requireUnprotected(state, repository, ref.replace(/^refs\/heads\//, ''), sha, actor, 422)
    moveRef(state, repository, ref, sha, actor)
    return c.json(show(c, repository, ref, sha))
  })
  routes.delete('/repos/:o/:r/git/refs/:ref{.+}', (c) => {
    const repository = writable(state, c.var.who, c.req.param(), 'contents')
    const ref = `refs/${c.req.param('ref')}`
    if (!oidOf(repository, ref)) throw new Refusal(422, 'Reference does not exist')
    if (ref === `refs/heads/${repository.defaultBranch}`) throw new Refusal(422, 'Cannot delete the default branch')
    if (repository.protections.has(ref.slice('refs/heads/'.length)))
      throw new Refusal(422, 'Cannot delete protected branch')
    moveRef(state, repository, ref, undefined, actorOf(state, c.var.who))
    return c.body(null, 204)
  })
  return routes
}

/** Refuses what git takes for no name of a branch or tag (https://git-scm.com/docs/git-check-ref-format). */
export function requireRefName(ref: string): void {
  const parts = ref.split('/')
  const isWhole = /^refs\/(heads|tags)\/./.test(ref) || /^refs\/(?!pull\/)[^/]+\/./.test(ref)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: git forbids just these
  const isClean = !/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\.$/.test(ref)
  if (isWhole && isClean && parts.every((part) => part && !part.startsWith('.') && !part.endsWith('.lock'))) return
  throw new Refusal(422, `${ref} is not a valid ref name.`)
}

/** Refuses a name that lies in the way of another's folder, or whose folder is a ref. */
export function requireRoom(state: GitHubState, repository: Repository, ref: string): void {
  const git = gitOf(state, repository)
  const parts = ref.split('/')
  const above = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join('/'))
  const isTaken = git.refs(refName(repository, `${ref}/`)).length > 0
  if (isTaken || above.some((one) => git.ref(refName(repository, one)))) {
    throw new Refusal(422, 'Reference update failed')
  }
}

function requireObject(state: GitHubState, repository: Repository, ref: string, sha: string): void {
  const type = gitOf(state, repository).typeOf(sha)
  if (!type || (ref.startsWith('refs/heads/') && type !== 'commit')) throw new Refusal(422, 'Object does not exist')
}

function refJson(state: GitHubState, repository: Repository, ref: string, oid: string, origin: string) {
  const url = `${origin}/repos/${repository.owner}/${repository.name}/git`
  const type = gitOf(state, repository).typeOf(oid) ?? 'commit'
  return {
    ref,
    node_id: nodeId(`Ref:${ref}`, repository.id),
    url: `${url}/${ref}`,
    object: { sha: oid, type, url: `${url}/${type}s/${oid}` },
  }
}

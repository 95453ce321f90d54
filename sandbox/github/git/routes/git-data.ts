import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { visible, writable } from '../../access.ts'
import { type GitHubEnv, notFound, originOf, Refusal } from '../../answer.ts'
import { bodyOf } from '../../body.ts'
import type { GitHubState, Repository } from '../../state.ts'
import { actorOf, nodeId } from '../../users.ts'
import { gitCommitJson, identityOf, resolveCommit } from '../commit.ts'
import { gitOf } from '../git.ts'
import type { Git } from '../git-state.ts'

import { EMPTY_TREE, type Signature } from '../object.ts'
import { entryAt, treeEntryJson, treeWith, walk } from '../tree.ts'

/** Beyond this many entries GitHub cuts a recursive listing off (https://docs.github.com/en/rest/git/trees). */
const TREE_ENTRIES_MAX = 100_000

const Sha = z.string().regex(/^[0-9a-f]{40}$/)
const NewBlob = z.object({ content: z.string(), encoding: z.enum(['utf-8', 'base64']).default('utf-8') })
const NewTree = z.object({
  base_tree: z.string().optional(),
  tree: z.array(
    z.object({
      path: z.string().min(1),
      mode: z.enum(['100644', '100755', '040000', '160000', '120000']).default('100644'),
      type: z.string().optional(),
      sha: Sha.nullish(),
      content: z.string().optional(),
    }),
  ),
})
const Identity = z.object({ name: z.string(), email: z.string(), date: z.string().optional() })
const NewCommit = z.object({
  message: z.string(),
  tree: Sha,
  parents: z.array(Sha).default([]),
  author: Identity.optional(),
  committer: Identity.optional(),
})

/** Git's objects by their SHA: blobs, trees and commits. */
export function gitDataRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const read = (c: Context<GitHubEnv>) => visible(state, c.var.who, pathOf(c), 'contents')
  const write = (c: Context<GitHubEnv>) => writable(state, c.var.who, pathOf(c), 'contents')
  const urlOf = (c: Context<GitHubEnv>, { owner, name }: Repository) => `${originOf(c)}/repos/${owner}/${name}`
  routes.get('/repos/:o/:r/git/blobs/:sha', (c) => {
    const repository = read(c)
    const sha = c.req.param('sha')
    const bytes = gitOf(state, repository).blob(sha)
    if (!bytes) throw notFound()
    if (/\braw\b/.test(c.req.header('accept') ?? '')) return c.body(new Uint8Array(bytes), 200, RAW)
    const url = `${urlOf(c, repository)}/git/blobs/${sha}`
    const content = wrapped(bytes)
    return c.json({
      sha,
      node_id: nodeId(`Blob:${sha}`, repository.id),
      size: bytes.length,
      url,
      content,
      encoding: 'base64',
    })
  })
  routes.post('/repos/:o/:r/git/blobs', async (c) => {
    const repository = write(c)
    const { content, encoding } = await bodyOf(c, NewBlob)
    const sha = gitOf(state, repository).write('blob', Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8'))
    return c.json({ sha, url: `${urlOf(c, repository)}/git/blobs/${sha}` }, 201)
  })
  routes.get('/repos/:o/:r/git/trees/:sha', (c) => {
    const repository = read(c)
    const git = gitOf(state, repository)
    const tree = treeOf(state, repository, c.req.param('sha'))
    if (!tree) throw notFound()
    return c.json(treeJson(git, tree, urlOf(c, repository), Boolean(c.req.query('recursive'))))
  })
  routes.post('/repos/:o/:r/git/trees', async (c) => {
    const repository = write(c)
    const sha = makeTree(state, repository, await bodyOf(c, NewTree))
    return c.json(treeJson(gitOf(state, repository), sha, urlOf(c, repository), false), 201)
  })
  routes.get('/repos/:o/:r/git/commits/:sha', (c) => {
    const repository = read(c)
    if (!gitOf(state, repository).commit(c.req.param('sha'))) throw notFound()
    return c.json(wholeCommitJson(state, repository, c.req.param('sha'), originOf(c)))
  })
  routes.post('/repos/:o/:r/git/commits', async (c) => {
    const repository = write(c)
    const git = gitOf(state, repository)
    const { tree, parents, message, author, committer } = await bodyOf(c, NewCommit)
    if (!git.tree(tree)) throw new Refusal(422, 'Tree SHA does not exist')
    if (parents.some((parent) => !git.commit(parent)))
      throw new Refusal(422, 'Parent SHA does not exist or is not a commit object')
    const usual = identityOf(state, actorOf(state, c.var.who))
    const wrote = author ? signature(author, usual) : usual
    const made = committer ? signature(committer, usual) : wrote
    const sha = git.writeCommit({ tree, parents, message, author: wrote, committer: made })
    return c.json(wholeCommitJson(state, repository, sha, originOf(c)), 201)
  })
  return routes
}

/** A commit of the git database, with its SHA, its parents and where people look at it. */
export function wholeCommitJson(state: GitHubState, repository: Repository, sha: string, origin: string) {
  const git = gitOf(state, repository)
  const fullName = `${repository.owner}/${repository.name}`
  const url = `${origin}/repos/${fullName}`
  const page = `${origin}/${fullName}/commit`
  return {
    sha,
    node_id: nodeId(`Commit:${sha}`, repository.id),
    ...gitCommitJson(git, sha, url),
    html_url: `${page}/${sha}`,
    parents: (git.commit(sha)?.parents ?? []).map((one) => {
      return { sha: one, url: `${url}/git/commits/${one}`, html_url: `${page}/${one}` }
    }),
  }
}

/** The writer a request names, at their own time or now. */
export function signature({ name, email, date }: z.output<typeof Identity>, usual: Signature): Signature {
  const at = date === undefined ? usual.seconds : Math.floor(Date.parse(date) / 1000)
  if (Number.isNaN(at)) throw new Refusal(422, 'Invalid request.\n\ndate is not a valid date.')
  return { name, email, seconds: at }
}

/** Base64 in lines, as GitHub writes it. */
export const wrapped = (bytes: Buffer): string => bytes.toString('base64').replace(/.{1,60}/g, (line) => `${line}\n`)

/** How raw bytes are announced. */
export const RAW = { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' }

/** A path that git lets no tree have. */
export const isForbiddenPath = (path: string): boolean =>
  path.split('/').some((part) => part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git')

function treeOf(state: GitHubState, repository: Repository, name: string): string | undefined {
  const git = gitOf(state, repository)
  if (git.tree(name)) return name
  const [ref = '', path = ''] = name.split(/:(.*)/s)
  const commit = resolveCommit(state, repository, ref)
  const entry = commit && entryAt(git, git.commit(commit)?.tree ?? EMPTY_TREE, path)
  return entry && git.tree(entry.oid) ? entry.oid : undefined
}

function makeTree(state: GitHubState, repository: Repository, asked: z.output<typeof NewTree>): string {
  const git = gitOf(state, repository)
  const base = asked.base_tree === undefined ? EMPTY_TREE : treeOf(state, repository, asked.base_tree)
  if (!base) throw new Refusal(422, 'base_tree is not a valid tree oid')
  const changes = asked.tree.map(({ path, mode, sha, content }) => {
    if (isForbiddenPath(path)) throw new Refusal(422, `tree.path contains a malformed path component: ${path}`)
    if (sha === null) return [path, null] as const
    if (sha === undefined) return [path, { mode, oid: git.write('blob', Buffer.from(content ?? '')) }] as const
    if (mode !== '160000' && !git.typeOf(sha)) throw new Refusal(422, `tree.sha ${sha} is not a valid blob`)
    return [path, { mode, oid: sha }] as const
  })
  return treeWith(git, base, new Map(changes))
}

function treeJson(git: Git, sha: string, repositoryUrl: string, recursive: boolean) {
  const entries = recursive
    ? walk(git, sha)
    : (git.tree(sha) ?? []).map(({ name, mode, oid }) => ({ path: name, mode, oid }))
  return {
    sha,
    url: `${repositoryUrl}/git/trees/${sha}`,
    tree: entries.slice(0, TREE_ENTRIES_MAX).map((entry) => treeEntryJson(git, repositoryUrl, entry)),
    truncated: entries.length > TREE_ENTRIES_MAX,
  }
}

const pathOf = (c: Context) => ({ o: c.req.param('o') ?? '', r: c.req.param('r') ?? '' })

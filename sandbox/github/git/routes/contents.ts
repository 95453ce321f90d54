import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { visible, writable } from '../../access.ts'
import { type GitHubEnv, notFound, originOf, Refusal } from '../../answer.ts'
import { bodyOf } from '../../body.ts'
import type { GitHubState, Repository } from '../../state.ts'
import { actorOf } from '../../users.ts'
import { identityOf, resolveCommit, WEB_FLOW } from '../commit.ts'
import { branchTip, gitOf, refName } from '../git.ts'
import { EMPTY_TREE, FILE_MODE, type Signature, typeOfMode } from '../object.ts'
import { moveRef, requireUnprotected } from '../push.ts'
import { entryAt, type PathEntry, treeWith } from '../tree.ts'
import { isForbiddenPath, RAW, signature, wholeCommitJson, wrapped } from './git-data.ts'

/** Above this GitHub leaves the text out of the JSON; above the next it gives nothing (https://docs.github.com/en/rest/repos/contents). */
const INLINE_BYTES_MAX = 1024 * 1024
const FILE_BYTES_MAX = 100 * 1024 * 1024
const FOLDER_ENTRIES_MAX = 1000

const Identity = z.object({ name: z.string(), email: z.string(), date: z.string().optional() })
const Common = {
  message: z.string().min(1),
  branch: z.string().optional(),
  author: Identity.optional(),
  committer: Identity.optional(),
}
const Put = z.object({ ...Common, content: z.string(), sha: z.string().optional() })
const Delete = z.object({ ...Common, sha: z.string({ error: '"sha" wasn\'t supplied.' }) })
type Change = z.output<typeof Put> | z.output<typeof Delete>

/** Files and folders by their path; putting and deleting one makes a commit. */
export function contentRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const one = '/repos/:o/:r/contents/:path{.+}'
  const show = (c: Context<GitHubEnv>, path: string) => {
    const repository = visible(state, c.var.who, { o: c.req.param('o') ?? '', r: c.req.param('r') ?? '' }, 'contents')
    const ref = c.req.query('ref') || repository.defaultBranch
    const commit = resolveCommit(state, repository, ref)
    if (!commit && !branchTip(state, repository, repository.defaultBranch))
      throw new Refusal(404, 'This repository is empty.')
    if (!commit) throw new Refusal(404, `No commit found for the ref ${ref}`)
    const git = gitOf(state, repository)
    const entry = entryAt(git, git.commit(commit)?.tree ?? EMPTY_TREE, path)
    if (!entry) throw notFound()
    return answer(c, state, repository, entry, ref)
  }
  routes.get('/repos/:o/:r/contents', (c) => show(c, ''))
  routes.get('/repos/:o/:r/contents/', (c) => show(c, ''))
  routes.get(one, (c) => show(c, c.req.param('path')))
  routes.put(one, async (c) => {
    const repository = writable(state, c.var.who, c.req.param(), 'contents')
    const { commit, known } = change(
      state,
      repository,
      c.req.param('path'),
      await bodyOf(c, Put),
      actorOf(state, c.var.who),
    )
    const git = gitOf(state, repository)
    const entry = entryAt(git, git.commit(commit)?.tree ?? EMPTY_TREE, c.req.param('path'))
    const content =
      entry && entryJson(state, repository, entry, c.req.query('ref') ?? repository.defaultBranch, originOf(c))
    const body = { content, commit: wholeCommitJson(state, repository, commit, originOf(c)) }
    return c.json(body, known ? 200 : 201)
  })
  routes.delete(one, async (c) => {
    const repository = writable(state, c.var.who, c.req.param(), 'contents')
    const text = await c.req.text() // Octokit puts what it says into the address
    const asked = text ? await bodyOf(c, Delete) : parsed(Delete, c.req.query())
    const { commit } = change(state, repository, c.req.param('path'), asked, actorOf(state, c.var.who))
    return c.json({ content: null, commit: wholeCommitJson(state, repository, commit, originOf(c)) })
  })
  return routes
}

function answer(c: Context<GitHubEnv>, state: GitHubState, repository: Repository, entry: PathEntry, ref: string) {
  const git = gitOf(state, repository)
  const accept = c.req.header('accept') ?? ''
  const json = (one: PathEntry) => entryJson(state, repository, one, ref, originOf(c))
  if (typeOfMode(entry.mode) === 'tree') {
    const inside = (git.tree(entry.oid) ?? []).slice(0, FOLDER_ENTRIES_MAX).map(({ name, mode, oid }) => {
      return json({ path: entry.path ? `${entry.path}/${name}` : name, mode, oid })
    })
    return /\bobject\b/.test(accept) ? c.json({ ...json(entry), entries: inside }) : c.json(inside)
  }
  const bytes = git.blob(entry.oid)
  if (!bytes) throw notFound()
  if (bytes.length > FILE_BYTES_MAX) throw new Refusal(403, 'This API returns blobs up to 100 MB in size.')
  if (/\braw\b/.test(accept)) return c.body(new Uint8Array(bytes), 200, RAW)
  const isInline = bytes.length <= INLINE_BYTES_MAX
  return c.json({ ...json(entry), content: isInline ? wrapped(bytes) : '', encoding: isInline ? 'base64' : 'none' })
}

function entryJson(state: GitHubState, repository: Repository, entry: PathEntry, ref: string, origin: string) {
  const git = gitOf(state, repository)
  const fullName = `${repository.owner}/${repository.name}`
  const kind = typeOfMode(entry.mode)
  const encoded = entry.path.split('/').map(encodeURIComponent).join('/')
  const url = `${origin}/repos/${fullName}/contents/${encoded}?ref=${encodeURIComponent(ref)}`
  const gitUrl = `${origin}/repos/${fullName}/git/${kind}s/${entry.oid}`
  const page = `${origin}/${fullName}/${kind}/${ref}/${encoded}`
  return {
    name: entry.path.split('/').at(-1) ?? '',
    path: entry.path,
    sha: entry.oid,
    size: kind === 'blob' ? (git.blob(entry.oid)?.length ?? 0) : 0,
    url,
    html_url: page,
    git_url: gitUrl,
    download_url: kind === 'blob' ? `${origin}/${fullName}/raw/${ref}/${encoded}` : null,
    type: TYPES[entry.mode] ?? 'file',
    _links: { self: url, git: gitUrl, html: page },
  }
}

const TYPES: Record<string, string> = { '040000': 'dir', '120000': 'symlink', '160000': 'submodule' }

/** Commits one changed path, when the SHA that was said is that of what lies there. */
function change(state: GitHubState, repository: Repository, path: string, asked: Change, actor: string) {
  const git = gitOf(state, repository)
  const branch = asked.branch ?? repository.defaultBranch
  const parent = branchTip(state, repository, branch)
  const isEmpty = git.refs(refName(repository, 'refs/heads/')).length === 0
  if (!parent && !(isEmpty && branch === repository.defaultBranch)) throw new Refusal(404, `Branch ${branch} not found`)
  if (isForbiddenPath(path)) throw new Refusal(422, 'path contains a malformed path component')
  const base = (parent && git.commit(parent)?.tree) || EMPTY_TREE
  const known = entryAt(git, base, path)
  const isDeletion = !('content' in asked)
  if (!known && isDeletion) throw notFound()
  if (known && asked.sha === undefined) throw new Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
  if (asked.sha !== undefined && known?.oid !== asked.sha) throw new Refusal(409, `${path} does not match ${asked.sha}`)
  const oid = isDeletion ? undefined : git.write('blob', Buffer.from(asked.content, 'base64'))
  const tree = treeWith(git, base, new Map([[path, oid ? { mode: known?.mode ?? FILE_MODE, oid } : null]]))
  const usual = identityOf(state, actor)
  const author = asked.author ? signature(asked.author, usual) : usual
  const web: Signature = { ...WEB_FLOW, seconds: usual.seconds }
  const committer = asked.committer ? signature(asked.committer, usual) : web
  const commit = git.writeCommit({ tree, parents: parent ? [parent] : [], author, committer, message: asked.message })
  requireUnprotected(state, repository, branch, commit, actor, 409)
  moveRef(state, repository, `refs/heads/${branch}`, commit, actor)
  return { commit, known }
}

function parsed<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input)
  if (!result.success) throw new Refusal(422, `Invalid request.\n\n${z.prettifyError(result.error)}`)
  return result.data
}

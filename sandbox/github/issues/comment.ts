import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { visible } from '../access.ts'
import { type GitHubEnv, notFound, originOf, Refusal } from '../answer.ts'
import { emit } from '../apps/webhooks.ts'
import { bodyOf, numberIn } from '../body.ts'
import { paged } from '../paging.ts'
import { type GitHubState, newId, type Repository } from '../state.ts'
import { account } from '../users.ts'
import { findIssue, mayTriage } from './issue.ts'
import { commentJson, issueJson } from './issue-json.ts'
import type { Comment, Issue } from './issue-state.ts'

const BODY_LETTERS_MAX = 65_536
const CommentRequest = z.object({ body: z.string().min(1).max(BODY_LETTERS_MAX) })

/** Comments on issues and pull requests. */
export function commentRoutes(state: GitHubState): Hono<GitHubEnv> {
  const ofIssue = '/repos/:o/:r/issues/:n/comments'
  const one = '/repos/:o/:r/issues/comments/:id'
  const routes = new Hono<GitHubEnv>()
  const tell = (repository: Repository, issue: Issue, comment: Comment, action: string, actor: string, more = {}) => {
    emit(state, 'issue_comment', repository, {
      action,
      issue: issueJson(state, repository, issue, state.url),
      comment: commentJson(state, repository, issue, comment, state.url),
      ...more,
      sender: account(state, actor, state.url),
    })
  }
  routes.get(ofIssue, (c) => {
    const { repository, issue } = findIssue(state, c, 'read')
    const since = Date.parse(c.req.query('since') ?? '') || 0
    const comments = [...issue.comments.values()].filter(({ updatedAt }) => updatedAt >= since)
    return c.json(paged(c, comments).map((comment) => commentJson(state, repository, issue, comment, originOf(c))))
  })
  routes.post(ofIssue, async (c) => {
    const { repository, issue, actor } = findIssue(state, c, 'write')
    const { body } = await bodyOf(c, CommentRequest)
    const at = state.now()
    const comment: Comment = { id: newId(state), author: actor, body, at, updatedAt: at, reactions: [] }
    issue.comments.set(comment.id, comment)
    issue.updatedAt = at
    tell(repository, issue, comment, 'created', actor)
    return c.json(commentJson(state, repository, issue, comment, originOf(c)), 201)
  })
  routes.get(one, (c) => {
    const { repository, issue, comment } = findComment(state, c, 'read')
    return c.json(commentJson(state, repository, issue, comment, originOf(c)))
  })
  routes.patch(one, async (c) => {
    const { repository, issue, comment, actor } = findComment(state, c, 'write')
    const { body } = await bodyOf(c, CommentRequest)
    requireTheirs(state, c, repository, comment, actor)
    const changes = { body: { from: comment.body } }
    Object.assign(comment, { body, updatedAt: state.now() })
    tell(repository, issue, comment, 'edited', actor, { changes })
    return c.json(commentJson(state, repository, issue, comment, originOf(c)))
  })
  routes.delete(one, (c) => {
    const { repository, issue, comment, actor } = findComment(state, c, 'write')
    requireTheirs(state, c, repository, comment, actor)
    issue.comments.delete(comment.id)
    tell(repository, issue, comment, 'deleted', actor)
    return c.body(null, 204)
  })
  return routes
}

/** The comment of an address, with its issue. */
export function findComment(state: GitHubState, c: Context<GitHubEnv>, level: 'read' | 'write') {
  const path = { o: c.req.param('o') ?? '', r: c.req.param('r') ?? '' }
  const id = numberIn(c.req.param('id'))
  const { issues } = visible(state, c.var.who, path, 'metadata')
  const number = [...issues.values()].find(({ comments }) => comments.has(id))?.number
  if (number === undefined) throw notFound()
  const found = findIssue(state, c, level, number)
  const comment = found.issue.comments.get(id)
  if (!comment) throw notFound()
  return { ...found, comment }
}

function requireTheirs(
  state: GitHubState,
  c: Context<GitHubEnv>,
  repository: Repository,
  comment: Comment,
  actor: string,
): void {
  if (comment.author === actor || mayTriage(state, c, repository, 'write')) return
  throw new Refusal(403, 'Must have admin rights to Repository.')
}

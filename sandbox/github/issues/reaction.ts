import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { type GitHubEnv, instant, originOf } from '../answer.ts'
import { bodyOf } from '../body.ts'
import { paged } from '../paging.ts'
import { type GitHubState, newId } from '../state.ts'
import { account, nodeId } from '../users.ts'
import { findComment } from './comment.ts'
import { findIssue } from './issue.ts'
import type { Reaction } from './issue-state.ts'
import { REACTIONS } from './issue-state.ts'

const ReactionRequest = z.object({ content: z.enum(REACTIONS) })

/** Reactions to issues and to comments. */
export function reactionRoutes(state: GitHubState): Hono<GitHubEnv> {
  const list = (c: Context<GitHubEnv>, reactions: readonly Reaction[]) =>
    c.json(paged(c, reactions).map((one) => reactionJson(state, one, originOf(c))))
  const add = async (c: Context<GitHubEnv>, reactions: Reaction[], author: string) => {
    const { content } = await bodyOf(c, ReactionRequest)
    const known = reactions.find((one) => one.author === author && one.content === content)
    const reaction = known ?? { id: newId(state), author, content, at: state.now() }
    if (!known) reactions.push(reaction)
    return c.json(reactionJson(state, reaction, originOf(c)), known ? 200 : 201)
  }
  return new Hono<GitHubEnv>()
    .get('/repos/:o/:r/issues/comments/:id/reactions', (c) => list(c, findComment(state, c, 'read').comment.reactions))
    .post('/repos/:o/:r/issues/comments/:id/reactions', (c) => {
      const { comment, actor } = findComment(state, c, 'write')
      return add(c, comment.reactions, actor)
    })
    .get('/repos/:o/:r/issues/:n/reactions', (c) => list(c, findIssue(state, c, 'read').issue.reactions))
    .post('/repos/:o/:r/issues/:n/reactions', (c) => {
      const { issue, actor } = findIssue(state, c, 'write')
      return add(c, issue.reactions, actor)
    })
}

const reactionJson = (state: GitHubState, { id, author, content, at }: Reaction, origin: string) => ({
  id,
  node_id: nodeId('Reaction', id),
  user: account(state, author, origin),
  content,
  created_at: instant(at),
})

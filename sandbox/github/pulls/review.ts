import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { type GitHubEnv, instant, notFound, originOf, Refusal } from '../answer.ts'
import { emit } from '../apps/webhooks.ts'
import { bodyOf, numberIn } from '../body.ts'
import { paged } from '../paging.ts'
import { type GitHubState, newId, type Repository } from '../state.ts'
import { account, associationOf, mayAs, nodeId, roleOf } from '../users.ts'
import { findPull } from './pull.ts'
import { shortPullJson } from './pull-json.ts'
import type { Pull, Review } from './pull-state.ts'

const EVENTS = { APPROVE: 'APPROVED', REQUEST_CHANGES: 'CHANGES_REQUESTED', COMMENT: 'COMMENTED' } as const
const Event = z.enum(['APPROVE', 'REQUEST_CHANGES', 'COMMENT'])
const ReviewRequest = z.object({ event: Event.optional(), body: z.string().nullish(), commit_id: z.string().nullish() })
const Submission = z.object({ event: Event, body: z.string().nullish() })
const Dismissal = z.object({ message: z.string().min(1) })

/** Reviews of pull requests: given, looked at, dismissed. */
export function reviewRoutes(state: GitHubState): Hono<GitHubEnv> {
  const all = '/repos/:o/:r/pulls/:n/reviews'
  const find = (c: Context<GitHubEnv>, level: 'read' | 'review') => {
    const found = findPull(state, c, level)
    const review = found.pull.reviews.find(({ id }) => id === numberIn(c.req.param('id')))
    if (!review) throw notFound()
    return { ...found, review }
  }
  return new Hono<GitHubEnv>()
    .get(all, (c) => {
      const { repository, pull } = findPull(state, c, 'read')
      return c.json(paged(c, pull.reviews).map((one) => reviewJson(state, repository, pull, one, originOf(c))))
    })
    .post(all, async (c) => {
      const { repository, pull, issue, actor } = findPull(state, c, 'review')
      const { event, body, commit_id } = await bodyOf(c, ReviewRequest)
      requireReview(event, body, issue.author === actor)
      const stated = event ? EVENTS[event] : 'PENDING'
      const sha = commit_id ?? pull.headSha
      const review: Review = { id: newId(state), author: actor, body: body ?? '', state: stated, sha, at: state.now() }
      pull.reviews.push(review)
      if (event) tell(state, repository, pull, review, 'submitted', actor)
      return c.json(reviewJson(state, repository, pull, review, originOf(c)))
    })
    .get(`${all}/:id`, (c) => {
      const { repository, pull, review } = find(c, 'read')
      return c.json(reviewJson(state, repository, pull, review, originOf(c)))
    })
    .post(`${all}/:id/events`, async (c) => {
      const { repository, pull, issue, review, actor } = find(c, 'review')
      const { event, body } = await bodyOf(c, Submission)
      requireReview(event, body ?? review.body, issue.author === actor)
      if (review.author !== actor || review.state !== 'PENDING') throw new Refusal(422, 'Could not submit review.')
      Object.assign(review, { state: EVENTS[event], body: body ?? review.body, at: state.now() })
      tell(state, repository, pull, review, 'submitted', actor)
      return c.json(reviewJson(state, repository, pull, review, originOf(c)))
    })
    .put(`${all}/:id/dismissals`, async (c) => {
      const { repository, pull, review, actor } = find(c, 'review')
      await bodyOf(c, Dismissal)
      const isAllowed = c.var.who.kind === 'installation' || mayAs(roleOf(state, repository, actor), 'write')
      if (!isAllowed) throw notFound()
      if (review.state !== 'APPROVED' && review.state !== 'CHANGES_REQUESTED') {
        throw new Refusal(422, `Can not dismiss a ${review.state.toLowerCase()} pull request review`)
      }
      review.state = 'DISMISSED'
      tell(state, repository, pull, review, 'dismissed', actor)
      return c.json(reviewJson(state, repository, pull, review, originOf(c)))
    })
}

function requireReview(event: z.output<typeof Event> | undefined, body: string | null | undefined, isTheirs: boolean) {
  const isVerdict = event === 'APPROVE' || event === 'REQUEST_CHANGES'
  if (isVerdict && isTheirs) {
    const what = event === 'APPROVE' ? 'approve' : 'request changes on'
    throw new Refusal(422, `Review Can not ${what} your own pull request`)
  }
  if ((event === 'REQUEST_CHANGES' || event === 'COMMENT') && !body) {
    throw new Refusal(422, 'Unprocessable Entity: body is required')
  }
}

function tell(state: GitHubState, base: Repository, pull: Pull, review: Review, action: string, actor: string): void {
  const json = reviewJson(state, base, pull, review, state.url)
  emit(state, 'pull_request_review', base, {
    action,
    review: { ...json, state: review.state.toLowerCase() }, // events say it in small letters
    pull_request: shortPullJson(state, base, pull, state.url),
    sender: account(state, actor, state.url),
  })
}

function reviewJson(state: GitHubState, base: Repository, pull: Pull, review: Review, origin: string) {
  const fullName = `${base.owner}/${base.name}`
  const page = `${origin}/${fullName}/pull/${pull.number}#pullrequestreview-${review.id}`
  const pullUrl = `${origin}/repos/${fullName}/pulls/${pull.number}`
  return {
    id: review.id,
    node_id: nodeId('PullRequestReview', review.id),
    user: account(state, review.author, origin),
    author_association: associationOf(state, base, review.author),
    body: review.body,
    state: review.state,
    commit_id: review.sha,
    submitted_at: instant(review.at),
    html_url: page,
    pull_request_url: pullUrl,
    _links: { html: { href: page }, pull_request: { href: pullUrl } },
  }
}

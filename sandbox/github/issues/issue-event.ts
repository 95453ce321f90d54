import { Hono } from 'hono'
import { visible } from '../access.ts'
import { type GitHubEnv, instant, notFound, originOf } from '../answer.ts'
import { paged } from '../paging.ts'
import { type GitHubState, newId } from '../state.ts'
import { account, nodeId } from '../users.ts'
import type { Issue, IssueEvent } from './issue-state.ts'

/** Remembers what was done. */
export function noteEvent(state: GitHubState, issue: Issue, event: IssueEvent['event'], actor: string): void {
  issue.events = [...(issue.events ?? []), { id: newId(state), event, actor, at: state.now() }]
}

/** What was done with one issue: https://docs.github.com/en/rest/issues/events#list-issue-events */
export function issueEventRoutes(state: GitHubState): Hono<GitHubEnv> {
  return new Hono<GitHubEnv>().get('/repos/:o/:r/issues/:n/events', (c) => {
    const number = Number(c.req.param('n'))
    const { pulls, ...repository } = visible(state, c.var.who, c.req.param(), 'metadata')
    visible(state, c.var.who, c.req.param(), pulls.has(number) ? 'pull_requests' : 'issues')
    const issue = repository.issues.get(number)
    if (!issue) throw notFound()
    const events = paged(c, issue.events ?? []).map(({ id, event, actor, at }) => {
      const url = `${originOf(c)}/repos/${repository.owner}/${repository.name}/issues/events/${id}`
      const moment = { commit_id: null, commit_url: null, created_at: instant(at) }
      return { id, node_id: nodeId('Event', id), url, actor: account(state, actor, originOf(c)), event, ...moment }
    })
    return c.json(events)
  })
}

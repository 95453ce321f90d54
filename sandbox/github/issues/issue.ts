import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { visible, writable } from '../access.ts'
import { type GitHubEnv, invalid, notFound, originOf, Refusal } from '../answer.ts'
import { bodyOf, numberIn } from '../body.ts'
import { paged } from '../paging.ts'
import { requireReopenable } from '../pulls/pull.ts'
import type { GitHubState, Repository } from '../state.ts'
import { actorOf, mayAs, roleOf } from '../users.ts'
import { addLabels, editIssue, newIssue, removeLabels, tellOfIssue } from './issue-edit.ts'
import { issueJson, labelJson } from './issue-json.ts'
import type { Issue } from './issue-state.ts'

const BODY_LETTERS_MAX = 65_536
const Body = z.string().max(BODY_LETTERS_MAX, 'body is too long (maximum is 65536 characters)').nullish()
const Labels = z.array(z.union([z.string().min(1), z.object({ name: z.string().min(1) })]))
const NewIssue = z.object({
  title: z.union([z.string().min(1), z.number()]),
  body: Body,
  labels: Labels.default([]),
  assignees: z.array(z.string()).default([]),
})
const Edit = z.object({
  title: z.string().min(1).optional(),
  body: Body,
  state: z.enum(['open', 'closed']).optional(),
  state_reason: z.enum(['completed', 'not_planned', 'reopened', 'duplicate']).nullish(),
  labels: Labels.optional(),
  assignees: z.array(z.string()).optional(),
})
const NewLabel = z.object({ name: z.string().min(1), color: z.string().optional() })
const MoreLabels = z.union([z.object({ labels: Labels }), Labels])

/** Issues, among them pull requests, and their labels. */
export function issueRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const show = (c: Context<GitHubEnv>, repository: Repository, issue: Issue) =>
    issueJson(state, repository, issue, originOf(c))
  routes.get('/repos/:o/:r/issues', (c) => {
    const repository = visible(state, c.var.who, c.req.param(), 'issues')
    const found = wanted(repository, (name) => c.req.query(name))
    return c.json(paged(c, found).map((issue) => show(c, repository, issue)))
  })
  routes.post('/repos/:o/:r/issues', async (c) => {
    const repository = writable(state, c.var.who, c.req.param(), 'issues', 'read')
    const { title, body, labels, assignees } = await bodyOf(c, NewIssue)
    const actor = actorOf(state, c.var.who)
    const issue = newIssue(state, repository, { title: String(title), body: body ?? null, author: actor })
    if (mayTriage(state, c, repository)) issue.assignees = assignees
    tellOfIssue(state, repository, issue, 'opened', actor)
    if (mayTriage(state, c, repository)) addLabels(state, repository, issue, labels.map(nameOf), actor)
    return c.json(show(c, repository, issue), 201)
  })
  routes.get('/repos/:o/:r/issues/:n', (c) => {
    const { repository, issue } = findIssue(state, c, 'read')
    return c.json(show(c, repository, issue))
  })
  routes.patch('/repos/:o/:r/issues/:n', async (c) => {
    const { repository, issue, actor } = findIssue(state, c, 'write')
    const edit = await bodyOf(c, Edit)
    if (issue.author !== actor && !mayTriage(state, c, repository))
      throw new Refusal(403, 'Must have admin rights to Repository.')
    const pull = repository.pulls.get(issue.number)
    if (pull && edit.state === 'open') requireReopenable(state, repository, pull)
    editIssue(state, repository, issue.number, { ...edit, state_reason: edit.state_reason ?? undefined }, actor)
    if (edit.labels) setLabels(state, repository, issue, edit.labels.map(nameOf), actor)
    if (edit.assignees) issue.assignees = edit.assignees
    return c.json(show(c, repository, issue))
  })
  return routes
}

/** Labels of repositories and of issues. */
export function labelRoutes(state: GitHubState): Hono<GitHubEnv> {
  const ofIssue = '/repos/:o/:r/issues/:n/labels'
  const list = (c: Context<GitHubEnv>, repository: Repository, names: readonly string[]) =>
    names.map((name) => labelJson(repository, name, originOf(c)))
  const change = async (c: Context<GitHubEnv>, apply: typeof addLabels) => {
    const { repository, issue, actor } = findIssue(state, c, 'write')
    if (!mayTriage(state, c, repository)) throw notFound()
    const asked = await bodyOf(c, MoreLabels)
    apply(state, repository, issue, ('labels' in asked ? asked.labels : asked).map(nameOf), actor)
    return c.json(list(c, repository, issue.labels))
  }
  return new Hono<GitHubEnv>()
    .get('/repos/:o/:r/labels', (c) => {
      const repository = visible(state, c.var.who, c.req.param(), 'issues')
      return c.json(list(c, repository, paged(c, [...repository.labels.keys()])))
    })
    .post('/repos/:o/:r/labels', async (c) => {
      const repository = writable(state, c.var.who, c.req.param(), 'issues', 'write')
      const { name, color } = await bodyOf(c, NewLabel)
      if (repository.labels.has(name)) throw invalid('Label', 'name', 'already_exists')
      repository.labels.set(name, color ?? 'ededed')
      return c.json(labelJson(repository, name, originOf(c)), 201)
    })
    .get(ofIssue, (c) => {
      const { repository, issue } = findIssue(state, c, 'read')
      return c.json(list(c, repository, paged(c, issue.labels)))
    })
    .post(ofIssue, (c) => change(c, addLabels))
    .put(ofIssue, (c) => change(c, setLabels))
    .delete(`${ofIssue}/:name`, (c) => {
      const { repository, issue, actor } = findIssue(state, c, 'write')
      if (!mayTriage(state, c, repository)) throw notFound()
      if (!issue.labels.includes(c.req.param('name'))) throw new Refusal(404, 'Label does not exist')
      removeLabels(state, repository, issue, [c.req.param('name')], actor)
      return c.json(list(c, repository, issue.labels))
    })
}

/** The issue of an address, and who asks. A pull request's may also be had with the permission for pull requests. */
export function findIssue(
  state: GitHubState,
  c: Context<GitHubEnv>,
  level: 'read' | 'write',
  number = numberIn(c.req.param('n')),
) {
  const path = { o: c.req.param('o') ?? '', r: c.req.param('r') ?? '' }
  const access = level === 'read' ? visible : writable
  const repository = eitherOf(
    () => access(state, c.var.who, path, 'issues', 'read'),
    () => access(state, c.var.who, path, 'pull_requests', 'read'),
  )
  const issue = repository.issues.get(number)
  if (!issue) throw notFound()
  if (!repository.pulls.has(issue.number)) access(state, c.var.who, path, 'issues', 'read')
  return { repository, issue, actor: c.var.who.kind === 'nobody' ? '' : actorOf(state, c.var.who) }
}

/** Whether the asker may change what others wrote. */
export function mayTriage(
  state: GitHubState,
  c: Context<GitHubEnv>,
  repository: Repository,
  least: 'triage' | 'write' = 'triage',
): boolean {
  const { who } = c.var
  return who.kind === 'installation' || (who.kind === 'user' && mayAs(roleOf(state, repository, who.login), least))
}

function setLabels(
  state: GitHubState,
  repository: Repository,
  issue: Issue,
  names: readonly string[],
  actor: string,
): void {
  removeLabels(
    state,
    repository,
    issue,
    issue.labels.filter((name) => !names.includes(name)),
    actor,
  )
  addLabels(state, repository, issue, names, actor)
}

function eitherOf<Value>(one: () => Value, other: () => Value): Value {
  try {
    return one()
  } catch (error) {
    if (error instanceof Refusal && error.status === 403) return other()
    throw error
  }
}

const nameOf = (label: string | { name: string }) => (typeof label === 'string' ? label : label.name)

function wanted(repository: Repository, query: (name: string) => string | undefined): Issue[] {
  const which = query('state') ?? 'open'
  const since = Date.parse(query('since') ?? '') || 0
  const labels = query('labels')?.split(',') ?? []
  const found = [...repository.issues.values()].filter((issue) => {
    const isWanted = (which === 'all' || issue.state === which) && issue.updatedAt >= since
    const isBy = (query('creator') ?? issue.author).toLowerCase() === issue.author.toLowerCase()
    return isWanted && isBy && labels.every((name) => issue.labels.includes(name))
  })
  const moment = query('sort') === 'updated' ? ({ updatedAt }: Issue) => updatedAt : ({ number }: Issue) => number
  const direction = query('direction') === 'asc' ? 1 : -1
  return found.sort((one, other) => direction * (moment(one) - moment(other) || one.number - other.number))
}

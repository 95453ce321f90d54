import { type Context, Hono } from 'hono'
import { visible, writable } from '../access.ts'
import { type GitHubEnv, notFound, originOf, Refusal } from '../answer.ts'
import { type App, nextId } from '../apps/app-state.ts'
import { emit } from '../apps/webhooks.ts'
import { bodyOf } from '../body.ts'
import { resolveCommit } from '../git/commit.ts'
import { paged } from '../paging.ts'
import { type GitHubState, type Repository, repositoryWithId } from '../state.ts'
import { account, actorOf } from '../users.ts'
import { type ChangedCheck, CheckChange, NewCheck, requireLimits } from './check-request.ts'
import type { CheckRun, CheckSuite } from './check-state.ts'
import { annotationJson, checkJson, suiteJson, suiteStatus } from './check-view.ts'

/** How the newest check of this name ended on a commit; undefined while it hasn't, or where there is none. */
export function conclusionOf(
  state: GitHubState,
  repository: Repository,
  sha: string,
  name: string,
): string | undefined {
  const runs = runsOn(state, repository, sha).filter((run) => run.name === name)
  return runs[0]?.conclusion ?? undefined
}

/** Check runs and their suites: https://docs.github.com/en/rest/checks */
export function checkRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const path = (c: Context<GitHubEnv>) => ({ o: c.req.param('o') ?? '', r: c.req.param('r') ?? '' })
  const found = (c: Context<GitHubEnv>) => runIn(state, visible(state, c.var.who, path(c), 'checks'), c.req.param('id'))
  const suite = (c: Context<GitHubEnv>) =>
    suiteIn(state, visible(state, c.var.who, path(c), 'checks'), c.req.param('id'))
  const list = (c: Context, runs: readonly CheckRun[]) =>
    c.json({ total_count: runs.length, check_runs: paged(c, runs).map((run) => checkJson(state, run, originOf(c))) })

  routes.post('/repos/:o/:r/check-runs', async (c) => {
    const { repository, app } = author(state, c)
    const run = create(state, repository, app, await bodyOf(c, NewCheck))
    return c.json(checkJson(state, run, originOf(c)), 201)
  })
  routes.patch('/repos/:o/:r/check-runs/:id', async (c) => {
    const { repository, app } = author(state, c)
    const run = runIn(state, repository, c.req.param('id'))
    if (run.app !== app.id) {
      throw new Refusal(
        403,
        `Invalid app_id \`${app.id}\` - check run can only be modified by the GitHub App that created it.`,
      )
    }
    update(state, repository, run, await bodyOf(c, CheckChange))
    return c.json(checkJson(state, run, originOf(c)))
  })
  routes.get('/repos/:o/:r/check-runs/:id', (c) => c.json(checkJson(state, found(c), originOf(c))))
  routes.get('/repos/:o/:r/check-runs/:id/annotations', (c) => {
    const run = found(c)
    return c.json(paged(c, run.annotations).map((one) => annotationJson(state, run, one, originOf(c))))
  })
  routes.post('/repos/:o/:r/check-runs/:id/rerequest', (c) => {
    const repository = writable(state, c.var.who, path(c), 'checks')
    askAgain(state, runIn(state, repository, c.req.param('id')), actorOf(state, c.var.who))
    return c.json({}, 201)
  })
  routes.get('/repos/:o/:r/commits/:ref{.+}/check-runs', (c) => {
    const repository = visible(state, c.var.who, path(c), 'checks')
    return list(c, filtered(c, runsOn(state, repository, commitNamed(state, repository, c.req.param('ref')))))
  })
  routes.get('/repos/:o/:r/commits/:ref{.+}/check-suites', (c) => {
    const repository = visible(state, c.var.who, path(c), 'checks')
    const sha = commitNamed(state, repository, c.req.param('ref'))
    const app = c.req.query('app_id')
    const suites = state.checks.suites.filter(
      (one) => one.repository === repository.id && one.sha === sha && (!app || String(one.app) === app),
    )
    const shown = paged(c, suites).map((one) => suiteJson(state, one, originOf(c)))
    return c.json({ total_count: suites.length, check_suites: shown })
  })
  routes.get('/repos/:o/:r/check-suites/:id', (c) => c.json(suiteJson(state, suite(c), originOf(c))))
  routes.get('/repos/:o/:r/check-suites/:id/check-runs', (c) => {
    const { id } = suite(c)
    return list(
      c,
      filtered(
        c,
        newestFirst(state).filter((run) => run.suite === id),
      ),
    )
  })
  routes.post('/repos/:o/:r/check-suites/:id/rerequest', (c) => {
    const repository = writable(state, c.var.who, path(c), 'checks')
    const one = suiteIn(state, repository, c.req.param('id'))
    one.isQueued = true
    tellOfSuite(state, one, 'rerequested', actorOf(state, c.var.who))
    return c.json({}, 201)
  })
  return routes
}

/** What the "Re-run" button does: tells the App that made the check, which alone can run it. */
export function askAgain(state: GitHubState, run: CheckRun, by: string): void {
  const suite = state.checks.suites.find(({ id }) => id === run.suite)
  if (suite) suite.isQueued = true
  tellOfRun(state, run, 'rerequested', by)
}

/** What a button of a check's own does. Refuses one that the check doesn't have. */
export function pressAction(state: GitHubState, id: number, identifier: string, by: string): void {
  const run = state.checks.runs.find((one) => one.id === id)
  if (!run?.actions.some((action) => action.identifier === identifier)) throw notFound()
  tellOfRun(state, run, 'requested_action', by, { requested_action: { identifier } })
}

function author(state: GitHubState, c: Context<GitHubEnv>): { repository: Repository; app: App } {
  const { who } = c.var
  const path = { o: c.req.param('o') ?? '', r: c.req.param('r') ?? '' }
  if (who.kind === 'user') {
    visible(state, who, path, 'checks')
    throw new Refusal(403, 'You must authenticate via a GitHub App.')
  }
  const repository = writable(state, who, path, 'checks')
  if (who.kind !== 'installation') throw new Refusal(403, 'You must authenticate via a GitHub App.')
  return { repository, app: who.app }
}

function create(state: GitHubState, repository: Repository, app: App, asked: NewCheck): CheckRun {
  const sha = /^[0-9a-f]{40}$/.test(asked.head_sha) ? resolveCommit(state, repository, asked.head_sha) : undefined
  if (!sha) throw new Refusal(422, `No commit found for SHA: ${asked.head_sha}`)
  requireLimits(asked)
  const suite = suiteFor(state, repository, app, sha)
  const run: CheckRun = {
    id: nextId(state.apps),
    repository: repository.id,
    app: app.id,
    suite: suite.id,
    name: asked.name,
    sha,
    externalId: '',
    detailsUrl: app.externalUrl,
    status: 'queued',
    conclusion: null,
    startedAt: state.now(),
    completedAt: null,
    output: { title: null, summary: null, text: null },
    annotations: [],
    actions: [],
  }
  state.checks.runs.push(run)
  change(state, run, asked)
  tellOfRun(state, run, 'created', `${app.slug}[bot]`)
  tellWhenCompleted(state, run, app)
  return run
}

function update(state: GitHubState, repository: Repository, run: CheckRun, asked: ChangedCheck): void {
  requireLimits(asked)
  const wasCompleted = run.status === 'completed'
  change(state, run, asked)
  const app = state.apps.apps.find(({ id }) => id === run.app)
  if (app && !wasCompleted && repository.id === run.repository) tellWhenCompleted(state, run, app)
}

function change(state: GitHubState, run: CheckRun, asked: ChangedCheck): void {
  const { output, actions } = asked
  const status = asked.conclusion ? 'completed' : (asked.status ?? run.status)
  const moment = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text))
  run.name = asked.name ?? run.name
  run.externalId = asked.external_id ?? run.externalId
  run.detailsUrl = asked.details_url ?? run.detailsUrl
  run.startedAt = moment(asked.started_at) ?? run.startedAt
  run.completedAt = status === 'completed' ? (moment(asked.completed_at) ?? run.completedAt ?? state.now()) : null
  run.conclusion = status === 'completed' ? (asked.conclusion ?? run.conclusion) : null
  run.status = status
  if (actions) run.actions = actions
  if (output) {
    const { title = run.output.title, summary, text = run.output.text, annotations = [] } = output
    run.output = { title, summary, text }
    run.annotations.push(...annotations)
  }
  const suite = state.checks.suites.find(({ id }) => id === run.suite)
  if (suite) Object.assign(suite, { updatedAt: state.now(), isQueued: false })
}

function suiteFor(state: GitHubState, repository: Repository, app: App, sha: string): CheckSuite {
  const known = state.checks.suites.find(
    (one) => one.repository === repository.id && one.app === app.id && one.sha === sha,
  )
  if (known) return known
  const at = state.now()
  const suite: CheckSuite = {
    id: nextId(state.apps),
    repository: repository.id,
    app: app.id,
    sha,
    at,
    updatedAt: at,
    isQueued: false,
  }
  state.checks.suites.push(suite)
  return suite
}

const newestFirst = (state: GitHubState) => state.checks.runs.toReversed()

const runsOn = (state: GitHubState, repository: Repository, sha: string): CheckRun[] =>
  newestFirst(state).filter((run) => run.repository === repository.id && run.sha === sha)

/** What the query asks for: https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference */
function filtered(c: Context, runs: readonly CheckRun[]): CheckRun[] {
  const { check_name, status, app_id, filter = 'latest' } = c.req.query()
  const isFirst = (run: CheckRun) =>
    runs.find((one) => one.name === run.name && one.app === run.app && one.suite === run.suite) === run
  return runs.filter(
    (run) =>
      (!check_name || run.name === check_name) &&
      (!status || run.status === status) &&
      (!app_id || String(run.app) === app_id) &&
      (filter === 'all' || isFirst(run)),
  )
}

function commitNamed(state: GitHubState, repository: Repository, ref: string): string {
  const sha = resolveCommit(state, repository, ref)
  if (!sha) throw new Refusal(422, `No commit found for SHA: ${ref}`)
  return sha
}

function runIn(state: GitHubState, repository: Repository, id: string | undefined): CheckRun {
  const run = state.checks.runs.find((one) => one.repository === repository.id && String(one.id) === id)
  if (!run) throw notFound()
  return run
}

function suiteIn(state: GitHubState, repository: Repository, id: string | undefined): CheckSuite {
  const suite = state.checks.suites.find((one) => one.repository === repository.id && String(one.id) === id)
  if (!suite) throw notFound()
  return suite
}

function tellOfRun(state: GitHubState, run: CheckRun, action: string, by: string, more: object = {}): void {
  const sender = account(state, by, state.url)
  const suite = state.checks.suites.find(({ id }) => id === run.suite)
  const shown = checkJson(state, run, state.url)
  const check_run = { ...shown, check_suite: suite ? suiteJson(state, suite, state.url) : null }
  emit(state, 'check_run', repositoryWithId(state, run.repository), { action, check_run, ...more, sender })
}

function tellOfSuite(state: GitHubState, suite: CheckSuite, action: string, by: string): void {
  const sender = account(state, by, state.url)
  const check_suite = suiteJson(state, suite, state.url)
  emit(state, 'check_suite', repositoryWithId(state, suite.repository), { action, check_suite, sender })
}

function tellWhenCompleted(state: GitHubState, run: CheckRun, app: App): void {
  if (run.status !== 'completed') return
  const bot = `${app.slug}[bot]`
  tellOfRun(state, run, 'completed', bot)
  const suite = state.checks.suites.find(({ id }) => id === run.suite)
  if (suite && suiteStatus(state, suite).status === 'completed') tellOfSuite(state, suite, 'completed', bot)
}

import { instant } from '../answer.ts'
import { appJson } from '../apps/app-view.ts'
import { gitOf } from '../git/git.ts'
import { repositoryJson } from '../repository.ts'
import { type GitHubState, type Repository, repositoryWithId } from '../state.ts'
import { nodeId } from '../users.ts'
import type { NewAnnotation } from './check-request.ts'
import type { CheckRun, CheckSuite } from './check-state.ts'

/** A check run, as the API gives it. */
export function checkJson(state: GitHubState, run: CheckRun, origin: string) {
  const { fullName, url } = placeOf(state, run, origin)
  const app = state.apps.apps.find(({ id }) => id === run.app)
  return {
    id: run.id,
    node_id: nodeId('CheckRun', run.id),
    name: run.name,
    head_sha: run.sha,
    external_id: run.externalId,
    url: `${url}/check-runs/${run.id}`,
    html_url: `${origin}/${fullName}/runs/${run.id}`,
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: instant(run.startedAt),
    completed_at: run.completedAt === null ? null : instant(run.completedAt),
    output: {
      ...run.output,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/check-runs/${run.id}/annotations`,
    },
    check_suite: { id: run.suite },
    app: app ? appJson(state, app, origin) : null,
    pull_requests: pullsOf(state, run, origin),
  }
}

/** The line of a file that a check speaks of. */
export function annotationJson(state: GitHubState, run: CheckRun, one: NewAnnotation, origin: string) {
  return {
    path: one.path,
    start_line: one.start_line,
    end_line: one.end_line,
    start_column: one.start_column ?? null,
    end_column: one.end_column ?? null,
    annotation_level: one.annotation_level,
    title: one.title ?? '',
    message: one.message,
    raw_details: one.raw_details ?? '',
    blob_href: `${origin}/${placeOf(state, run, origin).fullName}/blob/${run.sha}/${one.path}`,
  }
}

/** All of an App's checks of one commit. */
export function suiteJson(state: GitHubState, suite: CheckSuite, origin: string) {
  const { repository, url, branch } = placeOf(state, suite, origin)
  const app = state.apps.apps.find(({ id }) => id === suite.app)
  const commit = repository ? gitOf(state, repository).commit(suite.sha) : undefined
  return {
    id: suite.id,
    node_id: nodeId('CheckSuite', suite.id),
    head_branch: branch,
    head_sha: suite.sha,
    ...suiteStatus(state, suite),
    url: `${url}/check-suites/${suite.id}`,
    before: null,
    after: suite.sha,
    pull_requests: pullsOf(state, suite, origin),
    app: app ? appJson(state, app, origin) : null,
    repository: repository ? repositoryJson(repository, origin) : null,
    created_at: instant(suite.at),
    updated_at: instant(suite.updatedAt),
    head_commit: { id: suite.sha, tree_id: commit?.tree ?? '', message: commit?.message ?? '' },
    latest_check_runs_count: runsOf(state, suite).length,
    check_runs_url: `${url}/check-suites/${suite.id}/check-runs`,
    rerequestable: true,
    runs_rerequestable: true,
  }
}

/** The worst that a check can say comes first: it is what the suite says. */
const WORST_FIRST = ['failure', 'timed_out', 'cancelled', 'action_required', 'success', 'neutral', 'skipped'] as const

/** How far an App's checks of a commit are: completed when the newest of each name is. */
export function suiteStatus(state: GitHubState, suite: CheckSuite) {
  const runs = runsOf(state, suite)
  if (suite.isQueued || runs.length === 0) return { status: 'queued' as const, conclusion: null }
  if (runs.some(({ status }) => status !== 'completed')) return { status: 'in_progress' as const, conclusion: null }
  const conclusion = WORST_FIRST.find((one) => runs.some((run) => run.conclusion === one)) ?? null
  return { status: 'completed' as const, conclusion }
}

/** The newest of each name. */
function runsOf(state: GitHubState, suite: CheckSuite): CheckRun[] {
  const runs = state.checks.runs.filter((run) => run.suite === suite.id)
  return [...new Map(runs.map((run) => [run.name, run])).values()]
}

function placeOf(state: GitHubState, { repository: id, sha }: { repository: number; sha: string }, origin: string) {
  const repository = repositoryWithId(state, id)
  const fullName = repository ? `${repository.owner}/${repository.name}` : ''
  const branch = repository ? pullsAt(repository, sha)[0]?.headBranch : undefined
  return {
    repository,
    fullName,
    url: `${origin}/repos/${fullName}`,
    branch: branch ?? repository?.defaultBranch ?? null,
  }
}

/** Open pull requests whose head this is. Those from forks are not among them, at GitHub neither. */
const pullsAt = (repository: Repository, sha: string) =>
  [...repository.pulls.values()].filter(
    ({ headSha, headRepository, number }) =>
      headSha === sha && headRepository === repository.id && repository.issues.get(number)?.state === 'open',
  )

function pullsOf(state: GitHubState, at: { repository: number; sha: string }, origin: string) {
  const { repository, url } = placeOf(state, at, origin)
  if (!repository) return []
  const repo = { id: repository.id, url, name: repository.name }
  return pullsAt(repository, at.sha).map((pull) => ({
    id: pull.id,
    number: pull.number,
    url: `${url}/pulls/${pull.number}`,
    head: { ref: pull.headBranch, sha: pull.headSha, repo },
    base: { ref: pull.base, sha: pull.baseSha, repo },
  }))
}

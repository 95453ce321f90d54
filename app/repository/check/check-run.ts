import { createHash } from 'node:crypto'
import type { ProbotOctokit } from 'probot'
import type { Repository } from '../../github/repository-name.ts'
import type { CheckReport } from './findings.ts'

/** What the check is called; branch protection names it too, so it never changes. */
export const CHECK_NAME = 'Tagsale'
/** GitHub takes no more in one request, and adds those of the next to them. */
export const ANNOTATIONS_PER_REQUEST = 50

/** What a check run is about: a commit, for a pull request or for a merge queue. `subject` is such as `pr:12`. */
export type Target = { repository: Repository; sha: string; subject: string; appId: number }

/**
 * Writes what a check found as one check run. Says nothing that is said already: the same report on the same commit writes
 * nothing, and one that was broken off half-way is gone on with. `force` says it again all the same.
 * https://docs.github.com/en/rest/checks/runs
 */
export async function writeCheckRun(
  target: Target,
  report: CheckReport,
  { force = false }: { force?: boolean } = {},
): Promise<void> {
  const externalId = `${target.subject}@${digestOf(report)}`
  const last = await lastRun(target)
  const isSame = last?.external_id === externalId
  if (isSame && last.status === 'completed' && !force) return
  const isHalf = isSame && last.status !== 'completed'
  const run = isHalf ? { id: last.id, sent: last.output.annotations_count } : await begin(target, report, externalId)
  if (run) await complete(target, report, run)
}

type CheckRun = Awaited<ReturnType<ProbotOctokit['rest']['checks']['listForRef']>>['data']['check_runs'][number]

/** The newest of our runs about the same thing. */
async function lastRun(target: Target): Promise<CheckRun | undefined> {
  const { data } = await target.repository.octokit.rest.checks.listForRef({
    ...target.repository.names,
    ref: target.sha,
    check_name: CHECK_NAME,
    app_id: target.appId,
    filter: 'all',
    per_page: 100,
  })
  const ours = data.check_runs.filter(
    ({ external_id, app }) =>
      external_id?.startsWith(`${target.subject}@`) && (app?.id ?? target.appId) === target.appId,
  )
  return ours.toSorted((a, b) => b.id - a.id)[0]
}

/** Writes the run with its first annotations; nothing is left to do when these are all. */
async function begin(target: Target, report: CheckReport, externalId: string) {
  const isWhole = report.annotations.length <= ANNOTATIONS_PER_REQUEST
  const { data } = await target.repository.octokit.rest.checks.create({
    ...target.repository.names,
    name: CHECK_NAME,
    head_sha: target.sha,
    external_id: externalId,
    ...(isWhole ? { status: 'completed', conclusion: report.conclusion } : { status: 'in_progress' }),
    output: outputOf(report, 0),
  })
  return isWhole ? undefined : { id: data.id, sent: ANNOTATIONS_PER_REQUEST }
}

async function complete(target: Target, report: CheckReport, run: { id: number; sent: number }): Promise<void> {
  for (let sent = run.sent; ; sent += ANNOTATIONS_PER_REQUEST) {
    const isLast = sent + ANNOTATIONS_PER_REQUEST >= report.annotations.length
    await target.repository.octokit.rest.checks.update({
      ...target.repository.names,
      check_run_id: run.id,
      ...(isLast ? { status: 'completed', conclusion: report.conclusion } : { status: 'in_progress' }),
      output: outputOf(report, sent),
    })
    if (isLast) return
  }
}

function outputOf({ title, summary, annotations }: CheckReport, from: number) {
  return { title, summary, annotations: annotations.slice(from, from + ANNOTATIONS_PER_REQUEST) }
}

/** The same for the same report: addresses of previews change with every commit elsewhere, and say nothing new. */
function digestOf(report: CheckReport): string {
  const text = JSON.stringify(report).replaceAll(/\/previews\/[0-9a-f]{40,64}\/[a-z0-9-]{1,60}\.svg\?key=[\w-]+/g, '')
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

import type { ProbotOctokit } from 'probot'
import type { Repository } from '../github/repository-name.ts'
import type { JobRequest } from '../job/job.ts'
import { checkCommitJob, checkPullJob } from '../job/repository-jobs.ts'

// GitHub sends nothing twice by itself, and some deliveries it never sends. So we ask.

/** A delivery that fails again and again is ours to mend, not to ask for for ever. */
const ATTEMPTS_MAX = 6
/** Deliveries looked through in one sweep; a page has a hundred. */
const PAGES_MAX = 20
/** Open pull requests looked at; the most recently changed ones come first. */
const PULLS_MAX = 100

/**
 * Asks GitHub to send again what failed since then. Gives how many.
 * https://docs.github.com/en/webhooks/using-webhooks/automatically-redelivering-failed-deliveries-for-a-github-app-webhook
 */
export async function redeliverFailed(asApp: ProbotOctokit, since: Date): Promise<number> {
  type Attempt = { id: number; guid: string; status_code: number; delivered_at: string }
  const attempts: Attempt[] = []
  let pages = 0
  for await (const { data } of asApp.paginate.iterator('GET /app/hook/deliveries', { per_page: 100 })) {
    const page = data as Attempt[]
    attempts.push(...page)
    pages += 1
    if (pages >= PAGES_MAX || Date.parse(page.at(-1)?.delivered_at ?? '') < since.getTime()) break
  }
  const recent = attempts.filter((attempt) => Date.parse(attempt.delivered_at) >= since.getTime())
  let asked = 0
  for (const tries of Object.values(Object.groupBy(recent, ({ guid }) => guid))) {
    const [last] = tries ?? []
    const isThrough = tries?.some(({ status_code: status }) => status >= 200 && status < 300)
    if (!last || isThrough || (tries?.length ?? 0) >= ATTEMPTS_MAX) continue
    const again = { delivery_id: last.id }
    const isAsked = await asApp.request('POST /app/hook/deliveries/{delivery_id}/attempts', again).then(yes, tooLate)
    asked += isAsked ? 1 : 0
  }
  return asked
}

const yes = () => true

/** What GitHub does not keep any more (it does for three days) must not keep us from what it still has. */
function tooLate(error: { status?: number }): false {
  if (![400, 404, 410, 422].includes(error.status ?? 0)) throw error
  return false
}

/** The checks that open pull requests may need: of all of them, or of those that changed since then. */
export async function pullsToCheck({ octokit, name, names }: Repository, since?: Date): Promise<JobRequest[]> {
  const { data } = await octokit.rest.pulls.list({
    ...{ ...names, state: 'open', sort: 'updated', direction: 'desc', per_page: PULLS_MAX },
  })
  const changed = data.filter((pull) => !since || Date.parse(pull.updated_at) >= since.getTime())
  return changed.map(({ number }) => checkPullJob(name, number))
}

/** The checks that commits of a merge queue may wait for, by the names of their branches; the check asks GitHub whether they are. */
export async function queuedCommits({ octokit, name, names }: Repository): Promise<JobRequest[]> {
  const ref = 'heads/gh-readonly-queue/'
  const { data } = await octokit.rest.git.listMatchingRefs({ ...names, ref, per_page: PULLS_MAX })
  return data.flatMap(({ ref: branch, object }) => {
    const base = /^refs\/heads\/gh-readonly-queue\/(.+)\/pr-\d+-[0-9a-f]{40}$/.exec(branch)?.[1]
    return base ? [checkCommitJob(name, object.sha, base)] : []
  })
}

import { type Job, jobDueAt, type Work } from '../order/job.ts'
import { parseCommand } from './command.ts'
import type { GitHubDelivery, GitHubPayload } from './verify.ts'
import { WELCOME_BRANCH } from './welcome/welcome.ts'

// Which event causes which work, nothing else. A delivery only says where to look; the work finds out what is true.

/** Work with the id that makes it once-only: the same asked for again takes its place. */
export type Look = { id: string; work: Work }

/** The work that a delivery causes; none for events and actions that do not concern us. */
export function looksFor({ event, payload }: Pick<GitHubDelivery, 'event' | 'payload'>): Look[] {
  const { action = '', repository } = payload
  switch (event) {
    case 'installation':
    case 'installation_repositories':
    case 'repository':
      return [findShop, watchAssets]
    case 'push':
      return payload.ref === `refs/heads/${repository?.default_branch}` ? [findShop, refreshShop] : []
    case 'pull_request':
      return [...(PULL_ACTIONS.has(action) ? pullOf(payload) : []), ...welcomeOf(payload)]
    case 'pull_request_review':
      return pullOf(payload)
    case 'issue_comment':
      return COMMENT_ACTIONS.has(action) ? commentedPull(payload) : []
    case 'check_run':
      return action === 'rerequested' || action === 'requested_action' ? rerunPull(payload) : []
    case 'check_suite':
      return action === 'rerequested' ? [sweepNow] : []
    case 'merge_group':
      return action === 'checks_requested' ? queuedCommit(payload) : []
    case 'release':
      return repository ? [followReleases(repository.full_name), watchAssets] : []
    default:
      return []
  }
}

/** These looks as jobs that are due at that time. */
export const asJobs = (looks: readonly Look[], due: Date): Job[] =>
  looks.map(({ id, work }) => jobDueAt(due.toISOString(), work, id))

const PULL_ACTIONS = new Set(['opened', 'reopened', 'synchronize', 'edited', 'ready_for_review'])
const COMMENT_ACTIONS = new Set(['created', 'deleted', 'edited'])

export const findShop: Look = { id: 'find-shop', work: { kind: 'find-shop' } }
export const refreshShop: Look = { id: 'refresh-shop', work: { kind: 'refresh-shop' } }
export const watchAssets: Look = { id: 'watch-assets', work: { kind: 'watch-assets' } }
const sweepNow: Look = { id: 'sweep-github', work: { kind: 'sweep-github', since: new Date(0).toISOString() } }

/** One job for each pull request, however many events there are about it. */
export const checkPull = (repository: string, number: number, force = false): Look => ({
  id: `check-pull:${repository.toLowerCase()}#${number}`,
  work: { kind: 'check-pull', repository, number, ...(force && { force }) },
})

/** One job for each commit of a merge queue. */
export const checkCommit = (repository: string, sha: string, base: string): Look => ({
  id: `check-commit:${repository.toLowerCase()}@${sha}`,
  work: { kind: 'check-commit', repository, sha, base },
})

/** One job for each repository with releases. */
export const followReleases = (repository: string): Look => ({
  id: `follow-releases:${repository.toLowerCase()}`,
  work: { kind: 'follow-releases', repository },
})

/** One job for each repository that may become a shop. */
export const welcome = (repository: string): Look => ({
  id: `welcome:${repository.toLowerCase()}`,
  work: { kind: 'welcome', repository },
})

const pullOf = ({ repository, pull_request }: GitHubPayload): Look[] =>
  repository && pull_request ? [checkPull(repository.full_name, pull_request.number)] : []

/** Renaming our first pull request after it was closed asks for it again. */
const welcomeOf = ({ action, repository, pull_request }: GitHubPayload): Look[] =>
  action === 'edited' && repository && pull_request?.head.ref === WELCOME_BRANCH ? [welcome(repository.full_name)] : []

/** A comment of a person's that speaks to us; a bot's never does, so that no two talk for ever. */
function commentedPull({ repository, issue, comment, sender, action }: GitHubPayload): Look[] {
  const isOurs = repository && issue?.pull_request && sender?.type !== 'Bot' && parseCommand(comment?.body ?? '')
  return isOurs ? [checkPull(repository.full_name, issue.number, action === 'created')] : []
}

/** GitHub names no pull request where it comes from a fork; our own mark on the check does. */
function rerunPull({ repository, check_run }: GitHubPayload): Look[] {
  const number = /^pr:(\d+)@/.exec(check_run?.external_id ?? '')?.[1]
  return repository && number ? [checkPull(repository.full_name, Number(number), true)] : []
}

const queuedCommit = ({ repository, merge_group }: GitHubPayload): Look[] =>
  repository && merge_group ? [checkCommit(repository.full_name, merge_group.head_sha, merge_group.base_sha)] : []

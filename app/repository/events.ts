import type { GitHubDelivery, GitHubPayload } from '../github/verify.ts'
import type { JobRequest } from '../job/job.ts'
import {
  checkCommitJob,
  checkPullJob,
  findShopJob,
  followReleasesJob,
  refreshShopJob,
  sweepAllJob,
  watchAssetsJob,
  welcomeJob,
} from '../job/repository-jobs.ts'
import { parseCommand } from './command.ts'
import { WELCOME_BRANCH } from './welcome/welcome.ts'

// Which event causes which work, nothing else. A delivery only says where to look; the work finds out what is true.

/** The work that a delivery causes; none for events and actions that do not concern us. */
export function jobsForDelivery({ event, payload }: Pick<GitHubDelivery, 'event' | 'payload'>): JobRequest[] {
  const { action = '', repository } = payload
  switch (event) {
    case 'installation':
    case 'installation_repositories':
    case 'repository':
      return [findShopJob, watchAssetsJob]
    case 'push':
      return payload.ref === `refs/heads/${repository?.default_branch}` ? [findShopJob, refreshShopJob] : []
    case 'pull_request':
      return [...(PULL_ACTIONS.has(action) ? pullOf(payload) : []), ...welcomeOf(payload)]
    case 'pull_request_review':
      return pullOf(payload)
    case 'issue_comment':
      return COMMENT_ACTIONS.has(action) ? commentedPull(payload) : []
    case 'check_run':
      return action === 'rerequested' || action === 'requested_action' ? rerunPull(payload) : []
    case 'check_suite':
      return action === 'rerequested' ? [sweepAllJob] : []
    case 'merge_group':
      return action === 'checks_requested' ? queuedCommit(payload) : []
    case 'release':
      return repository ? [followReleasesJob(repository.full_name), watchAssetsJob] : []
    default:
      return []
  }
}

const PULL_ACTIONS = new Set(['opened', 'reopened', 'closed', 'synchronize', 'edited', 'ready_for_review'])
const COMMENT_ACTIONS = new Set(['created', 'deleted', 'edited'])

const pullOf = ({ repository, pull_request }: GitHubPayload): JobRequest[] =>
  repository && pull_request ? [checkPullJob(repository.full_name, pull_request.number)] : []

/** Renaming our first pull request after it was closed asks for it again. */
const welcomeOf = ({ action, repository, pull_request }: GitHubPayload): JobRequest[] =>
  action === 'edited' && repository && pull_request?.head.ref === WELCOME_BRANCH
    ? [welcomeJob(repository.full_name)]
    : []

/** A comment of a person's that speaks to us; a bot's never does, so that no two talk for ever. */
function commentedPull({ repository, issue, comment, sender, action }: GitHubPayload): JobRequest[] {
  const isOurs = repository && issue?.pull_request && sender?.type !== 'Bot' && parseCommand(comment?.body ?? '')
  return isOurs ? [checkPullJob(repository.full_name, issue.number, action === 'created')] : []
}

/** GitHub names no pull request where it comes from a fork; our own mark on the check does. */
function rerunPull({ repository, check_run }: GitHubPayload): JobRequest[] {
  const number = /^pr:(\d+)@/.exec(check_run?.external_id ?? '')?.[1]
  return repository && number ? [checkPullJob(repository.full_name, Number(number), true)] : []
}

const queuedCommit = ({ repository, merge_group }: GitHubPayload): JobRequest[] =>
  repository && merge_group
    ? [checkCommitJob(repository.full_name, merge_group.head_sha, merge_group.base_ref?.replace(/^refs\/heads\//, ''))]
    : []

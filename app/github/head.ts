import type { ProbotOctokit } from 'probot'
import { NoAccessError } from './client.ts'

/** The newest commit of a repository's default branch. `by` is the login of who made it; none where that is not public. */
export type Head = { repository: string; branch: string; commit: string; by: string | null }

/** What a repository's default branch has now; nothing when it has no commit yet. NoAccessError where we may not look. */
export async function fetchHead(octokit: ProbotOctokit, repository: string): Promise<Head | undefined> {
  const [owner = '', repo = ''] = repository.split('/')
  const { data: about } = await octokit.rest.repos.get({ owner, repo }).catch((error: { status?: number }) => {
    throw error.status === 404 ? new NoAccessError(repository, error) : error
  })
  const { default_branch: branch } = about
  const found = await octokit.rest.repos.getCommit({ owner, repo, ref: `heads/${branch}` }).catch(noCommitYet)
  if (!found) return undefined
  const by = about.private ? null : (found.data.author?.login ?? null)
  return { repository: about.full_name, branch, commit: found.data.sha, by }
}

/** GitHub answers 409 for an empty repository. That a default branch is not there (404, 422) passes: it is being renamed. */
function noCommitYet(error: { status?: number }): undefined {
  if (error.status !== 409) throw error
}

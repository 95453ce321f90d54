import { NoAccessError } from './client.ts'
import type { Repository } from './repository-name.ts'

/** The newest commit of a repository's default branch. `by` is the login of who made it; none where that is not public. */
export type Head = { repository: string; branch: string; commit: string; by: string | null }

/** What a repository's default branch has now; nothing when it has no commit yet. NoAccessError where we may not look. */
export async function fetchHead({ octokit, name, names }: Repository): Promise<Head | undefined> {
  const { data: about } = await octokit.rest.repos.get(names).catch((error: { status?: number }) => {
    throw error.status === 404 ? new NoAccessError(name, error) : error
  })
  const { default_branch: branch } = about
  const found = await octokit.rest.repos.getCommit({ ...names, ref: `heads/${branch}` }).catch(async (error) => {
    if (error.status === 409 || (await isEmpty({ octokit, names }, error))) return undefined
    throw error
  })
  if (!found) return undefined
  const by = about.private ? null : (found.data.author?.login ?? null)
  return { repository: about.full_name, branch, commit: found.data.sha, by }
}

/** Where there are other branches, the default one is missing for a moment only: it is being renamed, or was just made. */
async function isEmpty(
  { octokit, names }: Pick<Repository, 'octokit' | 'names'>,
  error: { status?: number },
): Promise<boolean> {
  if (error.status !== 404 && error.status !== 422) return false
  const { data } = await octokit.rest.repos.listBranches({ ...names, per_page: 1 })
  return data.length === 0
}

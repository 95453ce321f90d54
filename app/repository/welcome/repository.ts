import type { ProbotOctokit } from 'probot'
import { absentAt } from '../../github/absent.ts'
import type { Names } from '../../github/repository-name.ts'

/** The commit that a branch points to; nothing when there is no such branch, or no commit in the repository at all (409). */
export async function refSha(octokit: ProbotOctokit, names: Names, branch: string): Promise<string | undefined> {
  const found = await octokit.rest.git.getRef({ ...names, ref: `heads/${branch}` }).catch(absentAt(404, 409))
  return found?.data.object.sha
}

/** What lies under the name `catalog` in a commit: a catalog, something else that stands in a new one's way, or nothing. */
export async function hasCatalogFolder(
  octokit: ProbotOctokit,
  names: Names,
  ref: string,
): Promise<'catalog' | 'other' | 'nothing'> {
  const found = await octokit.rest.repos.getContent({ ...names, path: 'catalog', ref }).catch(absentAt(404, 409))
  if (!found) return 'nothing'
  const isCatalog = Array.isArray(found.data) && found.data.some((file) => file.name === 'shop.yaml')
  return isCatalog ? 'catalog' : 'other'
}

/** A pull request that was closed and not merged. */
export type Closed = { number: number; title: string }

/**
 * Whether somebody gave a closed pull request another title, which asks for it again. One that was renamed while it was
 * open was only renamed.
 * https://docs.github.com/en/rest/issues/events#list-issue-events
 */
export async function isAskedAgain(
  octokit: ProbotOctokit,
  names: Names,
  { number, title }: Closed,
  firstTitle: string,
): Promise<boolean> {
  if (title === firstTitle) return false
  const list = octokit.rest.issues.listEvents
  const events = await octokit
    .paginate(list, { ...names, issue_number: number, per_page: 100 })
    .catch(absentAt(404, 409))
  if (!events) return true // nobody remembers when; the other title is there
  const happened = events.map(({ event }) => event)
  return happened.lastIndexOf('renamed') > happened.lastIndexOf('closed')
}

import { absentAt } from '../../github/absent.ts'
import type { Repository } from '../../github/repository-name.ts'

/** What lies under the name `catalog` in a commit: a catalog, something else that stands in a new one's way, or nothing. */
export async function hasCatalogFolder(
  { octokit, names }: Repository,
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
  { octokit, names }: Repository,
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

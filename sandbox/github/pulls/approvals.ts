import type { GitHubState, Repository } from '../state.ts'
import { mayAs, roleOf } from '../users.ts'
import type { Pull, Review } from './pull-state.ts'

/** How many who may write have approved with their last word; none as long as one of them asks for changes. */
export function approvalsOf(state: GitHubState, repository: Repository, pull: Pull): number {
  const last = new Map<string, Review['state']>()
  for (const { author, state: stated } of pull.reviews) {
    const counts = stated !== 'COMMENTED' && stated !== 'PENDING'
    if (counts && mayAs(roleOf(state, repository, author), 'write')) last.set(author, stated)
  }
  const words = [...last.values()]
  return words.includes('CHANGES_REQUESTED') ? 0 : words.filter((word) => word === 'APPROVED').length
}

import { absentAt } from '../absent.ts'
import type { Repository } from '../repository-name.ts'

/** A pull request as far as approvals of it go. */
export type Subject = { number: number; head: string; author: string }

/**
 * The open pull requests whose head is this very commit, with the branch that each goes to.
 * https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit
 */
export async function openPullsAt(
  { octokit, names }: Repository,
  sha: string,
): Promise<(Subject & { base: string })[]> {
  const asked = octokit.rest.repos.listPullRequestsAssociatedWithCommit({ ...names, commit_sha: sha, per_page: 100 })
  const pulls = (await asked.catch(absentAt(404, 422)))?.data ?? []
  return pulls.flatMap(({ number, state, head, base, user }) =>
    state === 'open' && head.sha === sha ? [{ number, head: sha, base: base.ref, author: user?.login ?? '' }] : [],
  )
}

type Answer = {
  repository: { pullRequest: { timelineItems: { nodes: ({ createdAt: string } | null)[] } } | null } | null
}

const BASE_CHANGES = `query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      timelineItems(last: 1, itemTypes: [BASE_REF_CHANGED_EVENT, AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT]) {
        nodes { ... on BaseRefChangedEvent { createdAt } ... on AutomaticBaseChangeSucceededEvent { createdAt } }
      }
    }
  }
}`

/**
 * When a pull request was last moved to another branch (ISO, to the second); nothing when it never was.
 * https://docs.github.com/en/graphql/reference/objects#baserefchangedevent
 */
export async function baseChangedAt(
  { octokit, names: { owner, repo: name } }: Repository,
  number: number,
): Promise<string | undefined> {
  const answer = await octokit.graphql<Answer>(BASE_CHANGES, { owner, name, number })
  return answer.repository?.pullRequest?.timelineItems.nodes[0]?.createdAt
}

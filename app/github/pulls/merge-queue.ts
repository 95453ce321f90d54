import type { Repository } from '../repository-name.ts'

/** What a merge queue has made of a pull request: a commit, and the one that it stands on. */
export type QueueEntry = { sha: string; on: string; pull: { number: number; head: string; author: string } }

/** GitHub builds no more entries of a queue at once. */
const ENTRIES_MAX = 100

type Answer = {
  repository: { mergeQueue: { entries: { nodes: (Entry | null)[] | null } | null } | null } | null
}
type Entry = {
  headCommit: { oid: string } | null
  baseCommit: { oid: string } | null
  pullRequest: { number: number; headRefOid: string; author: { login: string } | null } | null
}

const QUESTION = `query($owner: String!, $name: String!, $branch: String) {
  repository(owner: $owner, name: $name) {
    mergeQueue(branch: $branch) {
      entries(first: ${ENTRIES_MAX}) {
        nodes { headCommit { oid } baseCommit { oid } pullRequest { number headRefOid author { login } } }
      }
    }
  }
}`

/**
 * The entries of a branch's merge queue that led to a commit, the first one first; none where GitHub's queue does not list it,
 * whatever a branch is called. `branch`: the default branch where it is not said.
 * https://docs.github.com/en/graphql/reference/objects#mergequeueentry
 */
export async function entriesUpTo(
  { octokit, names: { owner, repo: name } }: Repository,
  { sha, branch }: { sha: string; branch?: string | undefined },
): Promise<QueueEntry[]> {
  const answer = await octokit.graphql<Answer>(QUESTION, { owner, name, branch: branch ?? null })
  const nodes = answer.repository?.mergeQueue?.entries?.nodes ?? []
  const listed = new Map(nodes.flatMap(entryOf).map((entry) => [entry.sha, entry]))
  const steps: QueueEntry[] = []
  for (let next = listed.get(sha); next; next = listed.get(next.on)) {
    steps.unshift(next)
    listed.delete(next.sha)
  }
  return steps
}

function entryOf(entry: Entry | null): [QueueEntry] | [] {
  const { headCommit, baseCommit, pullRequest } = entry ?? {}
  if (!headCommit || !baseCommit || !pullRequest) return []
  const { number, headRefOid: head, author } = pullRequest
  return [{ sha: headCommit.oid, on: baseCommit.oid, pull: { number, head, author: author?.login ?? '' } }]
}

import type { Repository } from './repository-name.ts'

/** Somebody else moved the branch since it was read: read it again. */
export class BranchMovedError extends Error {
  override name = 'BranchMovedError'
}

/** What a commit changes, and where the branch must be for it. */
export type CommitOnBranch = {
  branch: string
  expectedHead: string
  message: string
  /** Whole files by path. */
  files: ReadonlyMap<string, string>
}

const MUTATION = `mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }`

/**
 * One commit on top of the expected head, whose files are there all together or not at all. Gives the commit. Rejects with a
 * `BranchMovedError` where the branch is elsewhere. https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch
 */
export async function commitOnBranch({ octokit, name }: Repository, change: CommitOnBranch): Promise<string> {
  const { branch, expectedHead, message, files } = change
  const additions = [...files].map(([path, text]) => ({ path, contents: Buffer.from(text).toString('base64') }))
  const input = {
    branch: { repositoryNameWithOwner: name, branchName: branch },
    message: { headline: message },
    expectedHeadOid: expectedHead,
    fileChanges: { additions },
  }
  try {
    const answer = await octokit.graphql<{ createCommitOnBranch: { commit: { oid: string } } }>(MUTATION, { input })
    return answer.createCommitOnBranch.commit.oid
  } catch (error) {
    const { errors = [] } = error as { errors?: { type?: string; message: string }[] }
    const moved = errors.find(({ type }) => type === 'STALE_DATA')
    throw moved ? new BranchMovedError(moved.message, { cause: error }) : error
  }
}

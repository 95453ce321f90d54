import type { ProbotOctokit } from 'probot'
import { absentAt } from './absent.ts'
import type { Names } from './repository-name.ts'

type Change = { parent: string; message: string; files: ReadonlyMap<string, string> }

/** Writes a commit on top of another one, on no branch yet. */
export async function writeCommit(octokit: ProbotOctokit, names: Names, change: Change): Promise<string> {
  const { git } = octokit.rest
  const { data: base } = await git.getCommit({ ...names, commit_sha: change.parent })
  const tree = [...change.files].map(([path, content]) => ({ path, content, mode: '100644', type: 'blob' }) as const)
  const { data: written } = await git.createTree({ ...names, base_tree: base.tree.sha, tree })
  const { message, parent } = change
  const { data: commit } = await git.createCommit({ ...names, message, tree: written.sha, parents: [parent] })
  return commit.sha
}

/**
 * Moves a branch on to a commit, never back or aside: false when somebody else moved it meanwhile, who stays untouched.
 * https://docs.github.com/en/rest/git/refs#update-a-reference
 */
export async function moveBranch(octokit: ProbotOctokit, names: Names, branch: string, sha: string): Promise<boolean> {
  try {
    await octokit.rest.git.updateRef({ ...names, ref: `heads/${branch}`, sha, force: false })
    return true
  } catch (error) {
    const { status, message = '' } = error as { status?: number; message?: string }
    if (status === 422 && /fast.?forward/i.test(message)) return false
    throw error
  }
}

/** Begins a branch with one commit; the commit it begins with already when it has the same message, else nothing. */
export async function startBranch(
  octokit: ProbotOctokit,
  names: Names,
  branch: string,
  change: Change,
): Promise<string | undefined> {
  const known = await octokit.rest.git.getRef({ ...names, ref: `heads/${branch}` }).catch(absentAt(404))
  if (known) {
    const { data } = await octokit.rest.git.getCommit({ ...names, commit_sha: known.data.object.sha })
    return data.message.trim() === change.message.trim() ? data.sha : undefined
  }
  const sha = await writeCommit(octokit, names, change)
  await octokit.rest.git.createRef({ ...names, ref: `refs/heads/${branch}`, sha })
  return sha
}

/** Takes a branch away; one that is gone already is no matter. */
export async function removeBranch(octokit: ProbotOctokit, names: Names, branch: string): Promise<void> {
  await octokit.rest.git.deleteRef({ ...names, ref: `heads/${branch}` }).catch(absentAt(404, 422))
}

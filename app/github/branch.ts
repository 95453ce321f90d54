import { absentAt } from './absent.ts'
import type { Repository } from './repository-name.ts'

type Change = { parent: string; message: string; files: ReadonlyMap<string, string> }

/** Writes a commit on top of another one, on no branch yet. */
export async function writeCommit({ octokit, names }: Repository, change: Change): Promise<string> {
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
export async function moveBranch({ octokit, names }: Repository, branch: string, sha: string): Promise<boolean> {
  try {
    await octokit.rest.git.updateRef({ ...names, ref: `heads/${branch}`, sha, force: false })
    return true
  } catch (error) {
    const { status, message = '' } = error as { status?: number; message?: string }
    if (status === 422 && /fast.?forward/i.test(message)) return false
    throw error
  }
}

/** The commit that a branch points to; nothing when there is no such branch, or no commit in the repository at all (409). */
export async function tipOf({ octokit, names }: Repository, branch: string): Promise<string | undefined> {
  const found = await octokit.rest.git.getRef({ ...names, ref: `heads/${branch}` }).catch(absentAt(404, 409))
  return found?.data.object.sha
}

/** Begins a branch with one commit; the commit it begins with already when it has the same message, else nothing. */
export async function startBranch(repository: Repository, branch: string, change: Change): Promise<string | undefined> {
  const { octokit, names } = repository
  const known = await tipOf(repository, branch)
  if (known) {
    const { data } = await octokit.rest.git.getCommit({ ...names, commit_sha: known })
    return data.message.trim() === change.message.trim() ? data.sha : undefined
  }
  const sha = await writeCommit(repository, change)
  await octokit.rest.git.createRef({ ...names, ref: `refs/heads/${branch}`, sha })
  return sha
}

/** Takes a branch away; one that is gone already is no matter. */
export async function removeBranch({ octokit, names }: Repository, branch: string): Promise<void> {
  await octokit.rest.git.deleteRef({ ...names, ref: `heads/${branch}` }).catch(absentAt(404, 422))
}

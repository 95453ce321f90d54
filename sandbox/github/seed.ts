import { identityOf } from './git/commit.ts'
import { gitOf, refName } from './git/git.ts'
import { EMPTY_TREE, FILE_MODE } from './git/object.ts'
import { treeWith } from './git/tree.ts'
import {
  addRepository,
  findRepository,
  type GitHubOptions,
  type GitHubState,
  publish,
  type RepositorySeed,
} from './state.ts'
import { addOrganization, addUser } from './users.ts'

/** Puts in place what the options name. What is there from an earlier start stays as it is. */
export async function seed(state: GitHubState, options: GitHubOptions): Promise<void> {
  for (const login of options.users ?? []) addUser(state, login)
  for (const { login, members, email } of options.organizations ?? []) {
    if (state.organizations.has(login.toLowerCase())) continue
    Object.assign(addOrganization(state, login, members), email === undefined ? {} : { email })
  }
  for (const one of options.repositories ?? []) seedRepository(state, one)
  for (const one of options.releases ?? []) await publish(state, one)
}

/** A repository with its first commit on its default branch. */
export function seedRepository(state: GitHubState, { name: fullName, files, ...more }: RepositorySeed): void {
  const [owner = '', name = ''] = fullName.split('/')
  if (findRepository(state, owner, name)) return
  for (const login of Object.keys(more.collaborators ?? {})) addUser(state, login)
  const repository = addRepository(state, owner, name, more)
  if (Object.keys(files).length === 0) return
  const git = gitOf(state, repository)
  const entries = Object.entries(files).map(
    ([path, content]) => [path, { mode: FILE_MODE, oid: git.write('blob', Buffer.from(content)) }] as const,
  )
  const author = identityOf(state, repository.owner)
  const tree = treeWith(git, EMPTY_TREE, new Map(entries))
  const commit = git.writeCommit({ tree, parents: [], author, committer: author, message: 'Initial commit' })
  git.setRef(refName(repository, `refs/heads/${repository.defaultBranch}`), commit)
}

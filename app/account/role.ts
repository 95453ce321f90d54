import type { Parts } from '../parts.ts'
import type { Role } from './person.ts'

/** An account at GitHub. Its number stays the same when it is renamed; a login may be somebody else's by then. */
export type GitHubAccount = { login: string; id: number }

type Asking = Pick<Parts, 'config' | 'store' | 'githubApp'>

/** The roles of GitHub's that are worth something here. Reading a public repository is everybody's. */
const GIVEN: Partial<Record<string, Role>> = {
  admin: 'maintain',
  maintain: 'maintain',
  write: 'write',
  triage: 'triage',
}

/**
 * What somebody may do at the desk, as the shop's repository has it now; nothing when that is nothing, or there is no repository yet.
 * A role that an organisation made for itself counts as the one of GitHub's that it holds. Rejects when GitHub can't be asked.
 * https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
 */
export async function roleOf({ config, store, githubApp }: Asking, account: GitHubAccount): Promise<Role | undefined> {
  const name = config.SHOP_REPOSITORY ?? (await store.shop()).repository
  if (!name) return undefined
  const { octokit, names } = await githubApp.forRepository(name, { metadata: 'read' })
  const asked = octokit.rest.repos.getCollaboratorPermissionLevel({ ...names, username: account.login })
  const answer = await asked.catch((error: { status?: number }) => {
    if (error.status === 404) return undefined
    throw error
  })
  if (!answer || answer.data.user?.id !== account.id) return undefined
  const { role_name: role, permission } = answer.data
  return GIVEN[role] ?? (permission === 'admin' ? 'maintain' : permission === 'write' ? 'write' : undefined)
}

import { Hono } from 'hono'
import { z } from 'zod'
import { visible, writable } from '../access.ts'
import { type GitHubEnv, notFound, originOf, Refusal } from '../answer.ts'
import { emit } from '../apps/webhooks.ts'
import { bodyOf } from '../body.ts'
import { gitOf, refName } from '../git/git.ts'
import { paged } from '../paging.ts'
import { repositoryJson } from '../repository.ts'
import { addRepository, findRepository, type GitHubState, type Repository } from '../state.ts'
import { account, actorOf, mayAs, roleOf } from '../users.ts'

const ForkRequest = z.object({
  organization: z.string().optional(),
  name: z
    .string()
    .regex(/^[\w.-]+$/)
    .optional(),
  default_branch_only: z.boolean().default(false),
})

/** Forks, and who may do what in a repository. */
export function forkRoutes(state: GitHubState): Hono<GitHubEnv> {
  return new Hono<GitHubEnv>()
    .get('/repos/:o/:r/forks', (c) => {
      const repository = visible(state, c.var.who, c.req.param(), 'metadata')
      const forks = [...state.repositories.values()].filter(({ parent }) => parent === repository.id)
      return c.json(paged(c, forks).map((fork) => repositoryJson(fork, originOf(c))))
    })
    .post('/repos/:o/:r/forks', async (c) => {
      const repository = visible(state, c.var.who, c.req.param(), 'metadata')
      const asked = await bodyOf(c, ForkRequest)
      if (c.var.who.kind === 'installation') throw new Refusal(403, 'Resource not accessible by integration')
      const actor = actorOf(state, c.var.who)
      const fork = forkOf(state, repository, asked, actor)
      return c.json(repositoryJson(fork, originOf(c)), 202)
    })
    .delete('/repos/:o/:r', (c) => {
      const { owner, name } = writable(state, c.var.who, c.req.param(), 'administration', 'admin')
      state.repositories.delete(`${owner}/${name}`.toLowerCase())
      return c.body(null, 204)
    })
    .get('/repos/:o/:r/collaborators/:u/permission', (c) => {
      const repository = visible(state, c.var.who, c.req.param(), 'metadata')
      const user = state.users.get(c.req.param('u').toLowerCase())
      if (!user) throw notFound()
      const role = roleOf(state, repository, user.login)
      const permissions = Object.fromEntries(POWERS.map(([power, least]) => [power, mayAs(role, least)]))
      const person = { ...account(state, user.login, originOf(c)), permissions, role_name: role }
      return c.json({ permission: OLD_NAMES[role] ?? role, role_name: role, user: person })
    })
}

/** The older of the two names that GitHub has for a role. */
const OLD_NAMES: Record<string, string> = { maintain: 'write', triage: 'read' }

/** What GitHub says besides that somebody may, and the least role for each. */
const POWERS = [
  ['admin', 'admin'],
  ['maintain', 'maintain'],
  ['push', 'write'],
  ['triage', 'triage'],
  ['pull', 'read'],
] as const

function forkOf(
  state: GitHubState,
  repository: Repository,
  asked: z.output<typeof ForkRequest>,
  actor: string,
): Repository {
  const owner = asked.organization ?? actor
  const members = state.organizations.get(owner.toLowerCase())?.members
  if (owner !== actor && !members?.has(actor.toLowerCase()))
    throw new Refusal(403, 'You do not have permission to fork into this organization.')
  const known = [...state.repositories.values()].find(
    (one) => one.network === repository.network && one.owner.toLowerCase() === owner.toLowerCase(),
  )
  if (known) return known
  const name = findRepository(state, owner, asked.name ?? repository.name)
    ? `${repository.name}-1`
    : (asked.name ?? repository.name)
  const { network, private: isPrivate, defaultBranch } = repository
  const fork = addRepository(state, owner, name, { network, parent: repository.id, private: isPrivate, defaultBranch })
  const git = gitOf(state, repository)
  const heads = refName(repository, 'refs/heads/')
  for (const { name: ref, oid } of git.refs(heads)) {
    const branch = ref.slice(heads.length)
    if (!asked.default_branch_only || branch === defaultBranch) git.setRef(refName(fork, `refs/heads/${branch}`), oid)
  }
  const forkee = repositoryJson(fork, state.url)
  emit(state, 'fork', repository, { forkee, sender: account(state, actor, state.url) })
  return fork
}

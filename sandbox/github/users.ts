import { randomBytes } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { type GitHubEnv, instant, notFound, originOf, Refusal, type Who } from './answer.ts'

import { type GitHubState, idOf, type Repository } from './state.ts'
import { type Organization, ROLES, type Role, type User } from './user-state.ts'

/** The role somebody has in a repository: as its owner, by their organisation, or as a collaborator. Everyone reads what is public. */
export function roleOf(state: GitHubState, repository: Repository, login: string): Role {
  const key = login.toLowerCase()
  if (!state.users.has(key)) return 'none'
  if (repository.owner.toLowerCase() === key) return 'admin'
  const membership = state.organizations.get(repository.owner.toLowerCase())?.members.get(key)
  if (membership === 'admin') return 'admin'
  const given = Object.entries(repository.collaborators).find(([name]) => name.toLowerCase() === key)?.[1] ?? 'none'
  const base: Role = membership || !repository.private ? 'read' : 'none'
  return mayAs(given, base) ? given : base
}

/** Whether a role is at least another. */
export const mayAs = (role: Role, least: Role): boolean => ROLES.indexOf(role) <= ROLES.indexOf(least)

/** Makes sure that there is a user of this name. */
export function addUser(state: GitHubState, login: string): User {
  const known = state.users.get(login.toLowerCase())
  if (known) return known
  const user = { login, id: idOf('user', login), at: state.now() }
  state.users.set(login.toLowerCase(), user)
  return user
}

/** Makes sure that there is an organisation of this name, and that these are its members. */
export function addOrganization(
  state: GitHubState,
  login: string,
  members: readonly { login: string; role: 'admin' | 'member' }[] = [],
): Organization {
  const organization = state.organizations.get(login.toLowerCase()) ?? {
    login,
    id: idOf('user', login),
    at: state.now(),
    members: new Map(),
  }
  state.organizations.set(login.toLowerCase(), organization)
  for (const { login: member, role } of members) {
    addUser(state, member)
    organization.members.set(member.toLowerCase(), role)
  }
  return organization
}

/** A user's token, made when there is none. Rejects a login that nobody has. */
export function tokenFor(state: GitHubState, login: string): string {
  const user = state.users.get(login.toLowerCase())
  if (!user)
    throw new Error(`The GitHub stand-in has no user “${login}”; name them in \`users\` or in an organisation.`)
  for (const [token, owner] of state.userTokens) if (owner === user.login) return token
  const token = `ghp_${randomBytes(27).toString('base64url').replace(/[-_]/g, '0')}`
  state.userTokens.set(token, user.login)
  state.changed()
  return token
}

/** The login under which a request writes: the user's, or the App's bot. Refuses who has none. */
export function actorOf(_state: GitHubState, who: Who): string {
  if (who.kind === 'user') return who.login
  if (who.kind === 'nobody') throw new Refusal(401, 'Requires authentication')
  return `${who.app.slug}[bot]`
}

/** A user, organisation or bot, as it appears inside other things. */
export function account(state: GitHubState, login: string, origin: string) {
  const user = state.users.get(login.toLowerCase())
  return user ? { ...person(user.login, origin), type: 'User' } : person(login, origin)
}

/** Who somebody is to a repository, as issues and comments say it. */
export function associationOf(state: GitHubState, repository: Repository, login: string) {
  const key = login.toLowerCase()
  if (repository.owner.toLowerCase() === key) return 'OWNER' as const
  if (state.organizations.get(repository.owner.toLowerCase())?.members.has(key)) return 'MEMBER' as const
  const given = Object.keys(repository.collaborators).some((name) => name.toLowerCase() === key)
  if (given) return 'COLLABORATOR' as const
  const merged = [...repository.pulls.values()].some(({ mergedAt, number }) => {
    return mergedAt && repository.issues.get(number)?.author.toLowerCase() === key
  })
  return merged ? ('CONTRIBUTOR' as const) : ('NONE' as const)
}

/** Users and organisations. */
export function userRoutes(state: GitHubState): Hono<GitHubEnv> {
  const show = (c: Context<GitHubEnv>, login: string) => {
    const one = state.users.get(login.toLowerCase()) ?? state.organizations.get(login.toLowerCase())
    if (!one) throw notFound()
    const moments = { created_at: instant(one.at), updated_at: instant(one.at) }
    const email = ('email' in one ? one.email : undefined) ?? null
    const shown = { name: one.login, email, company: null, blog: '', ...moments }
    return c.json({ ...account(state, one.login, originOf(c)), ...shown })
  }
  return new Hono<GitHubEnv>()
    .get('/user', (c) => {
      const { who } = c.var
      if (who.kind === 'installation') throw new Refusal(403, 'Resource not accessible by integration')
      if (who.kind !== 'user') throw new Refusal(401, 'Requires authentication')
      return show(c, who.login)
    })
    .get('/users/:u', (c) => show(c, c.req.param('u')))
    .get('/orgs/:o', (c) => {
      if (!state.organizations.has(c.req.param('o').toLowerCase())) throw notFound()
      return show(c, c.req.param('o'))
    })
}

/** A user, organisation or bot, as it appears inside other things. */
export function person(login: string, origin: string, type: 'User' | 'Organization' = 'Organization') {
  const id = idOf('user', login)
  const url = `${origin}/users/${login}`
  return {
    login,
    id,
    node_id: nodeId('User', id),
    avatar_url: `${origin}/avatars/${login}`,
    gravatar_id: '',
    url,
    html_url: `${origin}/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    organizations_url: `${url}/orgs`,
    received_events_url: `${url}/received_events`,
    type: login.endsWith('[bot]') ? 'Bot' : type,
    site_admin: false,
  }
}

/** GitHub's other kind of id: opaque text. */
export const nodeId = (kind: string, id: number): string => Buffer.from(`${kind}:${id}`).toString('base64url')

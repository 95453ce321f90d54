import { Hono } from 'hono'
import { visible } from './access.ts'
import { type GitHubEnv, instant, originOf } from './answer.ts'
import { paged } from './paging.ts'
import { type GitHubState, type Repository, repositoriesOf, repositoryWithId } from './state.ts'
import { mayAs, nodeId, person, roleOf } from './users.ts'

/** Repositories. Whoever may not see a private one is told it isn't there. */
export function repositoryRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  routes.get('/repos/:o/:r', (c) => {
    const repository = visible(state, c.var.who, c.req.param(), 'metadata')
    const parent = repository.parent ? repositoryWithId(state, repository.parent) : undefined
    const { who } = c.var
    return c.json({
      ...repositoryJson(repository, originOf(c)),
      ...(who.kind === 'user' ? { permissions: permissionsOf(state, repository, who.login) } : {}),
      ...(parent ? { parent: repositoryJson(parent, originOf(c)), source: repositoryJson(parent, originOf(c)) } : {}),
    })
  })
  const canSee = (login: string | undefined) => (repository: Repository) =>
    !repository.private || (login !== undefined && mayAs(roleOf(state, repository, login), 'read'))
  for (const path of ['/orgs/:o/repos', '/users/:o/repos'] as const) {
    routes.get(path, (c) => {
      const login = c.var.who.kind === 'user' ? c.var.who.login : undefined
      const seen = repositoriesOf(state, c.req.param('o')).filter(canSee(login))
      return c.json(paged(c, seen).map((repository) => repositoryJson(repository, originOf(c))))
    })
  }
  routes.get('/user/repos', (c) => {
    const login = c.var.who.kind === 'user' ? c.var.who.login : ''
    const mine = [...state.repositories.values()].filter((one) =>
      mayAs(roleOf(state, one, login), one.private ? 'read' : 'triage'),
    )
    return c.json(paged(c, mine).map((repository) => repositoryJson(repository, originOf(c))))
  })
  return routes
}

function permissionsOf(state: GitHubState, repository: Repository, login: string) {
  const role = roleOf(state, repository, login)
  return {
    admin: mayAs(role, 'admin'),
    maintain: mayAs(role, 'maintain'),
    push: mayAs(role, 'write'),
    triage: mayAs(role, 'triage'),
    pull: mayAs(role, 'read'),
  }
}

/** The part of GitHub's repository that clients look at. */
export function repositoryJson(repository: Repository, origin: string) {
  const fullName = `${repository.owner}/${repository.name}`
  const url = `${origin}/repos/${fullName}`
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: fullName,
    private: repository.private,
    visibility: repository.private ? 'private' : 'public',
    owner: person(repository.owner, origin, repository.ownerType),
    default_branch: repository.defaultBranch,
    description: null,
    fork: repository.parent !== undefined,
    archived: false,
    has_issues: true,
    url,
    html_url: `${origin}/${fullName}`,
    clone_url: `${origin}/${fullName}.git`,
    branches_url: `${url}/branches{/branch}`,
    commits_url: `${url}/commits{/sha}`,
    contents_url: `${url}/contents/{+path}`,
    compare_url: `${url}/compare/{base}...{head}`,
    pulls_url: `${url}/pulls{/number}`,
    issues_url: `${url}/issues{/number}`,
    releases_url: `${url}/releases{/id}`,
    created_at: instant(repository.at),
    updated_at: instant(repository.at),
    pushed_at: instant(repository.pushedAt),
  }
}

import { Hono } from 'hono'
import { visible } from './access.ts'
import { type GitHubEnv, instant, originOf } from './answer.ts'
import { type GitHubState, idOf, type Repository } from './state.ts'

/** Repositories. All of them are private: whoever has no token for one is told it isn't there. */
export function repositoryRoutes(state: GitHubState): Hono<GitHubEnv> {
  return new Hono<GitHubEnv>().get('/repos/:o/:r', (c) => {
    return c.json(repositoryJson(visible(state, c.var.who, c.req.param(), 'metadata'), originOf(c)))
  })
}

/** The part of GitHub's repository that clients look at. */
export function repositoryJson(repository: Repository, origin: string) {
  const fullName = `${repository.owner}/${repository.name}`
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: fullName,
    private: true,
    visibility: 'private',
    owner: person(repository.owner, origin),
    default_branch: 'main',
    description: null,
    fork: false,
    archived: false,
    url: `${origin}/repos/${fullName}`,
    html_url: `${origin}/${fullName}`,
    releases_url: `${origin}/repos/${fullName}/releases{/id}`,
    created_at: instant(repository.at),
    updated_at: instant(repository.at),
    pushed_at: instant(repository.at),
  }
}

/** A user or organisation, as it appears inside other things. */
export function person(login: string, origin: string) {
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
    type: login.endsWith('[bot]') ? 'Bot' : 'Organization',
    site_admin: false,
  }
}

/** GitHub's other kind of id: opaque text. */
export const nodeId = (kind: string, id: number): string => Buffer.from(`${kind}:${id}`).toString('base64url')

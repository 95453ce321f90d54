import type { RestEndpointMethodTypes } from '@octokit/rest'
import { Hono } from 'hono'
import { z } from 'zod'
import { issueToken, requireApp } from './access.ts'
import { type GitHubEnv, instant, notFound, originOf, Refusal } from './answer.ts'
import { person, repositoryJson } from './repository.ts'
import { findRepository, type GitHubState, GRANTED, idOf, type Permissions, repositoriesOf } from './state.ts'

type InstallationJson = RestEndpointMethodTypes['apps']['getInstallation']['response']['data']

const TokenRequest = z.object({
  repositories: z.array(z.string()).optional(),
  repository_ids: z.array(z.int()).optional(),
  permissions: z.record(z.string(), z.enum(['read', 'write', 'admin'])).optional(),
})

/** The App and its installations: one for each owner of a repository, covering all they own. */
export function appRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const installed = (owner: string | undefined, origin: string) => {
    if (!owner || repositoriesOf(state, owner).length === 0) throw notFound()
    return installationJson(state, owner, origin)
  }
  const forApp = ['/app', '/app/*', '/repos/:o/:r/installation', '/orgs/:o/installation', '/users/:o/installation']
  for (const path of forApp) {
    routes.use(path, async (c, next) => {
      requireApp(c.var.who)
      await next()
    })
  }

  routes.get('/app', (c) => {
    const { id, slug, at } = state.app
    const times = { created_at: instant(at), updated_at: instant(at) }
    return c.json({ id, slug, name: slug, permissions: GRANTED, events: [], external_url: originOf(c), ...times })
  })
  routes.get('/app/installations', (c) => c.json(ownersOf(state).map((owner) => installed(owner, originOf(c)))))
  routes.get('/repos/:o/:r/installation', (c) => {
    return c.json(installed(findRepository(state, c.req.param('o'), c.req.param('r'))?.owner, originOf(c)))
  })
  for (const path of ['/orgs/:o/installation', '/users/:o/installation'] as const) {
    routes.get(path, (c) => c.json(installed(c.req.param('o'), originOf(c))))
  }
  routes.post('/app/installations/:id/access_tokens', async (c) => {
    const owner = ownersOf(state).find((name) => String(installationId(name)) === c.req.param('id'))
    if (!owner) throw notFound()
    const asked = TokenRequest.safeParse(JSON.parse((await c.req.text()) || '{}'))
    if (!asked.success) throw new Refusal(422, 'Invalid request.')
    return c.json(tokenJson(state, owner, asked.data, originOf(c)), 201)
  })
  return routes
}

const installationId = (owner: string) => idOf('installation', owner)
const ownersOf = (state: GitHubState) => [...new Set([...state.repositories.values()].map(({ owner }) => owner))]

function installationJson(state: GitHubState, owner: string, origin: string): InstallationJson {
  const id = installationId(owner)
  return {
    id,
    account: person(owner, origin),
    app_id: state.app.id,
    app_slug: state.app.slug,
    target_id: idOf('user', owner),
    target_type: 'Organization',
    repository_selection: 'all',
    permissions: GRANTED,
    events: [],
    access_tokens_url: `${origin}/app/installations/${id}/access_tokens`,
    repositories_url: `${origin}/installation/repositories`,
    html_url: `${origin}/organizations/${owner}/settings/installations/${id}`,
    created_at: instant(state.app.at),
    updated_at: instant(state.app.at),
    single_file_name: null,
    suspended_at: null,
    suspended_by: null,
  }
}

/** A token, narrowed to what was asked for; asking for more than the installation has is refused. */
function tokenJson(state: GitHubState, owner: string, asked: z.output<typeof TokenRequest>, origin: string) {
  const all = repositoriesOf(state, owner)
  const names = asked.repositories?.map((name) => name.toLowerCase())
  const chosen = all.filter(
    ({ id, name }) => names?.includes(name.toLowerCase()) ?? asked.repository_ids?.includes(id) ?? true,
  )
  if (chosen.length < (names ?? asked.repository_ids ?? []).length || chosen.length === 0) {
    throw new Refusal(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    )
  }
  const { text, token } = issueToken(state, owner, chosen, narrowed(asked.permissions))
  const isNarrow = names ?? asked.repository_ids
  return {
    token: text,
    expires_at: instant(token.expiresAt),
    permissions: token.permissions,
    repository_selection: isNarrow ? 'selected' : 'all',
    ...(isNarrow ? { repositories: chosen.map((repository) => repositoryJson(repository, origin)) } : {}),
  }
}

function narrowed(asked: Record<string, string> | undefined): Permissions {
  if (!asked) return GRANTED
  for (const [name, level] of Object.entries(asked)) {
    if (GRANTED[name] !== level && GRANTED[name] !== 'write') {
      throw new Refusal(422, 'The permissions requested are not granted to this installation.')
    }
  }
  return { metadata: 'read', ...(asked as Permissions) }
}

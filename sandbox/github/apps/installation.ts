import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { isGranted, issueToken, requireApp } from '../access.ts'
import { type GitHubEnv, instant, notFound, originOf, Refusal } from '../answer.ts'
import { bodyOf } from '../body.ts'
import { paged } from '../paging.ts'
import { repositoryJson } from '../repository.ts'
import { findRepository, type GitHubState } from '../state.ts'
import type { App, Installation, Permissions } from './app-state.ts'
import { installationJson } from './app-view.ts'
import { covers, installationsOf, repositoriesIn } from './coverage.ts'
import { adminOf, setSuspended, uninstall } from './installation-change.ts'

const TokenRequest = z.object({
  repositories: z.array(z.string()).optional(),
  repository_ids: z.array(z.int()).optional(),
  permissions: z.record(z.string(), z.enum(['read', 'write', 'admin'])).optional(),
})

/** An App's installations: finding them, getting tokens for them, stopping them. */
export function installationRoutes(state: GitHubState): Hono<GitHubEnv> {
  const routes = new Hono<GitHubEnv>()
  const mine = (c: Context<GitHubEnv>, isIt: (one: Installation) => boolean) => {
    const app = requireApp(c.var.who)
    const installation = installationsOf(state).find((one) => one.app === app.id && isIt(one))
    if (!installation) throw notFound()
    return { app, installation }
  }
  const withId = (c: Context<GitHubEnv>) => mine(c, ({ id }) => String(id) === c.req.param('id'))
  const show = (c: Context, { app, installation }: { app: App; installation: Installation }) =>
    c.json(installationJson(state, app, installation, originOf(c)))

  routes.get('/app/installations', (c) => {
    const app = requireApp(c.var.who)
    const all = installationsOf(state).filter((one) => one.app === app.id)
    return c.json(paged(c, all).map((one) => installationJson(state, app, one, originOf(c))))
  })
  routes.get('/app/installations/:id', (c) => show(c, withId(c)))
  routes.get('/repos/:o/:r/installation', (c) => {
    const repository = findRepository(state, c.req.param('o'), c.req.param('r'))
    return show(
      c,
      mine(c, (one) => repository !== undefined && covers(one, repository)),
    )
  })
  for (const path of ['/orgs/:o/installation', '/users/:o/installation'] as const) {
    routes.get(path, (c) =>
      show(
        c,
        mine(c, ({ owner }) => owner.toLowerCase() === c.req.param('o').toLowerCase()),
      ),
    )
  }
  routes.post('/app/installations/:id/access_tokens', async (c) => {
    const { installation } = withId(c)
    if (installation.suspended) throw new Refusal(403, 'This installation has been suspended')
    return c.json(tokenJson(state, installation, await bodyOf(c, TokenRequest), originOf(c)), 201)
  })
  routes.on(['PUT', 'DELETE'], '/app/installations/:id/suspended', (c) => {
    const found = withId(c)
    setSuspended(state, found, c.req.method === 'PUT', adminOf(state, found.app.owner))
    return c.body(null, 204)
  })
  routes.delete('/app/installations/:id', (c) => {
    const found = withId(c)
    uninstall(state, found, adminOf(state, found.app.owner))
    return c.body(null, 204)
  })
  routes.get('/installation/repositories', (c) => {
    const { who } = c.var
    if (who.kind !== 'installation') throw new Refusal(403, 'Resource not accessible by integration')
    const { token, installation } = who
    const all = repositoriesIn(state, installation).filter(
      ({ id }) => token.repositories === 'all' || token.repositories.includes(id),
    )
    const repository_selection = token.repositories === 'all' ? installation.selection : 'selected'
    const repositories = paged(c, all).map((one) => repositoryJson(one, originOf(c)))
    return c.json({ total_count: all.length, repository_selection, repositories })
  })
  return routes
}

/** A token, narrowed to what was asked for; asking for more than the installation has is refused. */
function tokenJson(
  state: GitHubState,
  installation: Installation,
  asked: z.output<typeof TokenRequest>,
  origin: string,
) {
  const names = asked.repositories?.map((name) => name.toLowerCase())
  const isNarrow = names !== undefined || asked.repository_ids !== undefined
  const chosen = repositoriesIn(state, installation).filter(
    ({ id, name }) => names?.includes(name.toLowerCase()) ?? asked.repository_ids?.includes(id) ?? true,
  )
  if (chosen.length < (names ?? asked.repository_ids ?? []).length) {
    throw new Refusal(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    )
  }
  const { text, token } = issueToken(state, {
    installation: installation.id,
    repositories: isNarrow ? chosen.map(({ id }) => id) : 'all',
    permissions: narrowed(installation.permissions, asked.permissions),
  })
  return {
    token: text,
    expires_at: instant(token.expiresAt),
    permissions: token.permissions,
    repository_selection: isNarrow ? 'selected' : installation.selection,
    ...(isNarrow ? { repositories: chosen.map((repository) => repositoryJson(repository, origin)) } : {}),
  }
}

function narrowed(granted: Permissions, asked: Permissions | undefined): Permissions {
  if (!asked) return granted
  for (const [name, level] of Object.entries(asked)) {
    if (!isGranted(granted, name, level)) {
      throw new Refusal(422, 'The permissions requested are not granted to this installation.')
    }
  }
  return { ...asked, metadata: 'read' }
}

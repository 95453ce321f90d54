import { rmSync } from 'node:fs'
import { Hono, type MiddlewareHandler } from 'hono'
import { getPath } from 'hono/utils/url'
import { authenticate } from './github/access.ts'
import { type GitHubEnv, notFound, refuse, withLimits } from './github/answer.ts'
import { appRoutes } from './github/apps/app.ts'
import { installationRoutes } from './github/apps/installation.ts'
import { installationPages } from './github/apps/installation-pages.ts'
import { registrationRoutes } from './github/apps/registration.ts'
import { signInRoutes } from './github/apps/sign-in.ts'
import { signInPages } from './github/apps/sign-in-pages.ts'
import { settled } from './github/apps/webhooks.ts'
import { checkRoutes } from './github/checks/checks.ts'
import { controlRoutes } from './github/faults/control.ts'
import { keepRequests, withFaults, withWriteLimits } from './github/faults/limits.ts'
import { hostRoutes } from './github/host.ts'
import { pageRoutes } from './github/pages/pages.ts'
import { restore } from './github/persistence.ts'
import { queueRoutes } from './github/pulls/queue.ts'
import { downloadRoutes } from './github/releases/download.ts'
import { releaseRoutes } from './github/releases/release.ts'
import { seed } from './github/seed.ts'
import { createState, type GitHubOptions, type GitHubState } from './github/state.ts'
import { tokenFor } from './github/users.ts'
import { NO_KEEPER } from './keeper.ts'
import { listen } from './listen.ts'

export type { ReleaseSeed, RepositorySeed } from './github/state.ts'

/**
 * Starts a stand-in for GitHub: the App's authentication, private repositories, releases and their files, as
 * api.github.com serves them (https://docs.github.com/en/rest), and a page at `/` that shows what there is.
 * `privateKey` is the App's, PEM. Rejects when the port is taken or a seed's file can't be read.
 */
export async function startGitHub(options: GitHubOptions & { port?: number }) {
  const state = createState(options)
  const keeper = options.folder ? await restore(state) : NO_KEEPER
  state.changed = keeper.changed
  tellWhere(state, options.app)
  await seed(state, options)
  const app = new Hono<GitHubEnv>({ getPath: (request) => getPath(request).replace(/^\/api\/v3(?=\/)/, '') })
  app.onError(refuse)
  app.notFound((c) => refuse(notFound(), c))
  app.route('/', controlRoutes(state))
  app.route('/', queueRoutes(state))
  app.route('/', installationPages(state))
  app.route('/', signInPages(state))
  app.route('/', pageRoutes(state))
  app.use(keepRequests(state))
  app.use(withFaults(state))
  app.route('/', downloadRoutes(state))
  app.use(withLimits(state))
  app.route('/', signInRoutes(state))
  app.use(authenticate(state))
  app.use(withWriteLimits(state))
  app.use(noteChanges(state))
  app.route('/', appRoutes(state))
  app.route('/', installationRoutes(state))
  app.route('/', registrationRoutes(state))
  app.route('/', checkRoutes(state))
  app.route('/', hostRoutes(state))
  app.route('/', releaseRoutes(state))
  const { url, close } = await listen(app.fetch, options.port).catch((error) => {
    if (!options.folder) rmSync(state.folder, { recursive: true, force: true })
    throw error
  })
  state.url = url
  keeper.changed()
  return {
    url,
    appId: state.apps.apps[0]?.id ?? 0,
    privateKey: state.apps.apps[0]?.privateKey ?? '',
    client: { id: state.apps.apps[0]?.clientId ?? '', secret: state.apps.apps[0]?.clientSecret ?? '' },
    /** A token with which a user of this name asks. */
    tokenFor: (login: string) => tokenFor(state, login),
    close: async () => {
      state.outbox.stopping.abort()
      await close()
      await settled(state)
      await keeper.kept()
      if (!options.folder) rmSync(state.folder, { recursive: true, force: true })
    },
  }
}

/** The shop may be on another port than last time. */
function tellWhere(state: GitHubState, seed: GitHubOptions['app']): void {
  const [app] = state.apps.apps
  if (app && seed?.webhook) Object.assign(app.hook, seed.webhook)
  if (app && seed?.callbackUrls) app.callbackUrls = seed.callbackUrls
}

/** Every request that isn't a mere look may have changed something. */
function noteChanges(state: GitHubState): MiddlewareHandler {
  return async (c, next) => {
    await next()
    if (c.req.method !== 'GET') state.changed()
  }
}

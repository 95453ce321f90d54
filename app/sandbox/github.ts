import { Hono } from 'hono'
import { getPath } from 'hono/utils/url'
import { authenticate } from './github/access.ts'
import { type GitHubEnv, notFound, refuse, withLimits } from './github/answer.ts'
import { appRoutes } from './github/app.ts'
import { controlRoutes, keepRequests, withFaults } from './github/control.ts'
import { downloadRoutes } from './github/download.ts'
import { homeRoutes } from './github/home.ts'
import { releaseRoutes } from './github/release.ts'
import { repositoryRoutes } from './github/repository.ts'
import { createState, type GitHubOptions } from './github/state.ts'
import { listen } from './listen.ts'

export type { ReleaseSeed } from './github/state.ts'

/**
 * Starts a stand-in for GitHub: the App's authentication, private repositories, releases and their files, as
 * api.github.com serves them (https://docs.github.com/en/rest), and a page at `/` that shows what there is.
 * `privateKey` is the App's, PEM. Rejects when the port is taken or a seed's file can't be read.
 */
export async function startGitHub(options: GitHubOptions & { port?: number }) {
  const state = await createState(options)
  const app = new Hono<GitHubEnv>({ getPath: (request) => getPath(request).replace(/^\/api\/v3(?=\/)/, '') })
  app.onError(refuse)
  app.notFound((c) => refuse(notFound(), c))
  app.route('/', homeRoutes(state))
  app.route('/', controlRoutes(state))
  app.use(keepRequests(state))
  app.use(withFaults(state))
  app.route('/', downloadRoutes(state))
  app.use(withLimits(state))
  app.use(authenticate(state))
  app.route('/', appRoutes(state))
  app.route('/', repositoryRoutes(state))
  app.route('/', releaseRoutes(state))
  const { url, close } = await listen(app.fetch, options.port)
  return { url, appId: state.app.id, privateKey: state.app.privateKey, close }
}

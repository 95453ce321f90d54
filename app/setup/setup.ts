import { setTimeout as sleep } from 'node:timers/promises'
import type { GitHubCredentials } from '../config.ts'
import { readStyle } from '../http/document.ts'
import { closeServer, listen } from '../http/server.ts'
import { createGuard } from './guard.ts'
import { readAppDeclaration, suggestName } from './manifest.ts'
import { type SetupOptions, setupRoutes } from './routes.ts'

/** How long the last page may take to be fetched, once the credentials are there. */
const LAST_PAGE_SECONDS_MAX = 8
/** The last page leaves, with its stylesheet. */
const LAST_ANSWER_MILLISECONDS = 300
/** Answers on their way arrive by then. */
const CLOSE_SECONDS_MAX = 1

/**
 * Serves the setup page until the shop has a GitHub App, and gives its credentials; the port is free again by then.
 * They are also in `envFile`, unless that can't be written: then they were shown for copying. Rejects with a
 * ConfigError when the port is taken.
 */
export async function runSetup(options: SetupOptions): Promise<GitHubCredentials> {
  const { settings, say } = options
  const guard = createGuard(options)
  const kept = Promise.withResolvers<GitHubCredentials>()
  const shown = Promise.withResolvers<void>()
  const app = setupRoutes({
    ...options,
    guard,
    declaration: await readAppDeclaration(),
    name: suggestName(settings.SHOP_URL, options.random),
    style: await readStyle(new URL('./setup.css', import.meta.url)),
    onKept: kept.resolve,
    onShown: shown.resolve,
  })
  const server = await listen(settings, app.fetch)
  say(`The shop has no GitHub App yet. Open ${settings.SHOP_URL}/setup and enter this code: ${guard.code}`)
  const abandoned = () => kept.reject(options.signal?.reason)
  options.signal?.addEventListener('abort', abandoned, { once: true })
  const credentials = await kept.promise.catch(async (error: unknown) => {
    await closeServer(server, CLOSE_SECONDS_MAX)
    throw error
  })
  await Promise.race([shown.promise, sleep(LAST_PAGE_SECONDS_MAX * 1000, undefined, { ref: false })])
  await sleep(LAST_ANSWER_MILLISECONDS)
  await closeServer(server, CLOSE_SECONDS_MAX)
  say('The GitHub App is registered. Starting the shop.')
  return credentials
}

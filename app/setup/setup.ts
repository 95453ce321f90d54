import { setTimeout as sleep } from 'node:timers/promises'
import type { GitHubCredentials } from '../config.ts'
import { readStyle } from '../http/document.ts'
import { createGuard } from './guard.ts'
import { readAppDeclaration, suggestName } from './manifest.ts'
import { type SetupOptions, setupRoutes } from './routes.ts'

/** How long the last page may take to be fetched, once the credentials are there. */
const LAST_PAGE_SECONDS_MAX = 8
/** The last page leaves, with its stylesheet. */
const LAST_ANSWER_MILLISECONDS = 300

/**
 * Serves the setup page until the shop has a GitHub App, and gives its credentials; it answers on, until something else does.
 * They are also in `envFile`, unless that can't be written: then they were shown for copying.
 */
export async function runSetup(options: SetupOptions): Promise<GitHubCredentials> {
  const { settings, say, listener } = options
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
  listener.answerWith(app.fetch)
  say(`The shop has no GitHub App yet. Open ${settings.SHOP_URL}/setup and enter this code: ${guard.code}`)
  const abandoned = () => kept.reject(options.signal?.reason)
  options.signal?.addEventListener('abort', abandoned, { once: true })
  const credentials = await kept.promise
  await Promise.race([shown.promise, sleep(LAST_PAGE_SECONDS_MAX * 1000, undefined, { ref: false })])
  await sleep(LAST_ANSWER_MILLISECONDS)
  say('The GitHub App is registered. Starting the shop.')
  return credentials
}

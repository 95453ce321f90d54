import { once } from 'node:events'
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import { ConfigError } from '../config.ts'
import { readStyle } from '../http/document.ts'
import type { GitHubCredentials } from './exchange.ts'
import { createGuard } from './guard.ts'
import { readAppDeclaration, suggestName } from './manifest.ts'
import { type SetupOptions, type SetupSettings, setupRoutes } from './routes.ts'

/** How long the last page may take to be fetched, once the credentials are there. */
const LAST_PAGE_SECONDS_MAX = 8
/** The last page leaves, with its stylesheet. */
const LAST_ANSWER_MILLISECONDS = 300
const REQUEST_TIMEOUT_MILLISECONDS = 15_000

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
  const server = await listen(app.fetch, settings)
  say(`The shop has no GitHub App yet. Open ${settings.SHOP_URL}/setup and enter this code: ${guard.code}`)
  const abandoned = () => kept.reject(options.signal?.reason)
  options.signal?.addEventListener('abort', abandoned, { once: true })
  const credentials = await kept.promise.catch(async (error: unknown) => {
    await close(server)
    throw error
  })
  await Promise.race([shown.promise, sleep(LAST_PAGE_SECONDS_MAX * 1000, undefined, { ref: false })])
  await sleep(LAST_ANSWER_MILLISECONDS)
  await close(server)
  say('The GitHub App is registered. Starting the shop.')
  return credentials
}

async function listen(fetch: Parameters<typeof serve>[0]['fetch'], { PORT, HOST }: SetupSettings): Promise<Server> {
  const serverOptions = { headersTimeout: REQUEST_TIMEOUT_MILLISECONDS, requestTimeout: REQUEST_TIMEOUT_MILLISECONDS }
  const server = serve({ fetch, port: PORT, hostname: HOST, serverOptions }) as Server
  if (!server.listening) {
    await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EADDRINUSE' ? new ConfigError([`Port ${PORT} is taken.`]) : error
    })
  }
  return server
}

/** Lets answers on their way arrive; browsers keep connections open, and those are cut. */
async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), 1000)
  await closed
  clearTimeout(timer)
}

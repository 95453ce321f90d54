import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { type Config, ConfigError } from '../config.ts'
import { answerWithin } from './connections.ts'

/** A slow or silent connection may not hold a place for long. */
const HEADERS_TIMEOUT_MILLISECONDS = 5_000
const REQUEST_TIMEOUT_MILLISECONDS = 15_000
const CONNECTIONS_CHECK_MILLISECONDS = 1_000

type Fetch = Parameters<typeof getRequestListener>[0]

/** Who listens at the shop's address. What answers there can be exchanged, so that no request finds nobody. */
export type Listener = { answerWith: (fetch: Fetch) => void; close: (secondsMax: number) => Promise<void> }

/** Serves from now on, with this at first. Rejects with a ConfigError when the port is taken. */
export async function openListener(address: Pick<Config, 'PORT' | 'HOST'>, first: Fetch): Promise<Listener> {
  let answer = first
  const server = await listen(address, (request, env) => answer(request, env))
  return {
    answerWith(fetch) {
      answer = fetch
    },
    close: (secondsMax) => closeServer(server, secondsMax),
  }
}

/** Serves from now on. Rejects with a ConfigError when the port is taken. */
export async function listen({ PORT, HOST }: Pick<Config, 'PORT' | 'HOST'>, fetch: Fetch): Promise<Server> {
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MILLISECONDS,
    requestTimeout: REQUEST_TIMEOUT_MILLISECONDS,
    connectionsCheckingInterval: CONNECTIONS_CHECK_MILLISECONDS,
  })
  answerWithin(server, getRequestListener(fetch, { autoCleanupIncoming: false }))
  server.listen(PORT, HOST)
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? new ConfigError([`Port ${PORT} is taken.`]) : error
  })
  return server
}

/** Lets requests in flight finish, and cuts off what takes longer; browsers keep connections open. */
export async function closeServer(server: Server, secondsMax: number): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), secondsMax * 1000)
  await closed
  clearTimeout(timer)
}

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import type { Logger } from 'pino'
import { printProblems } from '../catalog/problem.ts'
import { createApp } from './app.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { startSweeping } from './dispatch.ts'
import { connectGitHub } from './github/client.ts'
import { type LiveShop, openShop } from './live-shop.ts'
import { createLog } from './log.ts'
import { connectMail } from './mail/send.ts'
import { LANES, type Lane } from './order/job.ts'
import type { Parts } from './parts.ts'
import { openLowdbStore } from './store/lowdb.ts'
import { connectStripe } from './stripe/client.ts'

/** Each lane by itself, so that a mail server that is slow to answer holds up no payment. */
const DISPATCHERS_A_LANE = 4
/** How soon new work is seen when there was none. */
const DISPATCH_IDLE_MILLISECONDS = 150
const STOP_SECONDS_MAX = 8
/** A slow or silent connection may not hold a place for long. */
const HEADERS_TIMEOUT_MILLISECONDS = 5_000
const REQUEST_TIMEOUT_MILLISECONDS = 15_000
const CONNECTIONS_CHECK_MILLISECONDS = 1_000

export type RunningApp = { stop: () => Promise<void> }

/** Starts the app: store, clients, door, dispatch loop. Stops them in reverse order, after what is in flight. */
export async function startApp(config: Config, shop: LiveShop, log: Logger): Promise<RunningApp> {
  const sendMail = connectMail({ url: config.SMTP_URL, from: config.MAIL_FROM })
  const parts = await openParts(config, shop, sendMail, log)
  const app = createApp(parts)
  const server = await listen(config, app.fetch).catch(async (error: unknown) => {
    await parts.store.close()
    throw error
  })
  await startSweeping(parts, parts.now())
  const loop = startDispatching(app.dispatchDueJob, log)
  log.info({ address: config.SHOP_URL, mode: config.mode }, 'open')
  return {
    async stop() {
      await Promise.all([closeServer(server), loop.stop()])
      sendMail.close()
      await parts.store.close()
    },
  }
}

async function openParts(config: Config, shop: LiveShop, sendMail: Parts['sendMail'], log: Logger): Promise<Parts> {
  const now = () => new Date()
  const onFailure = (error: Error) => {
    log.fatal({ err: error }, 'the store can not write; stopping, so that nothing is promised that is not kept')
    process.exit(1)
  }
  const { store } = await openLowdbStore({ folder: join(config.DATA_FOLDER, 'store'), now, onFailure, log })
  return {
    config,
    catalog: shop.catalog,
    storefront: shop.storefront,
    store,
    stripe: connectStripe(config),
    ...(await connectGitHub({
      appId: config.GITHUB_APP_ID,
      privateKey: config.GITHUB_PRIVATE_KEY,
      baseUrl: config.GITHUB_API_URL,
      log: log.child({}, { level: 'silent' }),
    })),
    sendMail,
    now,
    random: randomBytes,
    log,
  }
}

async function listen({ PORT, HOST }: Config, fetch: Parameters<typeof serve>[0]['fetch']): Promise<Server> {
  const serverOptions = {
    headersTimeout: HEADERS_TIMEOUT_MILLISECONDS,
    requestTimeout: REQUEST_TIMEOUT_MILLISECONDS,
    connectionsCheckingInterval: CONNECTIONS_CHECK_MILLISECONDS,
  }
  const server = serve({ fetch, port: PORT, hostname: HOST, serverOptions }) as Server
  if (!server.listening)
    await once(server, 'listening').catch((error: unknown) => Promise.reject(portProblem(error, PORT)))
  return server
}

function portProblem(error: unknown, port: number): unknown {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? new ConfigError([`Port ${port} is taken.`]) : error
}

function startDispatching(dispatchDueJob: (lane: Lane) => Promise<boolean>, log: Logger) {
  const stopping = new AbortController()
  async function dispatch(lane: Lane): Promise<void> {
    while (!stopping.signal.aborted) {
      const done = await dispatchDueJob(lane).catch((error: unknown) => {
        log.error({ err: error }, 'a job could not be dispatched')
        return false
      })
      if (!done) await sleep(DISPATCH_IDLE_MILLISECONDS, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }
  const lanes = (Object.keys(LANES) as Lane[]).flatMap((lane) => Array<Lane>(DISPATCHERS_A_LANE).fill(lane))
  const running = Promise.all(lanes.map(dispatch))
  return {
    /** Lets work in flight finish. What takes too long is left: it is done again after the next start. */
    async stop() {
      stopping.abort()
      await Promise.race([running, sleep(STOP_SECONDS_MAX * 1000, undefined, { ref: false })])
    },
  }
}

/** Lets requests in flight finish, and cuts off what takes too long. */
async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), STOP_SECONDS_MAX * 1000)
  await closed
  clearTimeout(timer)
}

/** `npm run serve`: the shop for real, from the environment. */
async function main(): Promise<void> {
  const config = readConfig()
  const log = createLog(config)
  const { CATALOG_FOLDER: catalogFolder, SHOP_URL: siteUrl, DATA_FOLDER } = config
  const shop = await openShop({ catalogFolder, siteUrl, buildsFolder: join(DATA_FOLDER, 'site') })
  if ('problems' in shop) {
    process.stderr.write(printProblems(shop.problems, catalogFolder))
    process.exit(1)
  }
  await shop.refresh()
  const app = await startApp(config, shop, log)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping')
      void app.stop().then(() => process.exit(0))
    })
  }
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    const text =
      error instanceof ConfigError ? `The shop can't start:\n${error.message}` : String((error as Error).stack)
    process.stderr.write(`${text}\n`)
    process.exit(1)
  })
}

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { oneTimeLink } from './account/one-time-link.ts'
import { signInClient } from './account/sign-in.ts'
import { createApp, openParts } from './app.ts'
import { startSweeping } from './catch-up.ts'
import { type Config, ConfigError, readConfig, readSetupSettings } from './config.ts'
import { closeServer, listen } from './http/server.ts'
import { startLedger } from './ledger/write.ts'
import { startFollowing } from './live/live-shop.ts'
import { createLog } from './log.ts'
import type { Parts } from './parts.ts'
import { startRepositoryWork } from './repository/sweep.ts'
import { runSetup } from './setup/setup.ts'
import { startForgetting } from './store/maintenance/forget.ts'
import { openStore } from './store/open.ts'
import { startTakingIn } from './take-in.ts'
import type { Worker } from './worker.ts'

const STOP_SECONDS_MAX = 8

/** `desk` is where maintainers go. */
export type RunningApp = { desk: string; stop: () => Promise<void> }

/** Starts the app: store, parts, routes, what is live, work. Stops them in reverse order, after what is in flight. */
export async function startApp(config: Config, log: Logger): Promise<RunningApp> {
  const onFailure = (error: Error) => {
    log.fatal({ err: error }, 'the store can not write; stopping, so that nothing is promised that is not kept')
    process.exit(1)
  }
  const now = () => new Date()
  const store = await openStore(config, { log, onFailure, now })
  try {
    const { parts, close } = await openParts(config, { store, log, now })
    const app = createApp(parts)
    const server = await listen(config, app.fetch)
    // Deliveries are kept, and orders shown, though the catalog may have to be fetched and built first.
    await startTakingIn(parts)
    const following = await startFollowing(parts)
    const worker = config.TAGSALE_ROLES.includes('worker') ? await startWork(parts, app) : undefined
    log.info({ address: config.SHOP_URL, mode: config.TAGSALE_MODE, roles: config.TAGSALE_ROLES }, 'open')
    const repository = config.SHOP_REPOSITORY ?? (await store.shop()).repository
    return {
      desk: deskAddress(config, { repository, now: now() }),
      async stop() {
        following.stop()
        await Promise.all([closeServer(server, STOP_SECONDS_MAX), worker?.stop(STOP_SECONDS_MAX)])
        close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

async function startWork(parts: Parts, app: ReturnType<typeof createApp>): Promise<Worker> {
  await startSweeping(parts)
  await startRepositoryWork(parts)
  await startLedger(parts)
  await startForgetting(parts)
  return app.startWorker()
}

/** `npm run serve`: the shop for real, from the environment. Without a GitHub App, the page to register one comes first. */
async function main(): Promise<void> {
  // Started with a channel, by the sandbox: nothing of ours outlives whoever started us.
  process.once('disconnect', () => process.exit(1))
  const say = (line: string) => process.stdout.write(`${line}\n`)
  const settings = readSetupSettings()
  const now = () => new Date()
  const credentials =
    settings && (await runSetup({ settings, envFile: '.env', say, random: randomBytes, now, log: createLog(settings) }))
  const config = readConfig(credentials)
  const log = createLog(config)
  const app = await startApp(config, log)
  if (config.TAGSALE_ROLES.includes('web')) say(`The desk, for maintainers: ${app.desk}`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping')
      void app.stop().then(() => process.exit(0))
    })
  }
}

/** Where the desk is; where GitHub can't vouch for anybody yet, as a link that works once. */
function deskAddress(config: Config, { repository, now }: { repository: string | undefined; now: Date }): string {
  return signInClient(config) && repository
    ? `${config.SHOP_URL}/desk`
    : oneTimeLink(config, { now, random: randomBytes })
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    const text =
      error instanceof ConfigError ? `The shop can't start:\n${error.message}` : String((error as Error).stack)
    process.stderr.write(`${text}\n`)
    process.exit(1)
  })
}

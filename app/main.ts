import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { oneTimeLink } from './account/one-time-link.ts'
import { signInClient } from './account/sign-in.ts'
import { createApp, openParts } from './app.ts'
import { startSweeping } from './catch-up.ts'
import { type Config, ConfigError, readConfig, readSetupSettings } from './config.ts'
import { UNTRUSTED_PROXY } from './http/limit.ts'
import { watchClock } from './http/operators/clock.ts'
import { type Listener, openListener } from './http/server.ts'
import { startingRoutes } from './http/starting.ts'
import { startLedger } from './ledger/write.ts'
import { startFollowing } from './live/live-shop.ts'
import { createLog, noticeLine } from './log.ts'
import type { Parts } from './parts.ts'
import { startRepositoryWork } from './repository/sweep.ts'
import { runSetup } from './setup/setup.ts'
import { startForgetting } from './store/maintenance/forget.ts'
import { openStore, storeFolder } from './store/open.ts'
import { StoreRefusedError } from './store/refusal.ts'
import { hasRoom } from './store/sqlite/file.ts'
import { startTakingIn } from './take-in.ts'
import type { Worker } from './worker.ts'

const STOP_SECONDS_MAX = 8
const ROOM_LOOK_MILLISECONDS = 30_000
const NO_ROOM =
  'There is no room to write in the data folder. Pages, orders and downloads go on; nothing is sold, and no work is done, until there is.'
/** Nobody has work in hand for longer. */
export const LEASE_MILLISECONDS_MAX = 2 * 60_000
/** Longer than any work is put off, but for what looks early and waits on. */
const WAIT_MILLISECONDS_MAX = 2 * 3_600_000

/** `desk` is where maintainers go. */
export type RunningApp = { desk: string; stop: () => Promise<void> }

/** Starts the app: store, parts, routes, what is live, work. Stops them in reverse order, after what is in flight. */
export async function startApp(config: Config, log: Logger, listener: Listener): Promise<RunningApp> {
  const onFailure = (error: Error) => {
    log.fatal({ err: error }, 'the store can not write; stopping, so that nothing is promised that is not kept')
    process.exit(1)
  }
  const now = () => new Date()
  const store = await openStore(config, { log, onFailure, now })
  try {
    const { parts, close } = await openParts(config, { store, log, now })
    const app = createApp(parts)
    // Buyers come over https, and this process speaks none: something stands in front of it.
    if (config.SHOP_URL.startsWith('https:') && config.TRUSTED_PROXIES === 0) {
      parts.notices.tell('proxies', UNTRUSTED_PROXY)
    }
    listener.answerWith(app.fetch)
    // Deliveries are kept, and orders shown, though the catalog may have to be fetched and built first.
    if (!store.isReadOnly) await startTakingIn(parts)
    const following = await startFollowing(parts)
    const worker = store.isReadOnly
      ? waitForRoom(parts)
      : config.TAGSALE_ROLES.includes('worker')
        ? await startWork(parts, app)
        : undefined
    log.info({ address: config.SHOP_URL, mode: config.TAGSALE_MODE, roles: config.TAGSALE_ROLES }, 'open')
    const repository = config.SHOP_REPOSITORY ?? (await store.shop()).repository
    return {
      desk: deskAddress(config, { repository, now: now() }),
      async stop() {
        following.stop()
        await Promise.all([listener.close(STOP_SECONDS_MAX), worker?.stop(STOP_SECONDS_MAX)])
        close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/**
 * Only reads, and says so, until there is room to write: then the process ends, and whoever starts it again has a shop that sells.
 * Work is left alone: what it does outside could not be written down.
 */
function waitForRoom({ config, source, notices, log }: Parts): Worker {
  const mark = 'no-room'
  notices.tell('disk', NO_ROOM)
  const failed = (error: Error) => log.error({ err: error }, 'the maintainers could not be told')
  void source.tell({ mark, title: 'The shop has no room to write', body: NO_ROOM }).catch(failed)
  const look = setInterval(async () => {
    if (!(await hasRoom(storeFolder(config)).catch(() => false))) return
    await source.settle(mark, 'There is room again.').catch(failed)
    log.fatal('there is room to write again; ending, to be started anew')
    process.exit(1)
  }, ROOM_LOOK_MILLISECONDS)
  return { stop: async () => clearInterval(look) }
}

async function startWork(parts: Parts, app: ReturnType<typeof createApp>): Promise<Worker> {
  await takeUpWork(parts, WAIT_MILLISECONDS_MAX)
  const worker = app.startWorker()
  const unwatch = watchClock(parts, () => takeUpWork(parts, LEASE_MILLISECONDS_MAX))
  return {
    async stop(secondsMax) {
      unwatch()
      await worker.stop(secondsMax)
    },
  }
}

/** Sees to it that the sweeps come, and that nothing waits for longer than it may: a clock that was ahead may have put it off. */
export async function takeUpWork(parts: Parts, waitMillisecondsMax: number): Promise<void> {
  const now = parts.now()
  await parts.store.recallJobs(new Date(now.getTime() + waitMillisecondsMax), now)
  await startSweeping(parts)
  await startRepositoryWork(parts)
  await startLedger(parts)
  await startForgetting(parts)
}

/** `npm run serve`: the shop for real, from the environment. Without a GitHub App, the page to register one comes first. */
async function main(): Promise<void> {
  // Started with a channel, by the sandbox: nothing of ours outlives whoever started us.
  process.once('disconnect', () => process.exit(1))
  const now = () => new Date()
  const say = (line: string) => process.stdout.write(noticeLine(line, now()))
  const settings = readSetupSettings()
  const listener = await openListener(settings ?? readConfig(), startingRoutes().fetch)
  const setup = { listener, envFile: '.env', say, random: randomBytes, now }
  const credentials = settings && (await runSetup({ settings, ...setup, log: createLog(settings) }))
  const config = readConfig(credentials)
  const log = createLog(config)
  const app = await startApp(config, log, listener)
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
      error instanceof ConfigError || error instanceof StoreRefusedError
        ? `The shop can't start:\n${error.message}`
        : String((error as Error).stack)
    process.stderr.write(`${text}\n`)
    process.exit(1)
  })
}

import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { anyPort } from '../support/port.ts'
import { type Running, startNode } from './process.ts'
import type { StandIns } from './stand-ins.ts'

const CATALOG = new URL('../fixtures/catalog', import.meta.url).pathname
const STAND_INS = new URL('./stand-ins.ts', import.meta.url).pathname
const START_SECONDS_MAX = 180
const LOOK_EVERY_MILLISECONDS = 100
const NO_LIMIT = '1000000'

/** A shop that runs: where buyers, their payments and their mails are found, and what its process costs. */
export type BenchShop = { shop: string; stripe: string; inbox: string; process: Running; close: () => Promise<void> }

/** The app of a checkout, alone in its process; the stand-ins are this checkout's, in another. */
export async function startAppOf(checkout: string): Promise<BenchShop & { secret: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-bench-'))
  const port = await anyPort()
  const shop = `http://127.0.0.1:${port}`
  const helper = fork(STAND_INS, [shop])
  const [{ settings, ...addresses }] = (await once(helper, 'message')) as [StandIns]
  const env = {
    ...settings,
    TAGSALE_MODE: 'sandbox',
    PORT: String(port),
    HOST: '127.0.0.1',
    SHOP_URL: shop,
    CATALOG_FOLDER: CATALOG,
    DATA_FOLDER: join(folder, 'data'),
    LINK_SECRET: randomBytes(32).toString('hex'),
    STORE_KEY: randomBytes(32).toString('hex'),
    MAIL_FROM: 'Heron Shop <shop@heron.example.org>',
    CHECKOUTS_PER_MINUTE: NO_LIMIT,
    CHECKOUTS_PER_MINUTE_PER_ADDRESS: NO_LIMIT,
    UNPAID_PIECES_PER_ADDRESS: NO_LIMIT,
    LOG_LEVEL: 'warn',
  }
  const app = startNode(['app/main.ts'], { cwd: checkout, env, log: join(folder, 'log') })
  await until(app, () => isOpen(shop))
  return {
    shop,
    ...addresses,
    secret: settings['GITHUB_WEBHOOK_SECRET'] ?? '',
    process: app,
    async close() {
      await app.stop()
      const ended = once(helper, 'exit')
      helper.disconnect()
      await ended
      await rm(folder, { recursive: true })
    },
  }
}

/** All that `npm start` starts in a checkout, with its state on the disk. */
export async function startSandboxOf(checkout: string): Promise<BenchShop> {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-bench-'))
  const { start } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')).scripts as { start: string }
  const args = [...start.split(' ').slice(1), '--catalog', CATALOG, '--state', folder]
  const env = { PORT: String(await anyPort()), LOG_LEVEL: 'warn' }
  const sandbox = startNode(args, { cwd: checkout, env, log: join(folder, 'log') })
  const file = join(folder, 'sandbox.json')
  await until(sandbox, async () => existsSync(file))
  const addresses = JSON.parse(readFileSync(file, 'utf8')) as { shop: string; stripe: string; inbox: string }
  return {
    ...addresses,
    process: sandbox,
    async close() {
      await sandbox.stop()
      await rm(folder, { recursive: true })
    },
  }
}

async function until(process: Running, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + START_SECONDS_MAX * 1000
  while (!(await isSo())) {
    if (process.hasEnded() || performance.now() > deadline) throw new Error(`It did not start:\n${process.output()}`)
    await sleep(LOOK_EVERY_MILLISECONDS)
  }
}

const isOpen = (shop: string): Promise<boolean> =>
  fetch(`${shop}/api/v1/shop`).then(
    async (answer) => answer.ok && (await answer.json()).open,
    () => false,
  )

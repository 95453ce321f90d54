import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPostgresStore } from '../../app/store/postgres/postgres.ts'
import { openSqliteStore } from '../../app/store/sqlite/sqlite.ts'
import { newDatabase } from '../support/database.ts'
import { orderNumber } from './sale.ts'

/** In each of two stores of an engine. `KILLS=500 npx vitest run test/store/kill.test.ts` is the long proof. */
const { KILLS } = process.env
const KILLS_MAX = Number(KILLS ?? 12)
const KILLS_MIN = KILLS ? KILLS_MAX : 3
const SECONDS_MAX = 8
const SELLS_MS_MAX = 60

const seller = join(import.meta.dirname, 'seller.ts')
const key = 'k'.repeat(32)
const openStore = (where: string) =>
  where.startsWith('postgres:')
    ? openPostgresStore({ url: where, key, random: randomBytes, log: { warn: () => {} } })
    : openSqliteStore({
        folder: where,
        key,
        random: randomBytes,
        onFailure: (error) => {
          throw error
        },
      })
/** Where each engine keeps a new store. */
const ENGINES: Record<string, (name: string) => Promise<string>> = {
  SQLite: async (name) => join(root, name),
  PostgreSQL: () => newDatabase(),
}

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tagsale-kill-'))
})
afterAll(() => rm(root, { recursive: true }))

/** A process that sells from the folder until it is killed; `ended` gives what it printed and its exit code. */
function startSeller(folder: string, inside: readonly string[] = []) {
  const [command = '', ...args] = [...inside, process.execPath, seller, folder]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  const sold = Promise.withResolvers<void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    if (/^\d+$/m.test(printed)) sold.resolve()
  })
  const ended = once(child, 'close').then(([code]) => ({ printed, code: code as number | null }))
  const sells = Promise.race([sold.promise, ended]) // however busy the machine is, one sale is acknowledged first
  return { sells, ended, kill: () => child.kill('SIGKILL') }
}

/** Lets a process sell for a moment and kills it; the numbers of the orders that it said were safe. */
async function sellAndKill(folder: string, forMs: number): Promise<number[]> {
  const { sells, ended, kill } = startSeller(folder)
  await sells
  await wait(forMs)
  kill()
  const { printed } = await ended
  return printed.split('\n').flatMap((line) => (/^\d+$/.test(line) ? [Number(line)] : []))
}

/** Kills sellers of one folder again and again, and looks after each what the store has kept. */
async function killAgainAndAgain(folder: string, until: number) {
  const acknowledged = new Set<number>()
  let kills = 0
  for (; kills < KILLS_MAX && (kills < KILLS_MIN || Date.now() < until); kills++) {
    const forMs = Math.random() * SELLS_MS_MAX
    for (const n of await sellAndKill(folder, forMs)) acknowledged.add(n)
    const store = await openStore(folder)
    const { orders, jobsWaiting } = await store.counts()
    const kept = await Promise.all([...acknowledged].map((n) => store.order(orderNumber(n))))
    await store.close()
    const how = `kill ${kills} after ${forMs} ms`
    expect(
      kept.filter((order) => order?.version !== 2),
      how,
    ).toEqual([])
    expect(jobsWaiting, how).toBe(3 * orders)
    expect(orders, how).toBeGreaterThanOrEqual(acknowledged.size)
  }
  return { kills, acknowledged: acknowledged.size }
}

describe.each(Object.keys(ENGINES))('a process that uses the store, in %s', (engine) => {
  it(
    'can be killed at any moment, and no acknowledged order is lost',
    async () => {
      const until = Date.now() + SECONDS_MAX * 1000
      const stores = await Promise.all(['one', 'two'].map((name) => ENGINES[engine]?.(name) ?? ''))
      const runs = await Promise.all(stores.map((where) => killAgainAndAgain(where, until)))
      for (const run of runs) {
        expect(run.kills).toBeGreaterThanOrEqual(KILLS_MIN)
        expect(run.acknowledged).toBeGreaterThanOrEqual(run.kills)
      }
      if (KILLS) console.log(engine, runs)
    },
    60_000 + KILLS_MAX * 10_000,
  )
})

/** As in another container: its own network, and the folder mounted elsewhere; where this machine allows neither, by a link. */
async function startElsewhere(folder: string) {
  const other = `${folder}-elsewhere`
  if (spawnSync('unshare', ['-rnm', 'true']).status !== 0) {
    await symlink(folder, other)
    return startSeller(other)
  }
  await mkdir(other)
  return startSeller(other, ['unshare', '-rnm', 'sh', '-c', `mount --bind '${folder}' '${other}' && exec "$0" "$@"`])
}

it.each([
  ['here', startSeller],
  ['in another container', startElsewhere],
])(
  'a process that uses the store in a folder is the only one, and another %s is told so',
  async (_, startAnother) => {
    const folder = join(root, startAnother.name)
    const first = startSeller(folder)
    await first.sells
    const second = await (await startAnother(folder)).ended
    first.kill()
    await first.ended
    expect(second.code).toBe(1)
    expect(second.printed).toMatch(
      /^Another process is using the store in .+\. Stop that one first, or give this one a folder of its own\.\n$/,
    )
  },
  20_000,
)

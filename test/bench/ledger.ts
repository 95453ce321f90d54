import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { parseConfig } from '../../app/config.ts'
import { connectGitHub } from '../../app/github/client.ts'
import { rebuildFacts } from '../../app/ledger/rebuild.ts'
import { writeLedger } from '../../app/ledger/write.ts'
import type { OrderEvent } from '../../app/order/event.ts'
import { orderIdFrom } from '../../app/order/id.ts'
import { openSqliteStore } from '../../app/store/sqlite/sqlite.ts'
import type { Store } from '../../app/store/store.ts'
import { startGitHub } from '../../sandbox/github.ts'
import { SETTINGS } from '../http/open-api.ts'

// The ledger at a rate of sales: commits an hour, with GitHub's write limits in force at its stand-in, and what a clone of it weighs.

const MINUTE = 60_000
const FACTS_A_SALE = 4
const hex = (bytes: number) => randomBytes(bytes).toString('hex')

await measure('10,000 sales an hour', { minutes: 150, salesAMinute: 167 })
await measure('one sale a minute', { minutes: 2_000, salesAMinute: 1 })

async function measure(name: string, { minutes, salesAMinute }: { minutes: number; salesAMinute: number }) {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-bench-ledger-'))
  const clock = { now: Date.parse('2026-03-01T00:00:00Z') }
  const now = () => new Date(clock.now)
  const github = await startGitHub({
    app: { id: 7 },
    folder: join(folder, 'github'),
    limits: true,
    now: () => clock.now,
    organizations: [{ login: 'tern', members: [] }],
    repositories: [{ name: 'tern/ledger', files: {} }],
  })
  const log = pino({ level: 'silent' })
  // Our own budget of writes goes by the real clock: a new one for each half hour of this one.
  const connect = () => connectGitHub({ appId: 7, privateKey: github.privateKey, baseUrl: github.url, log, now })
  const config = parseConfig({ ...SETTINGS, TAGSALE_MODE: 'sandbox', LEDGER_REPOSITORY: 'tern/ledger' })
  const onFailure = (error: Error) => {
    throw error
  }
  const store = await openSqliteStore({ folder: join(folder, 'store'), key: hex(32), random: randomBytes, onFailure })
  let [commits, refused, work] = [0, 0, 0]
  let { githubApp } = await connect()
  for (let minute = 0; minute < minutes; minute += 1) {
    if (minute % 30 === 0) githubApp = (await connect()).githubApp
    await Promise.all(Array.from({ length: salesAMinute }, () => sell(store, now().toISOString())))
    clock.now += MINUTE
    const before = performance.now()
    const outcome = await writeLedger({ store, githubApp, config, log, now }, now(), now()).catch(() => undefined)
    work += performance.now() - before
    if (outcome?.end === 'again') commits += 1
    if (!outcome) refused += 1
  }
  const facts = minutes * salesAMinute * FACTS_A_SALE
  const print = (what: string, value: number | string) => console.log(`${name.padEnd(22)}${what.padEnd(42)}${value}`)
  print('facts', facts)
  print('commits an hour', (commits / minutes) * 60)
  print('refused by GitHub', refused)
  print('a commit, ms', (work / minutes).toFixed(0))
  const [bare = ''] = await readdir(join(folder, 'github/git'))
  const origin = join(folder, 'github/git', bare)
  execFileSync('git', ['-C', origin, 'gc', '--quiet'])
  for (const [kind, options] of [
    ['whole', []],
    ['newest commit only', ['--depth', '1']],
  ] as const) {
    const begun = performance.now()
    const clone = join(folder, kind)
    execFileSync('git', ['clone', '--quiet', '--no-local', '--branch', 'main', ...options, `file://${origin}`, clone])
    print(`a clone, ${kind}, s`, ((performance.now() - begun) / 1000).toFixed(1))
    print(`a clone, ${kind}, MB fetched`, megabytesOf(join(clone, '.git/objects')))
    print(`a clone, ${kind}, MB of files`, megabytesOf(join(clone, 'facts')))
  }
  const empty = await openSqliteStore({ folder: join(folder, 'empty'), key: hex(32), random: randomBytes, onFailure })
  const begun = performance.now()
  await rebuildFacts(empty, join(folder, 'whole'), now())
  print('a store made of it, s', ((performance.now() - begun) / 1000).toFixed(1))
  await Promise.all([empty.close(), store.close()])
  await github.close()
  await rm(folder, { recursive: true, force: true })
}

function megabytesOf(path: string): string {
  const [bytes] = execFileSync('du', ['-sb', path], { encoding: 'utf8' }).split('\t')
  return (Number(bytes) / 1e6).toFixed(1)
}

/** One sale as it is: placed, at Stripe, paid, given. */
async function sell(store: Store, at: string): Promise<void> {
  const order = orderIdFrom(randomBytes(15))
  const head = { order, shop: 'tern', at } as const
  const job = (name: string) => ({ by: 'job', job: name }) as const
  const file = { repository: 'tern/goods', tag: 'guide-v1.4.0', file: 'tern-guide-1.4.0.pdf' }
  const line = { id: 'line-1', price: 'guide/pdf', name: 'The Tern Guide (PDF)', quantity: 1, unitAmount: 1900 }
  const assets = [{ id: 'guide-pdf', title: 'The Tern Guide (PDF)', release: file }]
  const events: OrderEvent[] = [
    {
      ...head,
      type: 'order.placed',
      cause: { by: 'buyer' },
      currency: 'eur',
      lines: [{ ...line, assets, parcel: null, takes: [] }],
      shipTo: null,
      expiresAt: at,
    },
    { ...head, type: 'order.checkout_opened', cause: { by: 'buyer' }, checkout: `cs_live_${hex(29)}` },
    {
      ...head,
      type: 'order.paid',
      cause: job(`stripe:evt_${hex(12)}`),
      payment: `pi_${hex(12)}`,
      amount: 1900,
      shipping: 0,
      currency: 'eur',
    },
    { ...head, type: 'order.fulfilled', cause: job(`fulfill:${order}`), lines: ['line-1'] },
  ]
  await store.transact({ order }, () => ({ events }))
}

import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { QUEUES } from '../../job/queue.ts'
import { createListeners } from '../database.ts'
import type { Written } from '../store.ts'
import { LIVES } from './leases.ts'

const CHANNEL = 'tagsale'
/** What is written within such a moment is told to the other processes at once. */
const NOTIFY_MILLISECONDS = 5
const LISTEN_AGAIN_MILLISECONDS = 1_000

/** Who watches hears of what is written here at once, and of what other processes write a moment later. */
export function createNews({
  pool,
  connect,
  process,
  log,
}: {
  pool: pg.Pool
  connect: () => pg.Client
  /** Its number: as long as it listens, others see that it lives. */
  process: number
  log: Pick<Logger, 'warn'>
}) {
  const listeners = createListeners()
  const me = crypto.randomUUID()
  const untold = { jobs: new Set<Written['jobs'][number]>(), shop: false }
  let timer: NodeJS.Timeout | undefined
  let listening: pg.Client | undefined
  let isStopped = false

  function tell(written: Written): void {
    listeners.tell(written)
    for (const kind of written.jobs) untold.jobs.add(kind)
    untold.shop ||= written.shop
    if (untold.jobs.size > 0 || untold.shop) timer ??= setTimeout(tellOthers, NOTIFY_MILLISECONDS)
  }

  /** Apart from the transactions: one that tells makes all others that do wait for it. What is lost here, the next sweep finds. */
  function tellOthers(): void {
    timer = undefined
    const text = JSON.stringify({ from: me, jobs: [...untold.jobs], shop: untold.shop })
    untold.jobs.clear()
    untold.shop = false
    pool.query('select pg_notify($1, $2)', [CHANNEL, text]).catch((error: unknown) => {
      log.warn({ err: error }, 'other processes could not be told of what was written')
    })
  }

  async function listen(): Promise<void> {
    const client = connect()
    client.on('notification', ({ payload = '' }) => {
      const { from, ...written } = JSON.parse(payload)
      if (from !== me) listeners.tell(written)
    })
    client.on('error', () => {}) // the end follows
    await client.connect()
    await client.query(LIVES, [process])
    await client.query(`listen ${CHANNEL}`)
    client.once('end', listenAgain)
    listening = client
  }

  async function listenAgain(): Promise<void> {
    await sleep(LISTEN_AGAIN_MILLISECONDS, undefined, { ref: false })
    if (isStopped) return
    await listen().then(() => listeners.tell(ANYTHING), listenAgain)
  }

  return {
    tell,
    listen,
    watch: listeners.watch,
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await listening?.end().catch(() => undefined)
    },
  }
}

/** What may have been written while nobody listened. */
const ANYTHING: Written = { jobs: Object.values(QUEUES).flat(), shop: true }

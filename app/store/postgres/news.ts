import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { z } from 'zod'
import { QUEUES } from '../../job/queue.ts'
import { createListeners } from '../database.ts'
import type { Written } from '../store.ts'
import { again, LIVES } from './leases.ts'

const CHANNEL = 'tagsale'
/** What is written within such a moment is told to the other processes at once. */
const NOTIFY_MILLISECONDS = 5
const TRY_AGAIN_MILLISECONDS = 1_000
/** Whoever does not answer a goodbye is not waited for. */
const END_MILLISECONDS_MAX = 2_000

/** Who watches hears of what is written here at once, and of what other processes write a moment later. */
export function createNews({
  pool,
  connect,
  process,
  askEvery,
  log,
}: {
  pool: pg.Pool
  connect: () => pg.Client
  /** Its number: as long as it listens, others see that it lives. */
  process: number
  /** Asks the connection that listens whether it is still there, each so many milliseconds. */
  askEvery: number
  log: Pick<Logger, 'warn'>
}) {
  const listeners = createListeners()
  const me = crypto.randomUUID()
  const others = createTeller(pool, me, log)
  let listening: pg.Client | undefined
  let isStopped = false

  // Where there is no answer, `pg` ends the connection.
  const stopAsking = again(askEvery, async () => listening?.query('select 1'))

  function tell(written: Written): void {
    listeners.tell(written)
    others.note(written, NOTIFY_MILLISECONDS)
  }

  async function listen(): Promise<void> {
    const client = connect()
    client.on('notification', ({ payload = '' }) => {
      const { from, ...written } = newsIn(payload)
      if (from !== me) listeners.tell(written)
    })
    client.on('error', () => {}) // the end follows
    try {
      await client.connect()
      await client.query(LIVES, [process])
      await client.query(`listen ${CHANNEL}`)
    } catch (error) {
      void client.end()
      throw error
    }
    if (isStopped) return client.end()
    client.once('end', listenAgain)
    listening = client
  }

  async function listenAgain(): Promise<void> {
    await sleep(TRY_AGAIN_MILLISECONDS, undefined, { ref: false })
    if (isStopped) return
    await listen().then(() => listeners.tell(ANYTHING), listenAgain)
  }

  return {
    tell,
    listen,
    watch: listeners.watch,
    async stop() {
      isStopped = true
      stopAsking()
      await others.stop()
      const ended = listening?.end().catch(() => undefined)
      await Promise.race([ended, sleep(END_MILLISECONDS_MAX, undefined, { ref: false })])
    },
  }
}

/** Tells the other processes, until they are told. */
function createTeller(pool: pg.Pool, me: string, log: Pick<Logger, 'warn'>) {
  const untold = { jobs: new Set<Written['jobs'][number]>(), shop: false }
  let timer: NodeJS.Timeout | undefined
  let isStopped = false

  function note({ jobs, shop }: Written, wait: number): void {
    for (const kind of jobs) untold.jobs.add(kind)
    untold.shop ||= shop
    if (isStopped || (untold.jobs.size === 0 && !untold.shop)) return
    timer ??= setTimeout(() => void tellOthers(), wait).unref()
  }

  /** Apart from the transactions: one that tells makes all others that do wait for it. What is not heard is told again. */
  async function tellOthers(): Promise<void> {
    timer = undefined
    const written = { jobs: [...untold.jobs], shop: untold.shop }
    untold.jobs.clear()
    untold.shop = false
    try {
      await pool.query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify({ from: me, ...written })])
    } catch (error) {
      log.warn({ err: error }, 'other processes could not be told of what was written; it is tried again')
      note(written, TRY_AGAIN_MILLISECONDS)
    }
  }

  return {
    note,
    async stop() {
      isStopped = true
      clearTimeout(timer)
      if (timer) await tellOthers()
    },
  }
}

/** What may have been written while nobody listened. */
const ANYTHING: Written = { jobs: Object.values(QUEUES).flat(), shop: true }

const News = z.object({
  from: z.string(),
  jobs: z.array(z.custom<Written['jobs'][number]>((kind) => typeof kind === 'string')).readonly(),
  shop: z.boolean(),
})

/** What another process tells. Anybody who may connect can say anything there: what is not understood may mean anything. */
function newsIn(payload: string): z.output<typeof News> {
  try {
    return News.parse(JSON.parse(payload))
  } catch {
    return { from: '', ...ANYTHING }
  }
}

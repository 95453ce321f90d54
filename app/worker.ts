import { setTimeout as sleep } from 'node:timers/promises'
import { claimDueJobs, dispatch } from './dispatch.ts'
import { QUEUES, type Queue } from './job/queue.ts'
import type { Parts } from './parts.ts'

// Who does the work. Nothing is asked again and again: a write wakes the queues it has jobs for, the end of a job wakes its own,
// and one timer, set for the next job that is due, wakes all. (That a sweep is due every minute bounds what a clock that hops can do.)

/** Of each queue, so that a mail server that is slow to answer holds up no payment. */
const JOBS_AT_ONCE = 4
/** A store that fails is not asked again at once. */
const PAUSE_AFTER_FAILURE_MILLISECONDS = 1_000
/** Timers can't be longer. */
const TIMER_MILLISECONDS_MAX = 2 ** 31 - 1

export type Worker = {
  /** Claims no more, and lets work in flight finish for so long. What is left is done again after the next start. */
  stop: (secondsMax: number) => Promise<void>
}

/** Performs due jobs, from now until it is stopped. */
export function startWorker(parts: Parts): Worker {
  const { store, now, log } = parts
  const bells = new Map(queues.map((queue) => [queue, createBell()]))
  const ring = (queue: Queue) => bells.get(queue)?.ring()
  const alarm = createAlarm(now, () => queues.forEach(ring))
  const running = new Set<Promise<void>>()
  let isStopping = false

  async function serve(queue: Queue): Promise<void> {
    let busy = 0
    while (!isStopping) {
      const rung = bells.get(queue)?.next() // from before the look, so that nothing comes between
      try {
        const jobs = busy < JOBS_AT_ONCE ? await claimDueJobs(parts, queue, JOBS_AT_ONCE - busy) : []
        for (const job of jobs) {
          busy += 1
          const work = dispatch(parts, job).catch(report)
          running.add(work)
          void work.then(() => {
            busy -= 1
            running.delete(work)
            ring(queue)
          })
        }
        // A full queue is woken by the end of its own work; its alarm would go off for what it can't begin.
        alarm.set(queue, busy < JOBS_AT_ONCE ? await store.nextDueAt(queue) : undefined)
      } catch (error) {
        report(error)
        await sleep(PAUSE_AFTER_FAILURE_MILLISECONDS)
        continue
      }
      await rung
    }
  }
  const report = (error: unknown) => log.error({ err: error }, 'a job could not be dispatched')

  const unwatch = store.watch(({ jobs }) => queues.filter((queue) => isOf(queue, jobs)).forEach(ring))
  for (const queue of queues) running.add(serve(queue))
  return {
    async stop(secondsMax) {
      isStopping = true
      unwatch()
      alarm.stop()
      queues.forEach(ring)
      await Promise.race([Promise.all(running), sleep(secondsMax * 1000, undefined, { ref: false })])
    },
  }
}

const queues = Object.keys(QUEUES) as Queue[]
const isOf = (queue: Queue, kinds: readonly string[]): boolean =>
  kinds.some((kind) => (QUEUES[queue] as readonly string[]).includes(kind))

/** Whoever waits for the next ring goes on when it comes. */
function createBell() {
  let waiting = Promise.withResolvers<void>()
  return {
    next: () => waiting.promise,
    ring: () => {
      waiting.resolve()
      waiting = Promise.withResolvers<void>()
    },
  }
}

/** Goes off when the first of the queues has a job that is due. */
function createAlarm(now: () => Date, goOff: () => void) {
  const dueAt = new Map<Queue, string>()
  let timer: NodeJS.Timeout | undefined
  return {
    set(queue: Queue, due: string | undefined) {
      if (due === undefined) dueAt.delete(queue)
      else dueAt.set(queue, due)
      clearTimeout(timer)
      const [first] = [...dueAt.values()].toSorted()
      if (first === undefined) return
      const wait = Math.max(1, Date.parse(first) - now().getTime())
      timer = setTimeout(goOff, Math.min(wait, TIMER_MILLISECONDS_MAX))
    },
    stop: () => clearTimeout(timer),
  }
}

import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, Worker, workerData } from 'node:worker_threads'

// Brings what is in the write-ahead log into the database, in a thread of its own: it waits for the disk twice, and sales go on
// meanwhile. SQLite would do it by itself, in the middle of a commit.

/** Each writes up to 100 kB to the log. */
const STEPS_A_CHECKPOINT = 1_000

/** After so many steps were written, a checkpoint; one at a time. Where one can't be, the next does more. */
export function createCheckpoints(path: string) {
  let steps = 0
  let thread: Worker | undefined
  let running: Promise<void> | undefined

  async function checkpoint(): Promise<void> {
    thread ??= new Worker(new URL(import.meta.url), { workerData: path })
    const end = once(thread, 'message')
    thread.ref()
    thread.postMessage('now')
    const isDone = await end.then(Boolean, () => false)
    if (isDone)
      thread.unref() // it costs 40 ms of processor time to start: it stays for the next
    else thread = undefined
    running = undefined
  }

  return {
    committed(more: number): void {
      steps += more
      if (steps < STEPS_A_CHECKPOINT || running) return
      steps = 0
      running = checkpoint()
    },
    ended: async () => running,
    async stop() {
      await running
      await thread?.terminate()
    },
  }
}

parentPort?.on('message', () => {
  const db = new DatabaseSync(workerData as string)
  db.exec('pragma synchronous = normal; pragma wal_checkpoint(passive)')
  db.close()
  parentPort?.postMessage('done')
})

import { DatabaseSync } from 'node:sqlite'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

// Brings what is in the write-ahead log into the database, in a thread of its own: it waits for the disk twice, and sales go on
// meanwhile. SQLite would do it by itself, in the middle of a commit.

/** Does it now. Resolves when it is done, or could not be: then the next one does more. */
export function checkpoint(path: string): Promise<void> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: path })
    worker.once('error', () => undefined)
    worker.once('exit', () => resolve())
  })
}

if (!isMainThread) {
  const db = new DatabaseSync(workerData as string)
  db.exec('pragma synchronous = normal; pragma wal_checkpoint(passive)')
  db.close()
}

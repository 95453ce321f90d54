import { setImmediate as nextTurn } from 'node:timers/promises'
import { type DiskFile, writeWhole } from './disk.ts'
import { StoreBusyError } from './refusal.ts'

/** Most that one write and one sync carry. */
const BATCH_BYTES_MAX = 1_000_000
/** Lines that may wait for the disk; more are refused as busy. */
export const LINES_WAITING_MAX = 10_000

/** Lines on their way to the disk together. The first starts at `position`; all are answered by `written`. */
type Batch = { lines: Buffer[]; bytes: number; position: number; written: PromiseWithResolvers<void> }

export type GroupCommit = {
  /** Throws when no line would be taken now: `StoreBusyError`, or why the file was given up. */
  admit(): void
  /** Takes a line that belongs at that byte of the file. */
  add(line: Buffer, position: number): void
  /** Resolves when every line taken so far is durable; rejects when that failed. */
  flushed(): Promise<void>
  /** Waits for what was taken, then closes the file. */
  close(): Promise<void>
}

/**
 * Writes lines to a file with one flush in flight: whatever arrives meanwhile goes out in the next one. So a busy shop
 * shares its syncs and a quiet one never waits for a timer. The first failure ends it: after a failed sync nobody knows
 * what is on the disk, and a second sync that succeeds would be a lie, so `onFailure` is told and nothing more is taken.
 */
export function groupCommit(parts: { file: DiskFile; onFailure: (error: Error) => void }): GroupCommit {
  const batches: Batch[] = []
  let inFlight: Batch | undefined
  let flushing: Promise<void> | undefined
  let over: Error | undefined

  function admit(): void {
    if (over) throw over
    const waiting = batches.reduce((sum, batch) => sum + batch.lines.length, 0)
    if (waiting >= LINES_WAITING_MAX) throw new StoreBusyError('The store has too much to write. Try again soon.')
  }

  function add(line: Buffer, position: number): void {
    let batch = batches.at(-1)
    if (!batch || batch === inFlight || batch.bytes + line.length > BATCH_BYTES_MAX) {
      batch = newBatch(position)
      batches.push(batch)
    }
    batch.lines.push(line)
    batch.bytes += line.length
    flushing ??= flush()
  }

  async function flush(): Promise<void> {
    while (batches.length > 0) {
      await nextTurn() // those just answered may have more to write: let them come along
      inFlight = batches[0] as Batch
      try {
        await writeWhole(parts.file, Buffer.concat(inFlight.lines), inFlight.position)
        await parts.file.datasync()
      } catch (error) {
        return giveUp(error as Error)
      }
      batches.shift()
      inFlight.written.resolve()
    }
    flushing = undefined
  }

  function giveUp(cause: Error): void {
    over = new Error(`The store takes no more writes, because one failed: ${cause.message}`, { cause })
    for (const batch of batches.splice(0)) batch.written.reject(over)
    parts.onFailure(over)
  }

  async function flushed(): Promise<void> {
    if (over) throw over
    await batches.at(-1)?.written.promise
  }

  async function close(): Promise<void> {
    over ??= new Error('The store is closed.')
    await flushing
    await parts.file.close()
  }

  return { admit, add, flushed, close }
}

function newBatch(position: number): Batch {
  const written = Promise.withResolvers<void>()
  // Whoever waits hears of a failure, and so does `onFailure`; a batch that nobody waits for must not end the process.
  written.promise.catch(() => undefined)
  return { lines: [], bytes: 0, position, written }
}

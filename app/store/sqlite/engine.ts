import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { createListeners, type Database, type Decide } from '../database.ts'
import { StoreUnavailableError } from '../refusal.ts'
import { type Row, type Statement, sql } from '../sql.ts'
import type { Written } from '../store.ts'

// SQLite in the process. Its transactions are over before anything else runs here, and steps that arrive together share one. A
// commit only writes; one flush of the write-ahead log for all of them follows, without holding up the process, and nobody is
// answered before. (SQLite's own flush would stop every page while a slow disk works.)

const STATEMENTS_KEPT_MAX = 300
/** Steps that share a transaction: it holds up all else meanwhile. Those of several transactions share a flush. */
const STEPS_AT_ONCE = 32
/** Steps that may wait for the disk; more are refused as busy. */
export const STEPS_WAITING_MAX = 10_000

type Step = { reads: readonly Statement[]; decide: Decide; done: PromiseWithResolvers<void> }
/** How a step ended, to be said once all it saw is on the disk. */
type End = { written?: Written; answer: () => void; fail: (error: Error) => void }
/** Steps that wait for the same flush. */
type Batch = { ends: End[]; flushed: PromiseWithResolvers<void> }

type EngineParts = {
  db: DatabaseSync
  onFailure: (error: Error) => void
  /** Resolves when all that was committed would survive a power cut. */
  flush: () => Promise<void>
  /** Told how many steps a commit wrote. */
  committed: (steps: number) => void
  closed: () => Promise<void>
}

/** Runs statements on an open file, grouped as said above. */
export function databaseOver({ db, onFailure, flush, committed, closed }: EngineParts): Omit<Database, 'forget'> {
  const run = runner(db)
  const runNow: Run = (statement) => orUnavailable(() => run(statement))
  const listeners = createListeners()
  const waiting: Step[] = []
  const answers = createAnswers({ flush, tell: listeners.tell, giveUp })
  let working: Promise<void> | undefined
  let failure: Error | undefined
  let closing: Promise<void> | undefined

  async function ask(statement: Statement): Promise<readonly Row[]> {
    refuseWhenOver()
    const rows = runNow(statement)
    await answers.flushed() // what it saw may be on its way to the disk
    return rows
  }

  async function transact(reads: readonly Statement[], decide: Decide): Promise<void> {
    refuseWhenOver()
    if (waiting.length + answers.owed() >= STEPS_WAITING_MAX)
      throw new StoreUnavailableError('The store has too much to write. Try again soon.')
    const done = Promise.withResolvers<void>()
    waiting.push({ reads, decide, done })
    working ??= work()
    return done.promise
  }

  function refuseWhenOver(): void {
    if (failure) throw failure
    if (closing) throw new Error('The store is closed.')
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      await nextTurn() // those just answered may have more to write: let them come along
      const steps = waiting.splice(0, STEPS_AT_ONCE)
      try {
        runNow(BEGIN)
        const ends = steps.map((step) => perform(run, step))
        run(COMMIT)
        committed(ends.filter(({ written }) => written).length)
        answers.owe(ends)
      } catch (error) {
        const reason = error instanceof StoreUnavailableError ? error : giveUp(error as Error)
        for (const { done } of steps) done.reject(reason)
      }
    }
    working = undefined
  }

  /** After a failed write or flush nobody knows what is on the disk, and a second one that succeeds would be a lie. */
  function giveUp(cause: Error): Error {
    if (failure) return failure
    failure = new Error(`The store takes no more writes, because one failed: ${cause.message}`, { cause })
    for (const { done } of waiting.splice(0)) done.reject(failure)
    answers.fail(failure)
    onFailure(failure)
    return failure
  }

  async function close(): Promise<void> {
    await working
    await answers.flushed()?.catch(() => undefined)
    db.close()
    await closed()
  }

  return { ask, transact, watch: listeners.watch, close: () => (closing ??= close()) }
}

/**
 * Writes the file anew. What was deleted is overwritten at once, but copies of it may lie in pages that SQLite has rearranged since, and in
 * the log. O(store), and nothing else goes on meanwhile.
 */
export function forget(db: DatabaseSync): void {
  try {
    orUnavailable(() => db.exec('pragma temp_store = file; vacuum')) // as large as the store: not in memory
  } finally {
    db.exec('pragma temp_store = memory')
  }
  checkpointWhole(db)
}

/** Brings all that is in the log into the file, on the disk, and empties the log. Throws where that can't be. */
export function checkpointWhole(db: DatabaseSync): void {
  const { busy } = db.prepare('pragma wal_checkpoint(truncate)').get() as { busy: number }
  if (busy)
    throw new StoreUnavailableError('Somebody is reading the store, such as a backup. Try again when that is done.')
}

type Flusher = Pick<EngineParts, 'flush'> & { tell: (written: Written) => void; giveUp: (error: Error) => void }

/** Says how steps ended once all that they wrote, and saw, is on the disk. One flush at a time; the next is for all who came meanwhile. */
function createAnswers({ flush, tell, giveUp }: Flusher) {
  let unflushed: Batch | undefined
  let inFlight: Batch | undefined

  function owe(ends: readonly End[]): void {
    if (ends.some(({ written }) => written)) unflushed ??= newBatch()
    const batch = unflushed ?? inFlight
    if (!batch) {
      for (const { answer } of ends) answer()
      return
    }
    batch.ends.push(...ends)
    if (!inFlight) void flushAll()
  }

  async function flushAll(): Promise<void> {
    while (unflushed) {
      inFlight = unflushed
      unflushed = undefined
      try {
        await flush()
      } catch (error) {
        return giveUp(error as Error)
      }
      const { ends, flushed } = inFlight
      inFlight = undefined
      flushed.resolve()
      for (const { answer } of ends) answer()
      for (const { written } of ends) if (written) tell(written)
    }
  }

  function fail(error: Error): void {
    for (const batch of [inFlight, unflushed]) {
      for (const { fail } of batch?.ends ?? []) fail(error)
      batch?.flushed.reject(error)
    }
    unflushed = undefined
  }

  return {
    owe,
    fail,
    owed: () => (unflushed?.ends.length ?? 0) + (inFlight?.ends.length ?? 0),
    /** Resolves when all that was committed until now is on the disk; nothing when it is already. */
    flushed: () => (unflushed ?? inFlight)?.flushed.promise,
  }
}

function newBatch(): Batch {
  const flushed = Promise.withResolvers<void>()
  flushed.promise.catch(() => undefined) // whoever waits hears of it; where nobody does, the process must not end by it
  return { ends: [], flushed }
}

type Run = (statement: Statement) => readonly Row[]

/** One step inside of the open transaction. What is refused leaves nothing; what the disk refuses ends everything. */
function perform(run: Run, { reads, decide, done }: Step): End {
  const fail = (error: Error) => done.reject(error)
  try {
    run(SAVEPOINT)
    const change = decide(reads.map(run))
    change?.statements.forEach(run)
    run(RELEASE)
    return { ...(change && { written: change.written }), answer: () => done.resolve(), fail }
  } catch (error) {
    if (isOfTheDisk(error)) throw error
    run(ROLLBACK_TO)
    run(RELEASE)
    return { answer: () => done.reject(error), fail }
  }
}

const BEGIN = sql`begin immediate`
const COMMIT = sql`commit`
const SAVEPOINT = sql`savepoint step`
const RELEASE = sql`release step`
const ROLLBACK_TO = sql`rollback to step`

/** The statement in SQLite's words: with one writer, nothing has to be locked. */
export const forSqlite = (text: string): string =>
  text.replaceAll(/ for update( skip locked)?| overriding system value/g, '').replaceAll(/\$(\d+)/g, '?$1')

/** Runs statements, each prepared once. */
export function runner(db: DatabaseSync): Run {
  const prepared = new LRUCache<string, StatementSync>({ max: STATEMENTS_KEPT_MAX })
  return ({ sql: text, values }) => {
    let statement = prepared.get(text)
    if (!statement) {
      statement = db.prepare(forSqlite(text))
      prepared.set(text, statement)
    }
    return statement.all(...values) as Row[]
  }
}

// https://www.sqlite.org/rescode.html
const BUSY = 5
/** A mistake in the statement, too much in it, a broken rule, another type, more values than there may be. */
const OF_THE_STEP = [1, 18, 19, 20, 25]

/** SQLite's number for what went wrong; nothing when it was not SQLite. */
export const codeOf = (error: unknown): number | undefined => (error as { errcode?: number }).errcode
const isOfTheDisk = (error: unknown): boolean => {
  const code = codeOf(error)
  return code !== undefined && !OF_THE_STEP.includes(code & 0xff)
}

/** Where another process has the file just now, such as a shell, nothing was done, and it can be tried again. */
function orUnavailable<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (((codeOf(error) ?? 0) & 0xff) !== BUSY) throw error
    throw new StoreUnavailableError('Another process is using the store. Try again soon.', { cause: error })
  }
}

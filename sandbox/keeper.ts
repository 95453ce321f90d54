import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Low } from 'lowdb'
import { DataFile } from 'lowdb/node'

/** A moment: several changes of one click are one write. */
const WRITE_AFTER_MILLISECONDS = 50
/** Writing takes at most one part in so many of the time, however much there is to write. */
const PAUSE_PER_WRITE = 20

/** What keeps a stand-in's state in its file. */
export type Keeper = {
  /** Something changed: it is written in a moment. */
  changed: () => void
  /** Resolves when all that changed so far is written. */
  kept: () => Promise<void>
}

/** How a state becomes text, where it is more than plain JSON. */
type Form<State> = { stringify?: (state: State | null) => string; parse?: (text: string) => State | null }

/**
 * Reads a state from its file (nothing, where there is none) and writes it again a moment after the last change: whole or not at
 * all. The larger it is, the more rarely, so that a change costs the same however many there were.
 */
export async function openKeeper<State>(
  file: string,
  { stringify = JSON.stringify, parse = JSON.parse }: Form<State> = {},
): Promise<{ found: State | null; keep: (state: State) => Keeper }> {
  await mkdir(dirname(file), { recursive: true })
  const db = new Low<State | null>(new DataFile<State | null>(file, { stringify, parse }), null)
  await db.read()
  return { found: db.data, keep: (state) => keeperOf(db, state) }
}

function keeperOf<State>(db: Low<State | null>, state: State): Keeper {
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()
  let isChanged = false
  let pause = WRITE_AFTER_MILLISECONDS

  function write(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    writing = writing.then(async () => {
      if (!isChanged) return
      isChanged = false
      const began = performance.now()
      db.data = state
      await db.write().catch((error: Error) => console.error(`The sandbox could not be kept: ${error.message}`))
      pause = Math.max(WRITE_AFTER_MILLISECONDS, PAUSE_PER_WRITE * (performance.now() - began))
    })
    return writing
  }
  return {
    changed() {
      isChanged = true
      timer ??= setTimeout(() => void write(), pause).unref()
    },
    kept: write,
  }
}

/** Where nothing is kept. */
export const NO_KEEPER: Keeper = { changed: () => {}, kept: async () => {} }

import { Worker } from 'node:worker_threads'
import pLimit from 'p-limit'
import { CatalogRefusedError } from '../github/catalog/catalog-tree.ts'
import type { Answer, Asked, Loaded } from './reading.ts'

/** A catalog of 1,000 products takes about a second. */
export const READ_SECONDS_MAX = 20
const READING = new URL('./reading.ts', import.meta.url)

/** Reads a catalog as loadCatalog does. Throws a CatalogRefusedError when that takes longer than `secondsMax`. */
export type CatalogReader = (folder: string, secondsMax?: number) => Promise<Loaded>

/**
 * A reader with a thread of its own: YAML may take long, whoever wrote it, and buyers are served in this one. It reads one catalog at a
 * time, and begins another thread where it had to end one.
 */
export function createCatalogReader(): CatalogReader {
  const inTurn = pLimit(1)
  let thread: Worker | undefined
  const end = async (ended: Worker) => {
    if (thread === ended) thread = undefined
    await ended.terminate()
  }
  return (folder, secondsMax = READ_SECONDS_MAX) =>
    inTurn(async () => {
      thread ??= startThread(end)
      const used = thread
      try {
        return await ask(used, folder, secondsMax)
      } catch (error) {
        await end(used)
        throw error
      }
    })
}

async function ask(thread: Worker, folder: string, secondsMax: number): Promise<Loaded> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const onExit = () => reject(new Error('the thread that reads catalogs ended'))
  const timer = setTimeout(() => reject(tooSlow(secondsMax)), secondsMax * 1000)
  thread.once('message', resolve).once('error', reject).once('exit', onExit)
  try {
    thread.postMessage({ folder } satisfies Asked)
    const answer = await promise
    if ('failure' in answer) throw new Error(answer.failure)
    return answer.loaded
  } finally {
    clearTimeout(timer)
    thread.off('message', resolve).off('error', reject).off('exit', onExit)
  }
}

/** It keeps no process alive, and is given nothing of ours. */
function startThread(onExit: (ended: Worker) => unknown): Worker {
  const thread = new Worker(READING, { env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 512 } })
  thread.unref()
  thread.on('error', () => {}) // whoever waits for it hears of it; between two catalogs nobody does
  thread.once('exit', () => onExit(thread))
  return thread
}

const tooSlow = (seconds: number) =>
  new CatalogRefusedError(`The catalog takes longer than ${seconds} seconds to read.`, 'Make its files smaller.')

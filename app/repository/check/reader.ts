import { Worker } from 'node:worker_threads'
import { CatalogRefusedError } from '../../github/catalog/catalog-tree.ts'
import type { Answer, Asked, Loaded } from './reading.ts'

/** A catalog of 1,000 products takes about a second. */
export const READ_SECONDS_MAX = 20
const READING = new URL('./reading.ts', import.meta.url)

let worker: Worker | undefined
let turn: Promise<unknown> = Promise.resolve()

/**
 * Reads a catalog as loadCatalog does, but apart: a stranger's YAML may take long, and buyers are served in this thread.
 * One at a time. Throws a CatalogRefusedError when it takes longer than READ_SECONDS_MAX.
 */
export function readApart(folder: string, secondsMax = READ_SECONDS_MAX): Promise<Loaded> {
  const result = turn.then(() => read(folder, secondsMax))
  turn = result.catch(() => {})
  return result
}

async function read(folder: string, secondsMax: number): Promise<Loaded> {
  worker ??= startWorker()
  const reading = worker
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const onExit = () => reject(new Error('the thread that reads catalogs ended'))
  const timer = setTimeout(() => reject(tooSlow(secondsMax)), secondsMax * 1000)
  reading.once('message', resolve).once('error', reject).once('exit', onExit)
  try {
    reading.postMessage({ folder } satisfies Asked)
    const answer = await promise
    if ('failure' in answer) throw new Error(answer.failure)
    return answer.loaded
  } catch (error) {
    worker = undefined
    await reading.terminate()
    throw error
  } finally {
    clearTimeout(timer)
    reading.off('message', resolve).off('error', reject).off('exit', onExit)
  }
}

/** It keeps no process alive, and is given nothing of ours. */
function startWorker(): Worker {
  const started = new Worker(READING, { env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 512 } })
  started.unref()
  started.on('error', () => {}) // whoever waits for it hears of it; between two catalogs nobody does
  started.once('exit', () => {
    if (worker === started) worker = undefined
  })
  return started
}

const tooSlow = (seconds: number) =>
  new CatalogRefusedError(`The catalog takes longer than ${seconds} seconds to read.`, 'Make its files smaller.')

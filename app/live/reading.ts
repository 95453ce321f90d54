import { parentPort } from 'node:worker_threads'
import { loadCatalog } from '../../catalog/load.ts'

// The thread in which catalogs are read (see reader.ts).

export type Loaded = Awaited<ReturnType<typeof loadCatalog>>
export type Asked = { folder: string }
export type Answer = { loaded: Loaded } | { failure: string }

/** Nobody reads more, and all of them are copied into the thread that serves buyers. */
const PROBLEMS_MAX = 2000

parentPort?.on('message', ({ folder }: Asked) => {
  const answer = loadCatalog(folder).then(
    (loaded): Answer => ({
      loaded: 'problems' in loaded ? { problems: loaded.problems.slice(0, PROBLEMS_MAX) } : loaded,
    }),
    (error: unknown): Answer => ({ failure: String(error) }),
  )
  void answer.then((given) => parentPort?.postMessage(given))
})

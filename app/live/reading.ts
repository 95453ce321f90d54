import { parentPort } from 'node:worker_threads'
import { loadCatalog } from '../../catalog/load.ts'

// The thread in which the catalogs of pull requests are read (see reader.ts).

export type Loaded = Awaited<ReturnType<typeof loadCatalog>>
export type Asked = { folder: string }
export type Answer = { loaded: Loaded } | { failure: string }

parentPort?.on('message', ({ folder }: Asked) => {
  const answer = loadCatalog(folder).then(
    (loaded): Answer => ({ loaded }),
    (error: unknown): Answer => ({ failure: String(error) }),
  )
  void answer.then((given) => parentPort?.postMessage(given))
})

import { parentPort } from 'node:worker_threads'
import { loadCatalog } from '../../../catalog/load.ts'
import type { Answer, Asked } from './reader.ts'

// The thread in which the catalogs of pull requests are read (see reader.ts).

parentPort?.on('message', ({ folder }: Asked) => {
  const answer = loadCatalog(folder).then(
    (loaded): Answer => ({ loaded }),
    (error: unknown): Answer => ({ failure: String(error) }),
  )
  void answer.then((given) => parentPort?.postMessage(given))
})

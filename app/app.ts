import { dispatchDueJob } from './dispatch.ts'
import { createHttp } from './http/api.ts'
import type { Queue } from './job/queue.ts'
import type { Parts } from './parts.ts'

/** The whole app over its parts: its routes, and the work behind them. Used by the process and by every flow test. */
export function createApp(parts: Parts) {
  const http = createHttp(parts)
  return { fetch: http.fetch, routes: http.routes, dispatchDueJob: (queue: Queue) => dispatchDueJob(parts, queue) }
}

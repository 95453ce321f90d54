import { dispatchDueJob } from './dispatch.ts'
import { createHttp } from './http/api.ts'
import type { Lane } from './order/job.ts'
import type { Parts } from './parts.ts'

/** The whole app over its parts: the door, and the work behind it. Used by the process and by every flow test. */
export function createApp(parts: Parts) {
  const http = createHttp(parts)
  return { fetch: http.fetch, routes: http.routes, dispatchDueJob: (lane: Lane) => dispatchDueJob(parts, lane) }
}

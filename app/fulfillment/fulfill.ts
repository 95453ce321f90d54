import type { JobOutcome } from '../job/job.ts'
import { headOf, withJobs } from '../order/decide.ts'
import { entitlementsOf } from '../order/entitlement.ts'
import type { OrderId } from '../order/id.ts'
import type { Parts } from '../parts.ts'
import { fulfill as fulfillDownloads } from './download.ts'

/**
 * Gives the files that a paid order is owed, and records the lines that are done. Parcels are packed by
 * people. What GitHub can't give yet is tried again; a file that is missing, or is not the one that was approved, needs a
 * person.
 */
export async function fulfill(parts: Parts, id: OrderId, job: string): Promise<JobOutcome> {
  const order = await parts.store.order(id)
  if (!order || entitlementsOf(order).length === 0) return { end: 'done' }
  const open = order.lines.filter((line) => line.assets.length > 0 && !order.fulfilledLines.includes(line.id))
  const { ready, problems } = await fulfillDownloads(parts, open)
  const lines = ready.filter((line) => !line.parcel).map((line) => line.id)
  if (lines.length > 0) {
    await parts.store.transact({ order: id }, ({ order: now }) => {
      if (!now || lines.every((line) => now.fulfilledLines.includes(line))) return {}
      return withJobs(now, [{ type: 'order.fulfilled', lines }], headOf(now, parts.now(), { by: 'job', job }))
    })
  }
  const [changed] = problems.filter(({ reason }) => reason === 'changed')
  if (changed) return { end: 'stalled', reason: 'file-changed', detail: changed.message }
  const [missing] = problems.filter(({ reason }) => reason === 'missing')
  if (missing) return { end: 'stalled', reason: 'file-missing', detail: missing.message }
  const [unavailable] = problems
  return unavailable ? { end: 'retry', reason: unavailable.message } : { end: 'done' }
}

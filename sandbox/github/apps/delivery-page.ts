import type { Context } from 'hono'
import { Refusal } from '../answer.ts'
import type { Delivery } from './app-state.ts'

const PAGE_SIZE = 30
const PAGE_SIZE_MAX = 100

/**
 * The page of deliveries that was asked for, newest first. They have no page numbers but a cursor, the last one seen:
 * https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
 */
export function deliveriesPage(c: Context, newestFirst: readonly Delivery[]): Delivery[] {
  const asked = Number(c.req.query('per_page') ?? PAGE_SIZE)
  const size = Math.min(PAGE_SIZE_MAX, asked >= 1 ? Math.floor(asked) : PAGE_SIZE)
  const cursor = c.req.query('cursor')
  const last = /^v1_(\d+)$/.exec(cursor ?? '')?.[1]
  if (cursor !== undefined && last === undefined) throw new Refusal(422, 'Invalid cursor')
  const rest = newestFirst.filter(({ id }) => last === undefined || id < Number(last))
  const page = rest.slice(0, size)
  const end = page.at(-1)
  if (end && rest.length > size) {
    const next = new URL(c.req.url)
    next.searchParams.set('cursor', `v1_${end.id}`)
    c.header('link', `<${next}>; rel="next"`)
  }
  return page
}

import type { Context } from 'hono'

const PAGE_SIZE = 30
const PAGE_SIZE_MAX = 100

/** The page that was asked for, with the addresses of the others in the Link header, as GitHub gives them. */
export function paged<Item>(c: Context, items: readonly Item[], usual = PAGE_SIZE): Item[] {
  const asked = Math.floor(Number(c.req.query('per_page')))
  const size = asked >= 1 ? Math.min(PAGE_SIZE_MAX, asked) : usual
  const page = Math.max(1, Math.floor(Number(c.req.query('page') ?? 1)) || 1)
  const last = Math.max(1, Math.ceil(items.length / size))
  const link = (to: number, rel: string) => {
    const url = new URL(c.req.url)
    url.searchParams.set('page', String(to))
    return `<${url}>; rel="${rel}"`
  }
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ...(page > 1 ? [link(1, 'first')] : []),
  ]
  if (links.length > 0) c.header('link', links.join(', '))
  return items.slice((page - 1) * size, page * size)
}

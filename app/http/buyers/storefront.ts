import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { serveStatic } from '@hono/node-server/serve-static'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { compress } from 'hono/compress'
import { etag } from 'hono/etag'
import type { HttpEnv } from '../context.ts'
import { problem } from '../problem.ts'
import { BEING_PREPARED, closedProblem } from './closed.ts'

/** Files whose name has a hash of their content never change. */
const HASHED = /\/(assets|pictures)\//

/** What has no extension, or this one, is a page; the rest dresses pages, those of orders too, when the shop is closed. */
const PAGE = /(\/[^/.]*|\.html)$/

/** Serves the storefront that is live now; another build takes its place between two requests. Closed, it shows no goods. */
export function storefrontRoutes(api: OpenAPIHono<HttpEnv>): void {
  let served: { folder: string; serve: MiddlewareHandler } | undefined
  api.get('/*', compress(), etag(), async (c, next) => {
    const folder = await c.var.parts.shop.storefront()
    const closed = (!folder || PAGE.test(c.req.path)) && (await closedProblem(c.var.parts))
    if (closed) return problem(c, closed)
    if (!folder) return problem(c, BEING_PREPARED)
    if (served?.folder !== folder) served = { folder, serve: serveStatic({ root: folder, onFound: setCaching }) }
    return served.serve(c, next)
  })
}

const setCaching = (path: string, c: Context): void =>
  c.header('cache-control', HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')

/** What is nowhere, or another process's. */
export async function nothingHere(c: Context<HttpEnv>): Promise<Response> {
  const folder = await c.var.parts.shop.storefront()
  if (folder && (c.req.header('accept') ?? '').includes('text/html')) {
    return c.html(await readFile(join(folder, '404.html'), 'utf8'), 404)
  }
  return problem(c, {
    status: 404,
    title: 'Nothing here',
    detail: `There is nothing at ${c.req.method} ${c.req.path}.`,
  })
}

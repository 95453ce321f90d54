import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { HttpEnv } from '../context.ts'
import { problem } from '../problem.ts'
import { BEING_PREPARED, closedProblem } from './closed.ts'
import { createFiles, type Files } from './files.ts'

/** What has no extension, or this one, is a page; the rest dresses pages, those of orders too, when the shop is closed. */
const PAGE = /(\/[^/.]*|\.html)$/

/** Serves the storefront that is live now; another build takes its place between two requests. Closed, it shows no goods. */
export function storefrontRoutes(api: OpenAPIHono<HttpEnv>): void {
  let served: { folder: string; answer: Files } | undefined
  api.get('/*', async (c, next) => {
    const folder = await c.var.parts.shop.storefront()
    const closed = (!folder || PAGE.test(c.req.path)) && (await closedProblem(c.var.parts))
    if (closed) return problem(c, closed)
    if (!folder) return problem(c, BEING_PREPARED)
    if (served?.folder !== folder) served = { folder, answer: await createFiles(folder) }
    return (await served.answer(c)) ?? next()
  })
}

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

import { Hono } from 'hono'

const RETRY_SECONDS = 5

/** What answers before the shop can: the process lives, and whoever wants more comes too early. */
export function startingRoutes(): Hono {
  const app = new Hono()
  app.get('/healthz', (c) => c.text('ok'))
  app.all('*', (c) => c.text('The shop is starting.\n', 503, { 'retry-after': String(RETRY_SECONDS) }))
  return app
}

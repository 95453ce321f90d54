import type { HttpBindings } from '@hono/node-server'
import type { Parts } from '../parts.ts'
import type { Held } from './held.ts'

/** What every request has at hand. `incoming` is absent when a test calls the app without a server. */
export type HttpEnv = {
  Bindings: Partial<HttpBindings>
  Variables: { parts: Parts; requestId: string; bodies: Held }
}

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'

/** A server that answers: where it is, and how to end it. */
export type Listening = { url: string; close(): Promise<void> }

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch']

/**
 * Serves on a port of this machine; 0 takes any free one. Rejects when the port is taken.
 * `close` also ends connections that a client keeps open.
 */
export async function listen(fetch: Fetch, port = 0): Promise<Listening> {
  const server = createAdaptorServer({ fetch })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
      await closed
    },
  }
}

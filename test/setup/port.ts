import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A port of this machine that is free now. */
export async function anyPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => probe.once('listening', done))
  const { port } = probe.address() as AddressInfo
  await new Promise((done) => probe.close(done))
  return port
}

import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below those that the system gives away by itself, so that nobody takes one between our look and its use. */
const FIRST_PORT = 20_000
const PORTS_A_WORKER = 1000
/** A sandbox takes four beside each other. */
const STEP = 5

/** Below those too, for who needs a port again after it was free for a while. */
const LASTING_PORTS = [10_000, 20_000] as const

/** Where a process begins: test runs that share a machine would otherwise all reach for the same ports at once. */
let taken = (process.pid * STEP) % PORTS_A_WORKER

/** A port that is free, with the four after it most likely too; no other worker of the test run is given it. */
export async function anyPort(): Promise<number> {
  const worker = Number(process.env.VITEST_POOL_ID ?? process.pid) % 12
  for (;;) {
    const port = FIRST_PORT + worker * PORTS_A_WORKER + (taken % PORTS_A_WORKER)
    taken += STEP
    if (await isFree(port)) return port
  }
}

/** A port that nobody else is likely to take while a process that is killed is started again. */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = randomInt(...LASTING_PORTS)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer()
    probe.once('error', () => done(false))
    probe.listen(port, () => probe.close(() => done(true)))
  })
}

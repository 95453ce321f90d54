import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../house/source.ts'
import { control } from './control.ts'
import { anyPort } from './port.ts'
import type { ReceivedMail } from './shop.ts'

const START_SECONDS_MAX = 90

export type Addresses = { shop: string; stripe: string; github: string; inbox: string }
/** Ways to the desk: a link that signs in, and a token. */
type Desk = { desk: string; deskToken: string }

/** `npm start` as a newcomer runs it, in a process of its own on any free port, with state in a temporary folder. */
export async function startSandbox(options: { catalog: string; state?: string; port?: number; args?: string[] }) {
  const state = options.state ?? (await mkdtemp(join(tmpdir(), 'tagsale-sandbox-')))
  const file = join(state, 'sandbox.json')
  const written = () =>
    stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    )
  const port = options.port ?? (await anyPort())
  const before = await written() // by one that was killed, or still runs
  const child = spawn(
    process.execPath,
    ['sandbox/start.ts', '--catalog', options.catalog, '--state', state, ...(options.args ?? [])],
    {
      cwd: ROOT,
      env: { ...process.env, PORT: String(port), LOG_LEVEL: 'warn' },
      stdio: 'pipe',
    },
  )
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const exited = new Promise<number | null>((done) => child.once('exit', done))
  const deadline = Date.now() + START_SECONDS_MAX * 1000
  while ((await written()) <= before) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the sandbox did not start:\n${output}`)
    await sleep(50)
  }
  const addresses = JSON.parse(await readFile(file, 'utf8')) as Addresses & Desk
  return {
    ...addresses,
    state,
    output: () => output,
    /** Types a line into its terminal. */
    type: (line: string) => child.stdin.write(`${line}\n`),
    mails: async () => (await (await fetch(`${addresses.inbox}/_test/mails`)).json()) as ReceivedMail[],
    control: (base: keyof Addresses, path: string, body?: object) => control(addresses[base], path, body),
    /** Ends it, by default as Ctrl-C does, and gives the exit code. */
    async stop(signal: NodeJS.Signals = 'SIGINT') {
      child.kill(signal)
      return exited
    },
    async close() {
      if (child.exitCode === null && child.signalCode === null) await this.stop()
      await rm(state, { recursive: true, force: true })
    },
  }
}
export type Sandbox = Awaited<ReturnType<typeof startSandbox>>

/** Waits until it is so, or fails with what was last seen. */
export async function eventually<Value>(
  look: () => Promise<Value>,
  isSo: (value: Value) => boolean,
  seconds = 15,
): Promise<Value> {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    const value = await look()
    if (isSo(value)) return value
    if (Date.now() > deadline) throw new Error(`it never came to be; last seen: ${JSON.stringify(value)}`)
    await sleep(100)
  }
}

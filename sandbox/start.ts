import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadCatalog } from '../catalog/load.ts'
import { type Catalog, productCount } from '../catalog/offer.ts'
import { type CatalogProblem, printProblems } from '../catalog/problem/problem.ts'
import { startAppProcess } from './process/app-process.ts'
import { deskLink, deskToken } from './process/desk.ts'
import { followEdits, pushFirst } from './process/edits.ts'
import { LOCK, lockFolder } from './process/lock.ts'
import { whenNpmEnds } from './process/npm.ts'
import { Sentence } from './process/sentence.ts'
import { readSettings } from './process/settings.ts'
import { openWorkingCopy } from './process/working-copy.ts'
import { type Addresses, MAINTAINER, startStandIns } from './stand-ins.ts'

// `npm start`: a working shop on this machine, with stand-ins for Stripe, GitHub and a mail server. The app runs
// exactly the code it runs live; only the addresses are others.

/** Where scripts read what answers where; there only while it does. */
const ADDRESSES = 'sandbox.json'

const USAGE = `npm start -- [--from-scratch] [--fresh] [--catalog FOLDER] [--state FOLDER]

  --from-scratch     an organisation without a shop: register the GitHub App, install it, open the shop
  --fresh            forgets everything that happened and begins again
  --catalog FOLDER   sells what is in there (default: catalog)
  --state FOLDER     keeps orders and builds there (default: .tagsale)

  PORT=4000 npm start   on another port`

/** What a folder answers that can't be written to. */
const UNUSABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC'])

const say = (line = '') => process.stdout.write(`${line}\n`)

async function start(): Promise<void> {
  const { catalogFolder, stateFolder, fresh, help, 'from-scratch': fromScratch } = readArguments()
  if (help) {
    say(USAGE)
    return
  }
  const { PORT, LOG_LEVEL, isRunByNpm } = readSettings()
  const port = await freePort(PORT)
  const folder = join(stateFolder, fromScratch ? 'from-scratch' : 'sandbox')
  process.umask(0o077) // what is kept is its owner's: keys among it
  await mkdir(folder, { recursive: true })
  const unlock = await lockFolder(folder)
  const stopping = onceAskedToStop(isRunByNpm)
  stopping.push(unlock)
  if (fresh) await forget(folder)
  await rm(join(stateFolder, ADDRESSES), { force: true })
  const catalog = fromScratch ? undefined : await readCatalog(catalogFolder)

  const began = performance.now()
  const standIns = await startStandIns({ port, folder, logLevel: LOG_LEVEL, catalog })
  const { addresses, repository } = standIns
  stopping.push(standIns.close, () => rm(join(stateFolder, ADDRESSES), { force: true }))
  if (fromScratch) say(organisation(addresses.github, repository))
  const app = startAppProcess({ shopUrl: addresses.shop, settings: standIns.settings, folder }, stopping.ended)
  stopping.push(app.stop)
  await app.answers
  if (fromScratch) await writeAddresses(stateFolder, addresses)
  const oneTime = await app.desk
  if (!catalog) {
    say(waiting({ ...addresses, repository, desk: oneTime }))
    return
  }
  const github = { url: addresses.github, token: standIns.token, repository }
  const copy = await openWorkingCopy({ folder: catalogFolder, memory: join(folder, 'pushed.json'), github })
  const edits = { copy, app, catalogFolder, say, describe }
  stopping.push(followEdits(edits))
  await pushFirst(edits)
  const desk = deskLink(addresses, MAINTAINER)
  await writeAddresses(stateFolder, { ...addresses, desk, deskToken: await deskToken(addresses.shop, desk, folder) })
  const links = { ...addresses, repository, desk }
  const folders = { catalog: relative('.', catalogFolder) || '.', placeholders: standIns.placeholders }
  say(table(links, folders, (performance.now() - began) / 1000))
}

async function readCatalog(folder: string): Promise<Catalog> {
  const loaded = await loadCatalog(folder)
  if ('problems' in loaded) throw new Sentence(describe(loaded.problems, folder))
  say(`${loaded.catalog.shop.name}: ${productCount(loaded.catalog)}. Building the storefront …`)
  return loaded.catalog
}

function readArguments() {
  const options = {
    'from-scratch': { type: 'boolean', default: false },
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

/** Begins again: everything in the folder goes but the lock. */
async function forget(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name !== LOCK)
  for (const name of names) await rm(join(folder, name), { recursive: true })
}

const describe = (problems: readonly CatalogProblem[], folder: string): string =>
  printProblems(problems, relative('.', folder) || '.')

/** For scripts: written once everything answers, and whole or not at all. */
async function writeAddresses(
  stateFolder: string,
  addresses: { shop: string; desk?: string; deskToken?: string } & Addresses,
): Promise<void> {
  const file = join(stateFolder, ADDRESSES)
  await writeFile(`${file}.new`, `${JSON.stringify(addresses, null, 2)}\n`)
  await rename(`${file}.new`, file)
}

type Links = { shop: string; repository: string; desk: string } & Addresses

function table(
  links: Links,
  { catalog, placeholders }: { catalog: string; placeholders: number },
  seconds: number,
): string {
  const files = `  ${placeholders} of the files for sale are not on this machine; a few words stand in for each.\n\n`
  return `
  The shop is open (${seconds.toFixed(1)} s).

${rows(links)}

${placeholders > 0 ? files : ''}  Try this first: put a book and a sticker into the cart, pay, and open the book.
  Edit a file in ${catalog}/products, or by pull request at GitHub's stand-in, and watch the shop change.
  Ctrl-C stops everything; orders are kept.
`
}

const rows = ({ shop, inbox, stripe, github, repository, desk }: Links): string => `    Shop     ${shop}
    Inbox    ${inbox}   every mail the shop sends
    Stripe   ${stripe}   payments, refunds; no money moves
    GitHub   ${github}/${repository}   the catalog, changed by pull request
    Desk     ${desk}   signs you in as its maintainer`

/** What someone must know who is asked by the setup for whom the App is. */
const organisation = (github: string, repository: string): string =>
  `At GitHub's stand-in, ${github}, you own the organisation ${repository.split('/')[0]}.`

const waiting = (links: Links): string => `
  The App is there, and the shop is not open yet. It opens when the App is installed and its first pull request is
  merged: ${links.github}/${links.repository}/pulls

${rows(links)}
`

/** Steps to stop by, last first; `ended` when the app's process has ended by itself, and said why. */
type Stopping = { push: (...steps: (() => Promise<unknown>)[]) => void; ended: (code: number | null) => void }

/** On Ctrl-C, SIGTERM, or when npm is gone, stops what was started last first. */
function onceAskedToStop(isRunByNpm: boolean): Stopping {
  const steps: (() => Promise<unknown>)[] = []
  let isStopping = false
  const stop = async (code: number) => {
    if (isStopping) return
    isStopping = true
    for (const step of steps.toReversed()) await step()
    process.exit(code)
  }
  const ask = () => {
    if (!isStopping) say('\nStopping …')
    void stop(0).catch(fail)
  }
  process.on('SIGINT', ask).on('SIGTERM', ask)
  if (isRunByNpm) whenNpmEnds(ask)
  return { push: (...more) => void steps.push(...more), ended: (code) => void stop(code || 1).catch(fail) }
}

function fail(error: unknown): never {
  const isExpected = error instanceof Sentence
  const { code, path, message, stack } = error as NodeJS.ErrnoException
  const isFolder = UNUSABLE.has(code ?? '') && path
  const text = isFolder
    ? `${path} can't be written (${code}). Choose another folder: npm start -- --state FOLDER`
    : message
  process.stderr.write(`${isExpected || isFolder ? text : stack}\n`)
  process.exit(1)
}

start().catch(fail)

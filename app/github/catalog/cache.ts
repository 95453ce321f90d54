import { lstat, mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exists, inParallel } from './blobs.ts'

// What lies in `catalogs` and `blobs` of the data folder can be fetched again: it is forgotten by age, by size, and with its pull request.

/** A catalog that nobody looked at for so long is fetched anew. */
export const CATALOG_KEPT_DAYS = 30
/** A blob that no catalog uses may belong to one that is just being fetched. */
const UNUSED_BLOB_KEPT_MINUTES = 60
/** Most bytes of files kept, live ones and those of pull requests together; what is live may have more. */
export const CACHE_BYTES_MAX = 2 * 1024 ** 3
/** Room on the disk that is left to orders, whatever a catalog needs. */
export const DISK_RESERVE_BYTES = 256 * 1024 ** 2
const FILES_AT_ONCE = 64
const MINUTE_MS = 60_000

/** Throws when fetching so many bytes would leave less than the reserve: orders need the disk, and a catalog can wait. */
export async function requireRoom(folder: string, bytes: number, freeBytes = freeBytesOf): Promise<void> {
  const free = await freeBytes(folder)
  if (free - bytes >= DISK_RESERVE_BYTES) return
  const mb = (count: number) => Math.ceil(count / 1024 ** 2)
  throw new Error(
    `no room for a catalog: ${mb(bytes)} MB are needed, ${mb(free)} MB are free, and some are left to orders`,
  )
}

async function freeBytesOf(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true })
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** Deletes the catalogs that are not to be kept and that nobody looked at for long, and then the blobs that none uses. */
export async function forgetOldCatalogs(folder: string, keep: ReadonlySet<string>, now: Date): Promise<void> {
  for (const { name, at } of await catalogsIn(folder)) {
    const minutes = name.startsWith('.') ? UNUSED_BLOB_KEPT_MINUTES : CATALOG_KEPT_DAYS * 24 * 60
    if (keep.has(name) || at >= now.getTime() - minutes * MINUTE_MS) continue
    await rm(join(folder, 'catalogs', name), { recursive: true, force: true })
  }
  await forgetUnusedBlobs(folder, now)
}

/** Deletes catalogs of pull requests, those first that nobody looked at for longest, until the files kept are few enough. */
export async function trimCatalogs(folder: string, now: Date, bytesMax = CACHE_BYTES_MAX): Promise<void> {
  if ((await bytesOfBlobs(folder)) <= bytesMax) return
  let bytes = await forgetUnusedBlobs(folder, now)
  const ofPulls = (await catalogsIn(folder)).filter(({ name }) => name.length === KEY_DIGITS)
  for (const { name } of ofPulls.toSorted((a, b) => a.at - b.at)) {
    if (bytes <= bytesMax) return
    await rm(join(folder, 'catalogs', name), { recursive: true, force: true })
    bytes = await forgetUnusedBlobs(folder, now)
  }
}
/** Those of a repository's branch have git's names, of 40 digits. */
const KEY_DIGITS = 64

/** Which catalog a pull request makes now: the one that it made before is forgotten. */
export async function rememberPull(folder: string, pull: PullName, tree: string): Promise<void> {
  const path = pullPath(folder, pull)
  if ((await textOf(path)) === tree) return
  await forgetPull(folder, pull)
  await mkdir(join(folder, 'pulls'), { recursive: true })
  await writeFile(path, tree)
}

/** Forgets the catalog of a pull request that is closed, unless another one makes the same. */
export async function forgetPull(folder: string, pull: PullName): Promise<void> {
  const tree = await textOf(pullPath(folder, pull))
  if (!tree) return
  await rm(pullPath(folder, pull), { force: true })
  const others = await Promise.all(
    (await namesIn(join(folder, 'pulls'))).map((name) => textOf(join(folder, 'pulls', name))),
  )
  if (!others.includes(tree)) await rm(join(folder, 'catalogs', tree), { recursive: true, force: true })
}

type PullName = { repository: string; number: number }

const pullPath = (folder: string, { repository, number }: PullName) =>
  join(folder, 'pulls', `${repository.toLowerCase().replace('/', '+')}+${number}`)

/** Only a catalog's name is ever written there, and only such a one is believed. */
async function textOf(path: string): Promise<string | undefined> {
  if (!(await exists(path))) return undefined
  return /^[0-9a-f]{64}$/.exec(await readFile(path, 'utf8'))?.[0]
}

async function catalogsIn(folder: string): Promise<{ name: string; at: number }[]> {
  const names = await namesIn(join(folder, 'catalogs'))
  return inParallel(names, FILES_AT_ONCE, async (name) => {
    return { name, at: (await lstat(join(folder, 'catalogs', name)).catch(gone))?.mtimeMs ?? 0 }
  })
}

/** Gives how many bytes are left. A blob that a catalog uses has a second name there. */
async function forgetUnusedBlobs(folder: string, now: Date): Promise<number> {
  const oldest = now.getTime() - UNUSED_BLOB_KEPT_MINUTES * MINUTE_MS
  const sizes = await forBlobs(folder, async (path) => {
    const status = await lstat(path).catch(gone)
    if (!status) return 0
    if (status.nlink > 1 || status.mtimeMs >= oldest) return status.size
    await rm(path, { force: true })
    return 0
  })
  return sum(sizes)
}

const bytesOfBlobs = async (folder: string) =>
  sum(await forBlobs(folder, async (path) => (await lstat(path).catch(gone))?.size ?? 0))

async function forBlobs(folder: string, act: (path: string) => Promise<number>): Promise<number[]> {
  const all: number[] = []
  for (const start of await namesIn(join(folder, 'blobs'))) {
    const names = await namesIn(join(folder, 'blobs', start))
    all.push(...(await inParallel(names, FILES_AT_ONCE, (name) => act(join(folder, 'blobs', start, name)))))
  }
  return all
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

async function namesIn(path: string): Promise<string[]> {
  return (await readdir(path).catch(gone)) ?? []
}

/** Not there yet, or not any more: another process may have been first. */
function gone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

import { createHash } from 'node:crypto'
import {
  copyFile,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Repository } from '../repository-name.ts'
import { blobPath, exists, fetchBlobs, inParallel } from './blobs.ts'
import { type CatalogTree, readCatalogTree, type TreeEntry } from './catalog-tree.ts'

/** Where a catalog lies: `folder` is for loadCatalog, `tree` names it. */
export type FetchedCatalog = { folder: string; tree: string }

/** A catalog that nobody looked at for so long is fetched anew. */
export const CATALOG_KEPT_DAYS = 30
/** A blob that no catalog uses may belong to one that is just being fetched. */
const UNUSED_BLOB_KEPT_HOURS = 24
const FILES_AT_ONCE = 64
const HOUR_MS = 3_600_000

/**
 * Brings the catalog of a commit to the disk, as `catalogs/<tree>` in the data folder: whole, or not at all; at once when it is
 * there. Nothing when the commit has none. Throws a CatalogRefusedError for one that is beyond all bounds, or Octokit's errors.
 */
export async function fetchCatalogAt(
  dataFolder: string,
  repository: Repository,
  sha: string,
): Promise<FetchedCatalog | { none: true }> {
  const found = await readCatalogTree(repository, sha)
  return 'none' in found ? found : layOutCatalog(dataFolder, repository, found)
}

/** The same for entries that were put together from several trees; `tree` is any name that stands for exactly these. */
export async function layOutCatalog(
  dataFolder: string,
  repository: Repository,
  { tree, entries }: CatalogTree,
): Promise<FetchedCatalog> {
  const folder = catalogFolder(dataFolder, tree)
  if (await exists(folder)) {
    const now = new Date()
    await utimes(folder, now, now)
    return { folder, tree }
  }
  const files = [...entries].filter(([, { kind }]) => kind === 'file')
  const blobs = files.map(([path, { sha, size }]) => ({ sha, size, isText: /\.(yaml|svg)$/.test(path) }))
  await fetchBlobs(dataFolder, repository, blobs)
  await mkdir(dirname(folder), { recursive: true })
  const draft = await mkdtemp(join(dirname(folder), '.draft-'))
  try {
    await layOut(dataFolder, draft, entries)
    await moveInto(draft, folder)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return { folder, tree }
}

/** Where the catalog with this name lies, or would. */
export const catalogFolder = (folder: string, tree: string): string => join(folder, 'catalogs', tree)

/** A name that stands for exactly these entries: 64 hexadecimal digits, where git's own names have 40. */
export function keyOfEntries(entries: ReadonlyMap<string, TreeEntry>): string {
  const lines = [...entries].map(([path, { sha, kind }]) => `${path}\0${kind}\0${sha}\n`).toSorted()
  return createHash('sha256').update(lines.join('')).digest('hex')
}

/** Deletes the catalogs that are not to be kept and that nobody looked at for long, and then the blobs that none uses. */
export async function forgetOldCatalogs(folder: string, keep: ReadonlySet<string>, now: Date): Promise<void> {
  const isOld = async (path: string, hours: number) => (await lstat(path)).mtimeMs < now.getTime() - hours * HOUR_MS
  for (const name of await namesIn(join(folder, 'catalogs'))) {
    const path = join(folder, 'catalogs', name)
    const hours = name.startsWith('.') ? UNUSED_BLOB_KEPT_HOURS : CATALOG_KEPT_DAYS * 24
    if (!keep.has(name) && (await isOld(path, hours))) await rm(path, { recursive: true, force: true })
  }
  for (const start of await namesIn(join(folder, 'blobs'))) {
    const names = await namesIn(join(folder, 'blobs', start))
    await inParallel(names, FILES_AT_ONCE, async (name) => {
      const path = join(folder, 'blobs', start, name)
      const isUsed = (await lstat(path)).nlink > 1
      if (!isUsed && (await isOld(path, UNUSED_BLOB_KEPT_HOURS))) await rm(path, { force: true })
    })
  }
}

async function layOut(folder: string, draft: string, entries: ReadonlyMap<string, TreeEntry>): Promise<void> {
  const folders = new Set([...entries.keys()].map((path) => dirname(join(draft, path))))
  for (const path of folders) await mkdir(path, { recursive: true })
  await inParallel([...entries], FILES_AT_ONCE, async ([path, entry]) => {
    const target = join(draft, path)
    if (folders.has(target)) return // one side of a merge made a folder of what is a file on the other: the folder counts
    if (entry.kind === 'submodule') await mkdir(target)
    // Where a link leads is a stranger's choice; that it is one is all that the catalog's checks tell.
    else if (entry.kind === 'link') await symlink('nowhere', target)
    else if (entry.kind === 'file') await linkOrCopy(blobPath(folder, entry.sha), target)
    else await emptyOfSize(target, entry.size)
  })
}

/** A file that says how large it is, and takes no room: nobody reads it. */
async function emptyOfSize(path: string, size: number): Promise<void> {
  await writeFile(path, '')
  await truncate(path, size)
}

/** Some disks have no hard links, and all have a limit of them. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EEXIST') throw error
    return copyFile(from, to)
  })
}

/** Gives a finished folder its place. Another process may have been first; both have the same. */
export async function moveInto(draft: string, folder: string): Promise<void> {
  await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
}

async function namesIn(path: string): Promise<string[]> {
  return readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}

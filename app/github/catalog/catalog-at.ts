import { createHash } from 'node:crypto'
import { copyFile, link, mkdir, mkdtemp, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Repository } from '../repository-name.ts'
import { type Blob, blobPath, exists, fetchBlobs, inParallel } from './blobs.ts'
import { requireRoom } from './cache.ts'
import { type CatalogTree, readCatalogTree, type TreeEntry } from './catalog-tree.ts'

/** Where a catalog lies: `folder` is for loadCatalog, `tree` names it. */
export type FetchedCatalog = { folder: string; tree: string }

const FILES_AT_ONCE = 64

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
  await requireRoom(dataFolder, await bytesMissing(dataFolder, blobs))
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

async function bytesMissing(folder: string, blobs: readonly Blob[]): Promise<number> {
  const distinct = [...new Map(blobs.map((blob) => [blob.sha, blob])).values()]
  const missing = await inParallel(distinct, FILES_AT_ONCE, async ({ sha, size }) =>
    (await exists(blobPath(folder, sha))) ? 0 : size,
  )
  return missing.reduce((sum, size) => sum + size, 0)
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

import { join } from 'node:path'
import { z } from 'zod'
import type { Random } from '../order/id.ts'
import { type Disk, type DiskFile, writeWhole } from './disk.ts'
import { StoreRefusedError } from './refusal.ts'

/** The form of the folder and its journal that this program writes. It reads no other. */
const FORMAT = 1
const MANIFEST = 'store.json'
const JOURNAL = 'orders.journal'
const MANIFEST_BYTES_MAX = 4096
const STORE_ID_BYTES = 16

/** Says that a store lives here, so that a journal that has gone missing is an error and not an empty shop. */
const Manifest = z.object({ format: z.int(), id: z.string().min(1) })

/** An opened journal, with the id of the store that it belongs to. */
export type StoreFolder = { id: string; path: string; file: DiskFile }

type FolderParts = { disk: Disk; folder: string; now: () => Date; random: Random }

/**
 * Opens the store's folder, or makes a store in it when it has never held one. Rejects with `StoreRefusedError` when
 * the folder holds something else: half a store, one of a newer format, a manifest that cannot be read.
 */
export async function openFolder(parts: FolderParts): Promise<StoreFolder> {
  const path = join(parts.folder, JOURNAL)
  const manifest = await parts.disk.open(join(parts.folder, MANIFEST))
  if (!manifest) return createStore(parts, path)
  const id = idIn(await textOf(manifest), join(parts.folder, MANIFEST))
  const file = await parts.disk.open(path)
  if (file) return { id, path, file }
  throw new StoreRefusedError(
    `${path} is missing, and ${MANIFEST} says that a store lives here. Put the file back from your last backup. To begin ` +
      `with an empty shop instead, move ${MANIFEST} away.`,
  )
}

function idIn(text: string, path: string): string {
  const manifest = Manifest.safeParse(jsonIn(text))
  if (!manifest.success) {
    throw new StoreRefusedError(`${path} cannot be read as a store's manifest. Put it back from your last backup.`)
  }
  const { format, id } = manifest.data
  if (format === FORMAT) return id
  throw new StoreRefusedError(
    `${path} says format ${format}, and this version of Tagsale reads format ${FORMAT}. Start the version that wrote it.`,
  )
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // no JSON is no manifest either: the schema says so
  }
}

async function textOf(file: DiskFile): Promise<string> {
  const bytes = Buffer.alloc(MANIFEST_BYTES_MAX)
  return bytes.toString('utf8', 0, await closedAfter(file, () => file.read(bytes, 0)))
}

/** The manifest comes last and by a rename: as long as it is not there, the folder has never held a store. */
async function createStore({ disk, folder, now, random }: FolderParts, path: string): Promise<StoreFolder> {
  await refuseOrphan(disk, path)
  const id = Buffer.from(random(STORE_ID_BYTES)).toString('hex')
  const file = await disk.create(path)
  try {
    await file.datasync()
    const manifest = JSON.stringify({ format: FORMAT, id, createdAt: now().toISOString() })
    await writeNew(disk, join(folder, `${MANIFEST}.new`), Buffer.from(`${manifest}\n`))
    await disk.syncFolder(folder)
    await disk.rename(join(folder, `${MANIFEST}.new`), join(folder, MANIFEST))
    await disk.syncFolder(folder)
    return { id, path, file }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** A journal with orders in it and no manifest: somebody's orders, which must not be emptied. */
async function refuseOrphan(disk: Disk, path: string): Promise<void> {
  const file = await disk.open(path)
  if (!file || (await closedAfter(file, () => file.read(Buffer.alloc(1), 0))) === 0) return
  throw new StoreRefusedError(
    `${path} holds orders, and ${MANIFEST} beside it is missing. Put it back from your last backup.`,
  )
}

async function writeNew(disk: Disk, path: string, bytes: Buffer): Promise<void> {
  const file = await disk.create(path)
  await closedAfter(file, async () => {
    await writeWhole(file, bytes, 0)
    await file.datasync()
  })
}

async function closedAfter<Result>(file: DiskFile, use: () => Promise<Result>): Promise<Result> {
  try {
    return await use()
  } finally {
    await file.close()
  }
}

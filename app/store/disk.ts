import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { lockFolder, type Release } from './lock.ts'

/** An open file. Positions and lengths are bytes. */
export type DiskFile = {
  /** Reads into the buffer from that position on; how many bytes it got, 0 at the end of the file. */
  read(into: Buffer, position: number): Promise<number>
  /** Writes at that position; how many bytes were taken, which may be fewer than given. */
  write(bytes: Buffer, position: number): Promise<number>
  truncate(length: number): Promise<void>
  /** Resolves when what was written would survive a power cut. */
  datasync(): Promise<void>
  close(): Promise<void>
}

/** All that the store asks of a disk, so that a test can make each call fail. */
export type Disk = {
  makeFolder(folder: string): Promise<void>
  lock(folder: string): Promise<Release>
  /** Opens a file that exists; nothing when it does not. */
  open(path: string): Promise<DiskFile | undefined>
  /** Opens a file that is new, or empties the one that is there. */
  create(path: string): Promise<DiskFile>
  rename(from: string, to: string): Promise<void>
  /** Makes the names in the folder durable: files made and renamed. */
  syncFolder(folder: string): Promise<void>
}

/** The disk of this machine. What it makes is for its owner only: the store holds customers' addresses. */
export const nodeDisk: Disk = {
  async makeFolder(folder) {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 })
    // A folder is a name in the one above it; a power cut must not take the name of any that was made.
    const above = first ? resolve(dirname(first)) : resolve(dirname(folder))
    for (let path = resolve(dirname(folder)); path.length >= above.length; path = dirname(path)) {
      await syncFolder(path)
      if (path === dirname(path)) return
    }
  },
  lock: (folder) => lockFolder(folder),
  async open(path) {
    try {
      return diskFile(await open(path, constants.O_RDWR))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  },
  create: async (path) => diskFile(await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o600)),
  rename,
  syncFolder,
}

/** Writes all of the bytes, however few the disk takes at a time. */
export async function writeWhole(file: DiskFile, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const taken = await file.write(bytes.subarray(done), position + done)
    if (taken <= 0) throw new Error('the disk takes no more bytes')
    done += taken
  }
}

const diskFile = (handle: FileHandle): DiskFile => ({
  read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
  write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
  truncate: (length) => handle.truncate(length),
  datasync: () => handle.datasync(),
  close: () => handle.close(),
})

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return // Windows opens no folder for this, and keeps names by its own journal
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

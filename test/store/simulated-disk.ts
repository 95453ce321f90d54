import { dirname } from 'node:path'
import type { Disk, DiskFile } from '../../app/store/disk.ts'
import { StoreRefusedError } from '../../app/store/refusal.ts'

// A disk in memory that does what real ones do at the worst moment. Bytes written and names made are kept apart from
// those that were synced: when the power goes, any first part of what was not synced may be there, and no more.

/** What goes wrong at one call: it fails before or after its work, takes half, or the power goes. */
export const FAULTS = [
  'fails',
  'fails late',
  'takes half',
  'fails half way',
  'power cut before',
  'power cut after',
] as const
export type Fault = (typeof FAULTS)[number]

type Edit = { kind: 'write'; bytes: Buffer; position: number } | { kind: 'length'; length: number }
type Inode = { synced: Buffer; edits: Edit[] }
type Names = Map<string, Inode>

export type SimulatedDisk = Disk & {
  /** Names of the calls made so far. */
  calls: string[]
  /** Makes the nth call go wrong, counted from 0. */
  failAt(call: number, fault: Fault): void
  /** Whether that call has come, and was a failure. */
  failed(): boolean
  /** The process is gone; the machine is not. */
  restart(): void
  /** The power is gone, and with it some of what was not synced. */
  powerCut(random: () => number): void
  files(): Record<string, Buffer>
}

/** `lies` are calls that answer and do nothing: a control, to see that the tests would notice. */
export function simulatedDisk(
  files: Record<string, Buffer> = {},
  lies: readonly ('datasync' | 'syncFolder')[] = [],
): SimulatedDisk {
  const syncedNames: Names = new Map()
  for (const [path, bytes] of Object.entries(files)) syncedNames.set(path, { synced: bytes, edits: [] })
  let names: Names = new Map(syncedNames)
  let nameEdits: { folder: string; apply: (names: Names) => void }[] = []
  const calls: string[] = []
  let planned: { call: number; fault: Fault } | undefined
  let locked = false
  let off = false
  let failed = false

  /** Does the work of one call, unless this is the one to go wrong. */
  async function call<Result>(name: string, work: () => Result, half = work): Promise<Result> {
    if (off) throw new Error('the power is off')
    const fault = planned?.call === calls.push(name) - 1 ? planned.fault : undefined
    await Promise.resolve()
    if (!fault || (fault === 'takes half' && name !== 'write')) return work()
    if (fault === 'takes half') return half()
    failed = true
    off = fault.startsWith('power cut')
    if (fault === 'fails late' || fault === 'power cut after') work()
    if (fault === 'fails half way') half()
    throw new Error(off ? 'the power went' : `EIO: ${name}`)
  }

  function rename(edit: { folder: string; apply: (names: Names) => void }): void {
    edit.apply(names)
    nameEdits.push(edit)
  }

  const opened = (inode: Inode): DiskFile => ({
    read: (into, position) => call('read', () => contentOf(inode).copy(into, 0, position)),
    write(bytes, position) {
      const take = (length: number) => () => {
        const taken = Buffer.from(bytes.subarray(0, length))
        inode.edits.push({ kind: 'write', bytes: taken, position })
        return taken.length
      }
      return call('write', take(bytes.length), take(Math.ceil(bytes.length / 2)))
    },
    truncate: (length) => call('truncate', () => void inode.edits.push({ kind: 'length', length })),
    datasync: () => call('datasync', () => (lies.includes('datasync') ? undefined : settle(inode))),
    close: () => call('close', () => undefined),
  })

  return {
    calls,
    failAt: (at, fault) => {
      planned = { call: at, fault }
    },
    failed: () => failed,
    restart: () => {
      off = false
      locked = false
      planned = undefined
    },
    powerCut(random) {
      const kept = Math.floor(random() * (nameEdits.length + 1))
      for (const edit of nameEdits.slice(0, kept)) edit.apply(syncedNames)
      nameEdits = []
      names = new Map(syncedNames)
      for (const inode of new Set(names.values())) loseSome(inode, random)
    },
    files: () => Object.fromEntries([...names].map(([path, inode]) => [path, contentOf(inode)])),
    makeFolder: () => call('makeFolder', () => undefined),
    lock: (folder) =>
      call('lock', () => {
        if (locked) throw new StoreRefusedError(`Another process is using ${folder}.`)
        locked = true
        return async () => {
          locked = false
        }
      }),
    open: (path) =>
      call('open', () => {
        const inode = names.get(path)
        return inode && opened(inode)
      }),
    create: (path) =>
      call('create', () => {
        const inode = names.get(path) ?? { synced: Buffer.alloc(0), edits: [] }
        if (names.has(path)) inode.edits.push({ kind: 'length', length: 0 })
        else rename({ folder: dirname(path), apply: (all) => all.set(path, inode) })
        return opened(inode)
      }),
    rename: (from, to) =>
      call('rename', () => {
        const inode = names.get(from)
        if (!inode) throw new Error(`ENOENT: ${from}`)
        const apply = (all: Names) => {
          all.delete(from)
          all.set(to, inode)
        }
        rename({ folder: dirname(to), apply })
      }),
    syncFolder: (folder) =>
      call('syncFolder', () => {
        if (lies.includes('syncFolder')) return
        for (const edit of nameEdits) if (edit.folder === folder) edit.apply(syncedNames)
        nameEdits = nameEdits.filter((edit) => edit.folder !== folder)
      }),
  }
}

const contentOf = (inode: Inode): Buffer => inode.edits.reduce(edited, inode.synced)

function edited(bytes: Buffer, edit: Edit): Buffer {
  if (edit.kind === 'length') return bytes.subarray(0, edit.length)
  const result = Buffer.alloc(Math.max(bytes.length, edit.position + edit.bytes.length))
  bytes.copy(result)
  edit.bytes.copy(result, edit.position)
  return result
}

function settle(inode: Inode): void {
  inode.synced = contentOf(inode)
  inode.edits = []
}

/** Keeps a first part of the edits that were not synced; the last of them maybe by a part of its bytes. */
function loseSome(inode: Inode, random: () => number): void {
  const kept = Math.floor(random() * (inode.edits.length + 1))
  const torn = inode.edits[kept]
  inode.edits = inode.edits.slice(0, kept)
  if (torn?.kind === 'write') {
    const bytes = torn.bytes.subarray(0, Math.floor(random() * (torn.bytes.length + 1)))
    inode.edits.push({ ...torn, bytes })
  }
  settle(inode)
}

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

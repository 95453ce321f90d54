import { dirname } from 'node:path'
import type { Disk, DiskFile } from '../../app/store/disk.ts'
import { StoreRefusedError } from '../../app/store/refusal.ts'

// A disk in memory that does what real ones may do at the worst moment. Bytes written and names made are kept apart from
// those that were synced. When the power goes, a first part of the bytes that were not synced is left, and any of the
// names; a file that was never synced itself is gone, name or not.

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
type Inode = { synced: Buffer | undefined; edits: Edit[] }
type Names = Map<string, Inode>
type NameEdit = { folder: string; apply: (names: Names) => void }
/** Calls that answer and do nothing: a control, to see that the tests would notice. */
export type Lies = readonly ('datasync' | 'syncFolder')[]

export type SimulatedDisk = Disk & {
  /** Names of the calls made so far. */
  calls: readonly string[]
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

type Machine = {
  names: Names
  syncedNames: Names
  nameEdits: NameEdit[]
  calls: string[]
  planned: { call: number; fault: Fault } | undefined
  locked: boolean
  off: boolean
  failed: boolean
  lies: Lies
}

/** A disk that holds these files, safely. */
export function simulatedDisk(files: Record<string, Buffer> = {}, lies: Lies = []): SimulatedDisk {
  const entries = Object.entries(files).map(([path, synced]): [string, Inode] => [path, { synced, edits: [] }])
  const machine: Machine = {
    names: new Map(entries),
    syncedNames: new Map(entries),
    nameEdits: [],
    calls: [],
    planned: undefined,
    locked: false,
    off: false,
    failed: false,
    lies,
  }
  return {
    ...diskOf(machine),
    calls: machine.calls,
    failAt: (call, fault) => void Object.assign(machine, { planned: { call, fault } }),
    failed: () => machine.failed,
    restart: () => void Object.assign(machine, { off: false, locked: false, planned: undefined }),
    powerCut: (random) => cutPower(machine, random),
    files: () => Object.fromEntries([...machine.names].map(([path, inode]) => [path, contentOf(inode)])),
  }
}

/** Does the work of one call, unless this is the one to go wrong. */
async function call<Result>(machine: Machine, name: string, work: () => Result, half = work): Promise<Result> {
  if (machine.off) throw new Error('the power is off')
  const { planned } = machine
  const fault = planned?.call === machine.calls.push(name) - 1 ? planned.fault : undefined
  await Promise.resolve()
  if (!fault || (fault === 'takes half' && name !== 'write')) return work()
  if (fault === 'takes half') return half()
  machine.failed = true
  machine.off = fault.startsWith('power cut')
  if (fault === 'fails late' || fault === 'power cut after') work()
  if (fault === 'fails half way') half()
  throw new Error(machine.off ? 'the power went' : `EIO: ${name}`)
}

const diskOf = (machine: Machine): Disk => ({
  makeFolder: () => call(machine, 'makeFolder', () => undefined),
  lock: (folder) =>
    call(machine, 'lock', () => {
      if (machine.locked) throw new StoreRefusedError(`Another process is using ${folder}.`)
      machine.locked = true
      return async () => void Object.assign(machine, { locked: false })
    }),
  open: (path) =>
    call(machine, 'open', () => {
      const inode = machine.names.get(path)
      return inode && fileOf(machine, inode)
    }),
  create: (path) =>
    call(machine, 'create', () => {
      const inode = machine.names.get(path) ?? { synced: undefined, edits: [] }
      if (machine.names.has(path)) inode.edits.push({ kind: 'length', length: 0 })
      else editNames(machine, path, (names) => void names.set(path, inode))
      return fileOf(machine, inode)
    }),
  rename: (from, to) =>
    call(machine, 'rename', () => {
      const inode = machine.names.get(from)
      if (!inode) throw new Error(`ENOENT: ${from}`)
      editNames(machine, to, (names) => {
        names.delete(from)
        names.set(to, inode)
      })
    }),
  syncFolder: (folder) =>
    call(machine, 'syncFolder', () => {
      if (machine.lies.includes('syncFolder')) return
      for (const edit of machine.nameEdits) if (edit.folder === folder) edit.apply(machine.syncedNames)
      machine.nameEdits = machine.nameEdits.filter((edit) => edit.folder !== folder)
    }),
})

const fileOf = (machine: Machine, inode: Inode): DiskFile => ({
  read: (into, position) => call(machine, 'read', () => contentOf(inode).copy(into, 0, position)),
  write(bytes, position) {
    const take = (length: number) => () => {
      const taken = Buffer.from(bytes.subarray(0, length))
      inode.edits.push({ kind: 'write', bytes: taken, position })
      return taken.length
    }
    return call(machine, 'write', take(bytes.length), take(Math.ceil(bytes.length / 2)))
  },
  truncate: (length) => call(machine, 'truncate', () => void inode.edits.push({ kind: 'length', length })),
  datasync: () =>
    call(machine, 'datasync', () => {
      if (!machine.lies.includes('datasync')) settle(inode)
    }),
  close: () => call(machine, 'close', () => undefined),
})

function editNames(machine: Machine, path: string, apply: NameEdit['apply']): void {
  apply(machine.names)
  machine.nameEdits.push({ folder: dirname(path), apply })
}

function cutPower(machine: Machine, random: () => number): void {
  for (const edit of machine.nameEdits) if (random() > 0.5) edit.apply(machine.syncedNames)
  machine.nameEdits = []
  machine.syncedNames = new Map([...machine.syncedNames].filter(([, inode]) => inode.synced))
  machine.names = new Map(machine.syncedNames)
  for (const inode of machine.names.values()) loseSome(inode, random)
}

const contentOf = (inode: Inode): Buffer => inode.edits.reduce(edited, inode.synced ?? Buffer.alloc(0))

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

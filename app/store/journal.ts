import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Adapter } from 'lowdb'
import type { DiskFile } from './disk.ts'
import { groupCommit } from './group-commit.ts'
import { StoreRefusedError } from './refusal.ts'

// One transaction is one line: `crc32 SP length SP json LF`, the checksum in 8 hex digits and the length in bytes being
// those of the json. `json` is an Entry. The first line's `prev` is the hash of the store's id, so that a journal can
// be told from that of another store.

/** `seq` counts from 1 without gaps; `prev` is the SHA-256 of the whole line before. */
type Entry = { seq: number; prev: string; change: unknown }

/** Longest json of a line. A change never comes near it; a damaged length does. */
export const LINE_BYTES_MAX = 1_000_000
const READ_CHUNK_BYTES = 64 * 1024
const HEAD = /^([0-9a-f]{8}) ([1-9][0-9]{0,6}) /
const HEAD_BYTES_MAX = 8 + 1 + 7 + 1
/** What may be left of a head when the power went. */
const TORN_HEAD = /^([0-9a-f]{0,8}|[0-9a-f]{8} ([1-9][0-9]{0,6})?)$/
const LINE_FEED = 0x0a

export type JournalParts<State> = {
  file: DiskFile
  path: string
  storeId: string
  empty: () => State
  /** Changes the state by what a line says, all of it; or throws and leaves the state as it was. */
  fold: (state: State, change: unknown) => void
  onFailure: (error: Error) => void
}

/**
 * lowdb's adapter contract over an append-only file. `read()` makes the state by replaying every line. A change goes
 * through `record()`, which folds it into the state and queues its line; `write()` does not write the state again, it
 * resolves when every line recorded so far is durable. So `await db.write()` means "what I have seen will stay".
 */
export type Journal<State> = Adapter<State> & {
  /** Throws, and leaves nothing, when the change cannot be folded or the journal takes no more. */
  record(state: State, change: object): void
  /** How many bytes of an unfinished last line `read()` cut off. */
  tornBytes(): number
  close(): Promise<void>
}

/** The journal in that file. `read()` must come first; it rejects with `StoreRefusedError` when the file is damaged. */
export function journalAdapter<State>(parts: JournalParts<State>): Journal<State> {
  const { file, fold } = parts
  const commit = groupCommit(parts)
  let next: Next = { seq: 1, prev: hashOf(parts.storeId), at: 0 }
  let torn = 0
  return {
    async read() {
      const state = parts.empty()
      const found = await replay(parts, state, next)
      next = found.next
      torn = found.torn
      if (torn > 0) await file.truncate(next.at)
      await file.datasync() // what a killed process wrote may have been read from memory only
      return state
    },
    record(state, change) {
      commit.admit()
      const json = JSON.stringify({ seq: next.seq, prev: next.prev, change } satisfies Entry)
      const line = encode(json)
      fold(state, (JSON.parse(json) as Entry).change) // as replay will: never our caller's own objects
      commit.add(line, next.at)
      next = after(next, line)
    },
    write: () => commit.flushed(),
    tornBytes: () => torn,
    close: () => commit.close(),
  }
}

/** What the next line must carry, and the byte where it starts. */
type Next = { seq: number; prev: string; at: number }

const after = (next: Next, line: Buffer): Next => ({
  seq: next.seq + 1,
  prev: hashOf(line),
  at: next.at + line.length,
})

const hashOf = (bytes: Buffer | string) => hash('sha256', bytes, 'base64url')

function encode(json: string): Buffer {
  const body = Buffer.from(json)
  if (body.length > LINE_BYTES_MAX) throw new Error(`A change of ${body.length} bytes is more than one line may hold.`)
  return Buffer.concat([Buffer.from(`${checksum(body)} ${body.length} `), body, Buffer.of(LINE_FEED)])
}

const checksum = (body: Buffer) => crc32(body).toString(16).padStart(8, '0')

/** Folds every whole line into the state. `torn` is how many bytes of an unfinished line are left at the end. */
async function replay<State>(parts: JournalParts<State>, state: State, first: Next) {
  let next = first
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunksOf(parts.file)) {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    try {
      for (let line = firstLine(rest); line; line = firstLine(rest)) {
        parts.fold(state, changeIn(line.json, next))
        next = after(next, rest.subarray(0, line.length))
        rest = rest.subarray(line.length)
      }
    } catch (error) {
      throw damaged(parts.path, next.at, error as Error)
    }
  }
  // Only a line that was being written when the power went has no end; one that has an end is damaged in its length.
  if (rest.includes(LINE_FEED)) throw damaged(parts.path, next.at, new Error('the line is shorter than it says'))
  return { next, torn: rest.length }
}

async function* chunksOf(file: DiskFile): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const buffer = Buffer.allocUnsafe(READ_CHUNK_BYTES)
    const got = await file.read(buffer, position)
    if (got === 0) return
    yield buffer.subarray(0, got)
    position += got
  }
}

/** The line that the bytes begin with; nothing when they end before it does. Throws what is wrong with it. */
function firstLine(bytes: Buffer): { json: string; length: number } | undefined {
  const start = bytes.toString('latin1', 0, HEAD_BYTES_MAX)
  const [head, crc, size] = HEAD.exec(start) ?? []
  if (head === undefined) {
    if (TORN_HEAD.test(start)) return undefined
    throw new Error('no line starts here')
  }
  const end = head.length + Number(size)
  if (Number(size) > LINE_BYTES_MAX) throw new Error(`no line is ${size} bytes long`)
  if (bytes.length <= end) return undefined
  if (bytes[end] !== LINE_FEED) throw new Error('the line does not end where it says')
  const body = bytes.subarray(head.length, end)
  if (checksum(body) !== crc) throw new Error('the checksum does not match')
  return { json: body.toString(), length: end + 1 }
}

function changeIn(json: string, next: Next): unknown {
  const { seq, prev, change } = JSON.parse(json) as Entry
  if (seq !== next.seq) throw new Error(`line ${next.seq} was expected here, and this is line ${seq}`)
  if (prev !== next.prev) throw new Error('the line does not belong after the one before it')
  return change
}

const damaged = (path: string, offset: number, cause: Error) =>
  new StoreRefusedError(
    `${path} is damaged at byte ${offset}: ${cause.message}. Nothing was changed. Keep a copy of the folder, then put ` +
      'back your last backup of it. Whoever cuts the file at that byte instead loses every order after it.',
    { cause },
  )

import { hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Context } from 'hono'
import { COMPRESSIBLE_CONTENT_TYPE_REGEX as PACKABLE } from 'hono/utils/compress'
import { getMimeType } from 'hono/utils/mime'
import { LRUCache } from 'lru-cache'

/** Files kept in memory, with what they are when packed: whoever asks for one shares it. */
const KEPT_BYTES_MAX = 32 * 1024 * 1024
/** Larger ones are read as they are sent. */
const KEPT_FILE_BYTES_MAX = 1024 * 1024
const PACKED_BYTES_MIN = 1024
/** Files whose name has a hash of their content never change. */
const HASHED = /^\/(assets|pictures)\//

type Kept = { body: Uint8Array<ArrayBuffer>; packed: Uint8Array<ArrayBuffer> | undefined; etag: string }

/** Answers with a file; nothing where there is no such one. */
export type Files = (c: Context) => Promise<Response | undefined>

/** The files of a folder that is whole, and does not change any more. */
export async function createFiles(folder: string): Promise<Files> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const addresses = new Set(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => `/${relative(folder, join(entry.parentPath, entry.name))}`),
  )
  const kept = new LRUCache<string, Kept>({
    maxSize: KEPT_BYTES_MAX,
    sizeCalculation: ({ body, packed }) => body.length + (packed?.length ?? 0) + 1,
    fetchMethod: (address) => keep(folder, address),
  })
  return async (c) => {
    const address = [c.req.path, `${c.req.path.replace(/\/$/, '')}/index.html`].find((one) => addresses.has(one))
    if (!address) return undefined
    c.header('content-type', getMimeType(address) ?? 'application/octet-stream')
    c.header('cache-control', HASHED.test(address) ? 'public, max-age=31536000, immutable' : 'no-cache')
    const { size } = await stat(join(folder, address))
    if (size > KEPT_FILE_BYTES_MAX) {
      c.header('content-length', String(size))
      return c.body(Readable.toWeb(createReadStream(join(folder, address))) as ReadableStream)
    }
    return answerWith(c, (await kept.fetch(address)) as Kept)
  }
}

async function keep(folder: string, address: string): Promise<Kept> {
  const body = new Uint8Array(await readFile(join(folder, address)))
  const isPackable = body.length >= PACKED_BYTES_MIN && PACKABLE.test(getMimeType(address) ?? '')
  const packed = isPackable ? new Uint8Array(await promisify(gzip)(body)) : undefined
  return { body, packed, etag: `"${hash('sha256', body, 'base64url')}"` }
}

function answerWith(c: Context, { body, packed, etag }: Kept): Response {
  const isPacked =
    packed !== undefined && /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(c.req.header('accept-encoding') ?? '')
  if (packed) c.header('vary', 'Accept-Encoding', { append: true })
  c.header('etag', isPacked ? `W/${etag}` : etag)
  const known = c.req.header('if-none-match') ?? ''
  if (known === '*' || known.includes(etag)) return c.body(null, 304)
  if (isPacked) c.header('content-encoding', 'gzip')
  const bytes = isPacked ? packed : body
  c.header('content-length', String(bytes.length))
  return c.body(bytes)
}

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'

/** A file's bytes, or the path of the file that holds them. */
export type Content = Uint8Array | string

/** How many bytes there are, and their SHA-256 in hexadecimal. Rejects when the file can't be read. */
export async function measure(content: Content): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of typeof content === 'string' ? createReadStream(content) : [content]) {
    hash.update(chunk)
    size += chunk.length
  }
  return { size, sha256: hash.digest('hex') }
}

/** The bytes from `first` to `last`, both of them included. */
export function read(content: Content, first: number, last: number): ReadableStream | Uint8Array<ArrayBuffer> {
  if (typeof content !== 'string') return new Uint8Array(content.subarray(first, last + 1))
  if (last < first) return new Uint8Array()
  return Readable.toWeb(createReadStream(content, { start: first, end: last })) as ReadableStream
}

/** The media type GitHub would have been told when the file was uploaded. */
export function mediaTypeOf(name: string): string {
  const extension = /\.(?:tar\.)?([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return MEDIA_TYPES[extension] ?? 'application/octet-stream'
}

const MEDIA_TYPES: Record<string, string> = {
  epub: 'application/epub+zip',
  gz: 'application/gzip',
  jpg: 'image/jpeg',
  md: 'text/markdown',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  webm: 'video/webm',
  zip: 'application/zip',
}

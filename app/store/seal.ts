import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { Random } from '../order/id.ts'

// Personal data at rest: AES-256-GCM under a key that is made once for each store and kept in it, itself sealed by the key from
// the environment. So that one can be changed without touching a customer.

const CIPHER = 'aes-256-gcm'
export const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const TERM_BYTES = 16

/** Seals texts so that only the key opens them again, and only in the place they were sealed for. */
export type Sealer = {
  seal(text: string, place: string): Buffer
  /** Throws when it was sealed with another key, for another place, or changed since. */
  open(sealed: Uint8Array, place: string): string
  /** The same short text for the same words each time, and nothing that could be read from it: an index of what is sealed. */
  term(words: string): string
}

/** Seals with this key of 32 bytes. */
export function createSealer(bytes: Uint8Array, random: Random): Sealer {
  const key = createSecretKey(bytes)
  const termKey = createSecretKey(Buffer.from(hkdfSync('sha256', key, '', 'terms', KEY_BYTES)))
  return {
    seal: (text, place) => sealBytes(key, Buffer.from(text), place, random),
    open: (sealed, place) => openBytes(key, sealed, place).toString(),
    term: (words) => createHmac('sha256', termKey).update(words).digest().toString('base64url', 0, TERM_BYTES),
  }
}

/** Nonce, tag and cipher text, for that place only. */
export function sealBytes(key: KeyObject, bytes: Uint8Array, place: string, random: Random): Buffer {
  const nonce = random(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(place))
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed])
}

/** What was sealed. Throws when the key or the place is another, or a byte of it. */
export function openBytes(key: KeyObject, sealed: Uint8Array, place: string): Buffer {
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
}

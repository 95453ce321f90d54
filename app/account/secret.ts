import { hash, timingSafeEqual } from 'node:crypto'
import type { Random } from '../order/id.ts'

// What lets somebody in is `<id>.<secret>` in a cookie or a link, `tagsale_<id>_<secret>` as a token. The id finds it; the secret, of
// which only the hash is kept, proves it. So nothing is looked up by what must stay secret, and reading the store lets nobody in.

const ID_BYTES = 8
const SECRET_BYTES = 32
const PARTS = /^(?:tagsale_)?([0-9a-f]{16})[._]([\w-]{43})$/

export type Secret = { id: string; secret: string }

/** A new one: 64 bits to find it by, 256 bits to prove it. */
export const newSecret = (random: Random): Secret => ({
  id: Buffer.from(random(ID_BYTES)).toString('hex'),
  secret: newProof(random),
})

/** Another proof for a known id. */
export const newProof = (random: Random): string => Buffer.from(random(SECRET_BYTES)).toString('base64url')

/** As a cookie or a link holds it. */
export const secretText = ({ id, secret }: Secret): string => `${id}.${secret}`

/** As a script holds it: with a name in front that scanners for leaked secrets can find. */
export const tokenText = ({ id, secret }: Secret): string => `tagsale_${id}_${secret}`

/** What such a text says; nothing when it is none. */
export function readSecret(text: string): Secret | undefined {
  const [, id, secret] = PARTS.exec(text) ?? []
  return id && secret ? { id, secret } : undefined
}

/** What is kept of a secret. It is random and long: no slow hash could make it harder to guess. */
export const hashOf = (secret: string): string => hash('sha256', secret, 'hex')

const NOBODY = hashOf('')

/** Whether the secret is the one that was hashed; takes the same time for every wrong one, and where there is none to compare with. */
export function isSecretOf(secret: string, kept: string | undefined): boolean {
  const isSame = timingSafeEqual(Buffer.from(hashOf(secret), 'hex'), Buffer.from(kept ?? NOBODY, 'hex'))
  return isSame && kept !== undefined
}

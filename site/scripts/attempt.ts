/**
 * One try to check out: what was asked for (JSON), its `Idempotency-Key`, and the key of the earlier try whose place it
 * takes. It is remembered until it is bought, so that who comes back from the payment page does not stand in his own way.
 */
export type Attempt = { body: string; key: string; replaces?: string | undefined }

/** The try to make: for the same cart the one that was made before, and for another cart a new one in its place. */
export const nextAttempt = (previous: Attempt | null, body: string, newKey: string): Attempt =>
  previous?.body === body ? previous : { body, key: newKey, replaces: previous?.key }

/** The same once more under a new key, after the app answered 409: the old key leads to nothing that can be paid. */
export const attemptAfterConflict = ({ body, key }: Attempt, newKey: string): Attempt => ({
  body,
  key: newKey,
  replaces: key,
})

/**
 * What to remember after an answer. No answer (undefined) or a 5xx may have started an order; any other refusal started
 * nothing, so the try before it stands.
 */
export function attemptAfter(status: number | undefined, attempt: Attempt, previous: Attempt | null): Attempt | null {
  if (status === 409) return null
  return status !== undefined && status >= 400 && status < 500 ? previous : attempt
}

/** These random bytes as a UUID of version 4: `crypto.randomUUID`, for pages that do not come by https. */
export const randomUuid = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte, at) => (at === 6 ? 64 | (byte & 15) : at === 8 ? 128 | (byte & 63) : byte))
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

/** The JSON to send. */
export const attemptJson = ({ body, replaces }: Attempt): string => JSON.stringify({ ...JSON.parse(body), replaces })

const KEY = /^[0-9a-f-]{14}4[0-9a-f-]{21}$/

/** Reads what was remembered; nothing when there is none, or its key is none that the app takes (any more). */
export function readAttempt(text: string | null): Attempt | null {
  try {
    const attempt = JSON.parse(text ?? 'null') as Attempt | null
    return attempt && KEY.test(attempt.key) && KEY.test(attempt.replaces ?? attempt.key) ? attempt : null
  } catch {
    return null // forgotten, or cut off
  }
}

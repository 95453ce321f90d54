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
export function randomUuid(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4]
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

/** The JSON to send. */
export const attemptJson = ({ body, replaces }: Attempt): string => JSON.stringify({ ...JSON.parse(body), replaces })

const KEY = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Reads what was remembered; nothing when there is none, or its key is none that the app takes (any more). */
export function readAttempt(text: string | null): Attempt | null {
  try {
    const attempt = JSON.parse(text ?? 'null') as Attempt | null
    const keys = [attempt?.key, ...(attempt?.replaces === undefined ? [] : [attempt.replaces])]
    return keys.every((key) => KEY.test(key ?? '')) ? attempt : null
  } catch {
    return null // forgotten, or cut off
  }
}

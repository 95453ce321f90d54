import Stripe from 'stripe'
import { z } from 'zod'

/** Stripe's SDK refuses signatures older than this; we refuse those from the future too, which it does not. */
const SIGNATURE_TOLERANCE_SECONDS = 300

/** A genuine delivery of Stripe's: which object to look at. Nothing else in it is believed. */
export type StripeDelivery = { id: string; type: string; object: string | null }

const Snapshot = z.object({
  object: z.literal('event'),
  id: z.string(),
  type: z.string(),
  data: z.object({ object: z.object({ id: z.string().optional() }) }),
})
const Thin = z.object({
  object: z.literal('v2.core.event'),
  id: z.string(),
  type: z.string(),
  related_object: z.object({ id: z.string() }).nullish(),
  /** The id of its twin, where both kinds are sent. */
  snapshot_event: z.string().nullish(),
})
const Body = z.discriminatedUnion('object', [Snapshot, Thin])

/**
 * Checks the signature on the raw bytes against each secret (two are valid while one is rolled), then reads which
 * object it is about. Nothing when it is not genuine, or not an event. https://docs.stripe.com/webhooks/signature
 */
export function verifyStripeDelivery(
  secrets: readonly string[],
  raw: string,
  signature: string | undefined,
  now: Date,
): StripeDelivery | undefined {
  if (!signature || !secrets.some((secret) => isGenuine(raw, signature, secret, now))) return undefined
  const body = Body.safeParse(parseJson(raw))
  if (!body.success) return undefined
  const event = body.data
  if (event.object === 'event') return { id: event.id, type: event.type, object: event.data.object.id ?? null }
  const type = event.type.replace(/^v1\./, '')
  return { id: event.snapshot_event ?? event.id, type, object: event.related_object?.id ?? null }
}

function isGenuine(raw: string, signature: string, secret: string, now: Date): boolean {
  const signedAt = Number(/(?:^|,)t=(\d+)/.exec(signature)?.[1])
  if (!(signedAt <= now.getTime() / 1000 + SIGNATURE_TOLERANCE_SECONDS)) return false
  try {
    return (
      Stripe.webhooks.signature?.verifyHeader(
        raw,
        signature,
        secret,
        SIGNATURE_TOLERANCE_SECONDS,
        undefined,
        now.getTime(),
      ) ?? false
    )
  } catch {
    return false // the SDK throws at whatever is wrong with a header, and not always an error of its own (`v1=`)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

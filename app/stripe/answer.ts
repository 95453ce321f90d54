import { z } from 'zod'

/** Stripe's ids begin with two or three letters; names of its collections, such as `line_items`, with more. */
const ID = /^[a-z]{2,3}_/

const Failure = z.object({ error: z.object({ type: z.string() }) })
const Thing = z.object({ object: z.string(), id: z.string() })
const List = z.object({ object: z.literal('list'), data: z.array(Thing), has_more: z.boolean() })

/**
 * Whether Stripe can have answered this to that request: an error in its shape, the object that was asked for, with its id, or a page of
 * objects. What else comes is a gateway's, or a mistake's. https://docs.stripe.com/api/errors
 */
export function isAnswerOf({ method, path }: { method: string; path: string }, status: number, body: unknown): boolean {
  if (status < 200 || status > 299) return Failure.safeParse(body).success
  const names = path.split('?', 1).join('').split('/').map(decodeURIComponent)
  const asked = names.find((name) => ID.test(name))
  if (method === 'GET' && names.at(-1) !== asked) return List.safeParse(body).success
  const thing = Thing.safeParse(body)
  return thing.success && (asked === undefined || thing.data.id === asked)
}

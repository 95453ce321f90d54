import type { Context } from 'hono'
import { z } from 'zod'
import { Refusal } from './answer.ts'

/** What a request says, checked; a request without a body says nothing. Refuses as GitHub does: 400 for no JSON, 422 for the wrong one. */
export async function bodyOf<Output>(c: Context, schema: z.ZodType<Output>): Promise<Output> {
  const text = await c.req.text()
  let json: unknown
  try {
    json = text ? JSON.parse(text) : {}
  } catch {
    throw new Refusal(400, 'Problems parsing JSON')
  }
  const result = schema.safeParse(json)
  if (!result.success) throw new Refusal(422, `Invalid request.\n\n${z.prettifyError(result.error)}`)
  return result.data
}

/** The number in an address; what isn't one is not found there. */
export const numberIn = (text: string | undefined): number => (/^\d{1,15}$/.test(text ?? '') ? Number(text) : -1)

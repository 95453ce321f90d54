import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { html } from 'hono/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { HttpEnv } from './context.ts'
import { showPage } from './page.ts'

/** The one HTTP error body (RFC 9457). `errors` names the cart lines concerned, by their place. */
export const Problem = z
  .object({
    type: z.string().openapi({ example: 'about:blank' }),
    title: z.string().openapi({ example: 'Not everything in the cart can be bought' }),
    status: z.int().openapi({ example: 422 }),
    detail: z.string().openapi({ example: 'Tern shirt (black, M) is sold out.' }),
    instance: z.string().openapi({ description: 'The id of the request, as in the header x-request-id' }),
    errors: z.array(z.object({ line: z.int().nullable(), detail: z.string() })).optional(),
  })
  .openapi('Problem')
export type Problem = z.output<typeof Problem>

export type ProblemInput = Pick<Problem, 'status' | 'title' | 'detail'> & {
  errors?: { line: number | null; detail: string }[]
  retryAfterSeconds?: number
  /** How to show who one is: the header `www-authenticate`. */
  challenge?: string
  /** Where a person in a browser goes instead of reading this. */
  instead?: string
  /** Where a person goes from here; else the shop's first page. */
  back?: string
}

/** Ends a request with a problem. Thrown by routes alone, so that each reads as what happens when all is well. */
export class Refusal extends Error {
  readonly input: ProblemInput
  constructor(input: ProblemInput) {
    super(input.title)
    this.name = 'Refusal'
    this.input = input
  }
}

/** Answers with a problem: as JSON to software, as a page of the shop to a person in a browser. */
export async function problem(c: Context<HttpEnv>, input: ProblemInput): Promise<Response> {
  const { retryAfterSeconds, challenge, instead, back: _, ...rest } = input
  const headers: Record<string, string> = { 'cache-control': 'no-store' }
  if (retryAfterSeconds) headers['retry-after'] = String(retryAfterSeconds)
  if (challenge) headers['www-authenticate'] = challenge
  const status = input.status as ContentfulStatusCode
  if (wantsPage(c)) {
    if (instead) return c.redirect(instead, 303)
    const page = await showPage(c.var.parts, 'problem', problemFragment(input, c.var.requestId))
    return c.html(page, status, headers)
  }
  const body: Problem = { type: 'about:blank', ...rest, instance: c.var.requestId }
  return c.body(JSON.stringify(body), status, { ...headers, 'content-type': 'application/problem+json' })
}

/** What every route may answer besides its own. */
export const problemResponse = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: Problem } },
})

function wantsPage(c: Context): boolean {
  return (c.req.header('accept') ?? '').includes('text/html')
}

function problemFragment({ title, detail, errors, back }: ProblemInput, requestId: string) {
  return html`<h1>${title}</h1>
<p class="notice notice-warn">${detail}</p>
${errors && errors.length > 1 ? html`<ul>${errors.map((error) => html`<li>${error.detail}</li>`)}</ul>` : ''}
<p>If this should not be so, tell us, and name this: <code>${requestId}</code></p>
<p><a href="${back ?? '/'}">${back ? 'Back, to change it' : 'Back to the shop'}</a></p>`
}

import { OpenAPIHono } from '@hono/zod-openapi'
import { expect, test } from 'vitest'
import type { HttpEnv } from '../../app/http/context.ts'
import { LARGE_BODIES_AT_ONCE_MAX, WEBHOOK_BODY_BYTES_MAX, webhookRoutes } from '../../app/http/outside/webhooks.ts'
import { problem, Refusal } from '../../app/http/problem.ts'
import type { Parts } from '../../app/parts.ts'

const api = new OpenAPIHono<HttpEnv>()
api.use((c, next) => {
  c.set('parts', { config: { GITHUB_WEBHOOK_SECRET: 's'.repeat(32) } } as Parts)
  return next()
})
webhookRoutes(api)
api.onError((error, c) => {
  if (!(error instanceof Refusal)) throw error
  return problem(c, error.input)
})

const push = (body: RequestInit) =>
  api.request('/webhooks/github', {
    method: 'POST',
    ...body,
    headers: {
      'x-github-event': 'push',
      'x-github-delivery': 'd',
      'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
      ...body.headers,
    },
  })
const small = () => push({ body: '{}', headers: { 'content-length': '2' } })

test('whoever sends large bodies and takes their time keeps nobody else out, and fills no memory', async () => {
  const ends: (() => void)[] = []
  const slow = () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(WEBHOOK_BODY_BYTES_MAX))
        ends.push(() => controller.close())
      },
    })
    return push({ body, duplex: 'half' } as RequestInit)
  }
  const held = Array.from({ length: LARGE_BODIES_AT_ONCE_MAX }, slow)
  const refused = await slow()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '15'])
  expect((await small()).status).toBe(401)
  for (const end of ends) end()
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual(held.map(() => 401))
  expect((await push({ body: 'x' })).status).toBe(401)
})

import { OpenAPIHono } from '@hono/zod-openapi'
import { expect, test } from 'vitest'
import type { HttpEnv } from '../../app/http/context.ts'
import { createHeld } from '../../app/http/held.ts'
import { webhookRoutes } from '../../app/http/outside/webhooks.ts'
import { problem, Refusal } from '../../app/http/problem.ts'
import type { Parts } from '../../app/parts.ts'
import { eventually } from '../support/sandbox.ts'

const BODY_BYTES = 100_000
const bodies = createHeld(4.5 * BODY_BYTES)
const api = new OpenAPIHono<HttpEnv>()
api.use((c, next) => {
  c.set('bodies', bodies)
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

/** A body that comes but for its end; `end` brings that. */
function slow() {
  let end = () => {}
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(BODY_BYTES))
      end = () => controller.close()
    },
  })
  return { answer: push({ body, duplex: 'half' } as RequestInit), end: () => end() }
}

test('bodies of which the end does not come weigh so much together, and the one that has waited longest makes room', async () => {
  const first = Array.from({ length: 4 }, slow)
  await eventually(
    async () => bodies.bytes(),
    (bytes) => bytes === 4 * BODY_BYTES,
  )
  const fifth = slow()
  const dropped = await first[0]?.answer
  expect([dropped?.status, dropped?.headers.get('retry-after')]).toEqual([503, '15'])
  expect(bodies.bytes()).toBe(4 * BODY_BYTES)
  expect((await small()).status).toBe(401)
  // Whoever sends little is not the one, however long it takes.
  const others = [...first.slice(1), fifth]
  for (const { end } of others) end()
  expect((await Promise.all(others.map(({ answer }) => answer))).map(({ status }) => status)).toEqual([
    401, 401, 401, 401,
  ])
  expect(bodies.bytes()).toBe(0)
})

test('what is not signed at all is not read', async () => {
  const body = new ReadableStream({ pull: () => Promise.reject(new Error('it was read')) })
  for (const path of ['/webhooks/github', '/webhooks/stripe']) {
    const answer = await api.request(path, { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect(answer.status).toBe(path.endsWith('stripe') ? 400 : 401)
  }
})

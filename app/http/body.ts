import { Readable } from 'node:stream'
import type { Context, MiddlewareHandler } from 'hono'
import type { HttpEnv } from './context.ts'
import { Refusal } from './problem.ts'

/** Bodies on their way in, of all requests together. */
export const BODIES_BYTES_MAX = 32 * 1024 * 1024

/** Reads a body of so many bytes at most, within what all of them may weigh together. Who asks for none reads none. */
export const limitBody =
  (bytesMax: number): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    if (Number(c.req.header('content-length') ?? 0) > bytesMax) throw tooLarge(bytesMax)
    const source = bodyOf(c)
    if (source) {
      const body = await read(c, source, bytesMax)
      c.req.bodyCache.arrayBuffer = Promise.resolve(body) as never // of promises, whatever its type says
    }
    return next()
  }

function bodyOf(c: Context<HttpEnv>): Readable | undefined {
  const incoming = c.env?.incoming
  if (incoming)
    return 'transfer-encoding' in incoming.headers || 'content-length' in incoming.headers ? incoming : undefined
  return c.req.raw.body ? Readable.fromWeb(c.req.raw.body as never) : undefined
}

async function read(c: Context<HttpEnv>, source: Readable, bytesMax: number): Promise<ArrayBuffer> {
  const { bodies } = c.var
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    // Not destroyed at the end: the answer goes the same way back.
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      size += chunk.length
      if (size > bytesMax) throw tooLarge(bytesMax)
      chunks.push(chunk)
      bodies.hold(source, size, () => source.destroy(new Refusal(BROKEN_OFF)))
    }
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(BROKEN_OFF)
  } finally {
    bodies.release(source)
  }
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole.buffer
}

const tooLarge = (bytesMax: number) =>
  new Refusal({ status: 413, title: 'Too large', detail: `At most ${bytesMax} bytes are taken here.` })

/** Told to whoever still listens, mostly nobody. */
const BROKEN_OFF = {
  ...{ status: 503, title: 'In a moment', retryAfterSeconds: 15 },
  detail: 'The rest of what you sent did not come in time. Please send it again.',
}

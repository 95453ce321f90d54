// Floods a shop as strangers may, and asks it honest things meanwhile: `node test/proof/flood.ts [--seconds 20] [NAME …]`, on Linux.
// Fails when its memory passes 400 MB, or an honest request fails or (the slowest of a hundred aside) takes a second.
import { fork } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startAppOf } from '../bench/start.ts'
import { ROOT } from '../house/source.ts'

const MEGABYTES_MAX = 400
const MILLISECONDS_MAX = 1_000
const ASK_EVERY_MILLISECONDS = 25
const REOPEN_MILLISECONDS = 5_000
const BODY_BYTES = 1024 * 1024
const HEAD = { accept: 'text/html' }

type FloodedShop = Awaited<ReturnType<typeof startAppOf>>
type Flood = { connections: number; send: (style: string) => (string | Buffer)[]; endless?: true }
const post = (path: string, headers: string) => `POST ${path} HTTP/1.1\r\nHost: shop\r\n${headers}\r\n\r\n`
const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: shop\r\n${headers}\r\n`
const held = Buffer.alloc(BODY_BYTES - 1, 'x')
const length = `Content-Length: ${BODY_BYTES}`
const hub = `X-GitHub-Event: push\r\nX-GitHub-Delivery: d\r\nX-Hub-Signature-256: sha256=${'0'.repeat(64)}`

/** What each connection sends; none reads a byte, and each comes again when it is cut. */
const FLOODS: Record<string, Flood> = {
  'style sheets asked for in hundreds': { connections: 400, send: (style) => [get(style).repeat(200)] },
  'style sheets asked for in fours': { connections: 1_500, send: (style) => [get(style).repeat(4)] },
  'the same, packed': { connections: 1_500, send: (style) => [get(style, 'Accept-Encoding: gzip\r\n').repeat(4)] },
  'unsigned webhooks but for their last byte': {
    connections: 1_500,
    send: () => [post('/webhooks/stripe', length), held],
  },
  'forged ones': {
    connections: 1_500,
    send: () => [post('/webhooks/stripe', `Stripe-Signature: t=1,v1=00\r\n${length}`), held],
  },
  'forged pushes of 25 MB': {
    connections: 60,
    send: () => [post('/webhooks/github', `${hub}\r\nContent-Length: ${25 * BODY_BYTES}`), ...Array(24).fill(held)],
  },
  'bodies without an end': {
    connections: 100,
    send: () => [post('/nowhere', 'Transfer-Encoding: chunked'), `100000\r\n${'x'.repeat(BODY_BYTES)}\r\n`],
    endless: true,
  },
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '20' }, against: { type: 'string', default: ROOT } },
})
if (process.send) flood(FLOODS[positionals[0] ?? ''] as Flood, positionals[1] ?? '', positionals[2] ?? '')
else await measureAll()

async function measureAll(): Promise<void> {
  let failed = false
  for (const name of positionals.length > 0 ? positionals : Object.keys(FLOODS)) {
    const shop = await startAppOf(values.against)
    try {
      failed = !(await measure(name, shop)) || failed
    } finally {
      await shop.close()
    }
  }
  process.exitCode = failed ? 1 : 0
}

/** Whether the shop stood it. */
async function measure(name: string, shop: FloodedShop): Promise<boolean> {
  const page = await (await fetch(shop.shop, { headers: HEAD })).text()
  const style = /href="(\/assets\/[^"]+\.css)"/.exec(page)?.[1] ?? '/'
  const flooder = fork(import.meta.filename, [name, shop.shop, style])
  const until = performance.now() + Number(values.seconds) * 1000
  const asked: Promise<number>[] = []
  let megabytes = 0
  while (performance.now() < until) {
    asked.push(honest(shop, style, asked.length))
    megabytes = Math.max(megabytes, shop.process.residentMegabytes())
    await sleep(ASK_EVERY_MILLISECONDS)
  }
  const times = (await Promise.all(asked)).toSorted((one, other) => one - other)
  flooder.kill()
  await once(flooder, 'exit')
  const at = (part: number) => times[Math.ceil(times.length * part) - 1] ?? Number.NaN
  const lost = times.filter((time) => time === Number.POSITIVE_INFINITY).length
  const figures = `${megabytes.toFixed(0)} MB, ${times.length} asked, p50 ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms`
  console.log(`${name}: ${figures}, ${lost} not answered`)
  return megabytes < MEGABYTES_MAX && at(0.99) < MILLISECONDS_MAX && lost === 0
}

/** Asks one of a few honest things. Gives how long it took; for ever where it was not answered as it should be. */
async function honest({ shop, secret }: FloodedShop, style: string, n: number): Promise<number> {
  const body = JSON.stringify({ zen: 'Keep it logically awesome.', hook_id: n })
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const github = { 'x-github-event': 'ping', 'x-github-delivery': randomUUID(), 'x-hub-signature-256': signature }
  const asks: [string, RequestInit, number][] = [
    ['/', { headers: HEAD }, 200],
    [style, {}, 200],
    [
      '/api/v1/checkouts',
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"lines":[]}' },
      422,
    ],
    ['/webhooks/github', { method: 'POST', headers: github, body }, 204],
  ]
  const [path, init, status] = asks[n % asks.length] as (typeof asks)[0]
  const began = performance.now()
  try {
    const answer = await fetch(`${shop}${path}`, { ...init, signal: AbortSignal.timeout(10_000) })
    await answer.arrayBuffer()
    return answer.status === status ? performance.now() - began : Number.POSITIVE_INFINITY
  } catch (error) {
    console.log(
      `  ${path}: ${(error as Error).name} ${((error as Error).cause as { code?: string } | undefined)?.code ?? ''}`,
    )
    return Number.POSITIVE_INFINITY
  }
}

/** Opens all connections, and each again when it was cut. */
function flood({ connections, send, endless }: Flood, shop: string, style: string): void {
  process.once('disconnect', () => process.exit())
  const { hostname, port } = new URL(shop)
  const parts = send(style)
  const open = () => {
    const socket = connect(Number(port), hostname)
    const again = () => {
      while (endless && socket.write(parts.at(-1) as string));
    }
    socket.once('connect', () => {
      for (const part of parts) socket.write(part)
      if (endless) socket.on('drain', again)
    })
    socket.on('error', () => {}).once('close', () => setTimeout(open, REOPEN_MILLISECONDS))
    if (!endless) socket.pause()
  }
  for (let n = 0; n < connections; n += 1) setTimeout(open, (n * REOPEN_MILLISECONDS) / connections)
}

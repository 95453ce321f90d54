import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { createHeld } from './held.ts'

// What one connection may cost, whoever is at its other end. Browsers and proxies ask one thing at a time and take the answer.

/** Requests of one connection that wait for their answers. */
const REQUESTS_AT_ONCE_MAX = 4
/** Answers on their way, of all connections. */
const UNSENT_BYTES_MAX = 32 * 1024 * 1024
const UNSENT_LOOK_MILLISECONDS = 250
/** A body that nobody asked for is read so far, so that the next request can come. With a longer one the connection ends. */
const UNASKED_BODY_BYTES_MAX = 64 * 1024
/** For an answer of which nothing is taken, or a connection on which nothing happens. */
const SILENCE_MILLISECONDS_MAX = 20_000

/** Answers a server's requests within those bounds. Whoever oversteps them loses the connection. */
export function answerWithin(server: Server, answer: RequestListener, silenceMilliseconds = SILENCE_MILLISECONDS_MAX) {
  const waiting = new Map<Socket, Set<ServerResponse>>()
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming
    if (socket.destroyed) return // of the bytes that came with the request that was one too many
    const answers = waiting.get(socket) ?? new Set()
    if (answers.size >= REQUESTS_AT_ONCE_MAX) return void socket.destroy()
    waiting.set(socket, answers.add(outgoing))
    outgoing.once('close', () => {
      answers.delete(outgoing)
      if (answers.size === 0) waiting.delete(socket)
    })
    outgoing.shouldKeepAlive &&= isShort(incoming)
    if ((incoming.headersDistinct.host ?? []).length > 1) return void outgoing.writeHead(400).end()
    // Later, so that who sends too many at once is cut off before the first of them costs anything.
    queueMicrotask(() => {
      if (!socket.destroyed) void answer(incoming, outgoing)
    })
  })
  server.setTimeout(silenceMilliseconds, (socket) => {
    const answers = [...(waiting.get(socket) ?? [])]
    const isOurTurn = answers.length > 0 && answers.every(({ writableLength }) => writableLength === 0)
    if (isOurTurn) socket.setTimeout(silenceMilliseconds)
    else socket.destroy()
  })
  boundUnsent(server, waiting)
}

function isShort({ headers }: IncomingMessage): boolean {
  return !headers['transfer-encoding'] && Number(headers['content-length'] ?? 0) <= UNASKED_BODY_BYTES_MAX
}

/** Looks now and then at what waits to be taken, of all connections together. */
function boundUnsent(server: Server, waiting: ReadonlyMap<Socket, ReadonlySet<ServerResponse>>): void {
  const unsent = createHeld(UNSENT_BYTES_MAX)
  const before = new WeakMap<Socket, number>()
  const look = () => {
    for (const [socket, answers] of waiting) {
      const bytes = [...answers].reduce((sum, { writableLength }) => sum + writableLength, 0)
      if (bytes === before.get(socket)) continue
      before.set(socket, bytes)
      if (bytes > 0) unsent.hold(socket, bytes, () => socket.destroy())
      else unsent.release(socket)
    }
  }
  const looking = setInterval(look, UNSENT_LOOK_MILLISECONDS).unref()
  server.on('connection', (socket: Socket) => socket.once('close', () => unsent.release(socket)))
  server.once('close', () => clearInterval(looking))
}

import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { answerWithin } from '../../app/http/connections.ts'
import { eventually } from '../support/sandbox.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

type Answer = Parameters<typeof answerWithin>[1]
/** A server that answers so, and a raw connection to it. */
async function serveWith(answer: Answer, silenceMilliseconds?: number) {
  const server = createServer()
  servers.push(server)
  answerWithin(server, answer, silenceMilliseconds)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return { server, open: () => openTo(port) }
}

function openTo(port: number) {
  const socket: Socket = connect(port, '127.0.0.1')
  const seen = { text: '', closed: false }
  socket.on('data', (chunk) => (seen.text += chunk)).on('error', () => {})
  socket.on('close', () => (seen.closed = true))
  return { socket, seen, closed: () => eventually(async () => seen.closed, Boolean) }
}
const GET = 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n'
const answersIn = (text: string) => text.split('HTTP/1.1 ').slice(1)

test('a connection that asks for much and waits for nothing is cut off, and nothing of it is done', async () => {
  const asked: (string | undefined)[] = []
  const { open } = await serveWith(({ url }) => void asked.push(url))
  const { socket, closed } = open()
  socket.write(GET.repeat(200))
  await closed()
  expect(asked).toEqual([])
})

test('a few requests at once are answered in their order, and many one after another', async () => {
  const { open } = await serveWith((incoming, outgoing) => void outgoing.end(incoming.url))
  const { socket, seen } = open()
  for (let n = 0; n < 5; n += 1) {
    socket.write(GET.replace('/', `/${n}a`) + GET.replace('/', `/${n}b`))
    await eventually(
      async () => answersIn(seen.text),
      (answers) => answers.length === 2 * (n + 1),
    )
  }
  expect(seen.text.match(/\/\d+[ab]/g)).toEqual(Array.from({ length: 5 }, (_, n) => [`/${n}a`, `/${n}b`]).flat())
})

test('an answer that nobody takes ends the connection; one that we are late with does not', async () => {
  const { open } = await serveWith((incoming, outgoing) => {
    if (incoming.url === '/large') outgoing.end(Buffer.alloc(50_000_000))
    else setTimeout(() => outgoing.end('late'), 700)
  }, 200)
  const [slow, waiting] = [open(), open()]
  slow.socket.pause().write(GET.replace('/', '/large'))
  waiting.socket.write(GET)
  await eventually(
    async () => waiting.seen.text,
    (text) => text.endsWith('late'),
  )
  slow.socket.resume() // what the system still had
  await slow.closed()
  expect(slow.seen.text.length).toBeLessThan(50_000_000)
})

test('a body that nobody asked for is not read to its end', async () => {
  const { open } = await serveWith((_, outgoing) => void outgoing.writeHead(404).end())
  const { socket, seen, closed } = open()
  socket.write('POST /nowhere HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n')
  const send = () => {
    while (!seen.closed && socket.write(`10000\r\n${'x'.repeat(0x10000)}\r\n`));
  }
  socket.on('drain', send)
  send()
  await closed()
  expect(socket.bytesWritten - socket.writableLength).toBeLessThan(20_000_000)
})

test('a short body that nobody asked for costs nobody the connection', async () => {
  const { open } = await serveWith((_, outgoing) => void outgoing.writeHead(404).end())
  const { socket, seen } = open()
  socket.write('POST /nowhere HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\n\r\n')
  await eventually(
    async () => answersIn(seen.text),
    ({ length }) => length === 1,
  )
  socket.write(`hello${GET}`)
  await eventually(
    async () => answersIn(seen.text),
    ({ length }) => length === 2,
  )
})

test('two hosts in one request are none', async () => {
  const asked: (string | undefined)[] = []
  const { open } = await serveWith(({ url }) => void asked.push(url))
  const { socket, seen } = open()
  socket.write('GET / HTTP/1.1\r\nHost: shop\r\nHost: other\r\n\r\n')
  await eventually(
    async () => answersIn(seen.text),
    ([first]) => first?.startsWith('400 ') ?? false,
  )
  expect(asked).toEqual([])
})

import { mkdtemp } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SOCKET = '.s.PGSQL.5432'

/** Stands between a store and the test run's server: a network that can be cut, or fall silent. */
export async function between(url: string) {
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-between-'))
  const sockets = new Set<Socket>()
  const answering = new Set<Socket>()
  let isSilent = false
  const server = createServer((one) => {
    const other = connect(join(new URL(url).searchParams.get('host') ?? '', SOCKET))
    answering.add(other)
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy()).on('close', () => to.destroy())
      if (!isSilent) from.pipe(to)
    }
  })
  server.listen(join(folder, SOCKET)).unref()
  const there = new URL(url)
  there.searchParams.set('host', folder)
  return {
    url: there.href,
    /** Ends all connections. */
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    /** Says nothing any more on these connections, nor on new ones while it is silent. */
    fallSilent: () => {
      isSilent = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    /** Brings what is said on these connections, and no answer. */
    loseAnswers: () => {
      for (const socket of answering) socket.unpipe().pause()
    },
    /** New connections work again. */
    wakeUp: () => {
      isSilent = false
    },
  }
}

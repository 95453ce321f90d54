/** What strangers make a process hold: bytes that it waits to send, or to have the rest of. */
export type Held = {
  /** Says how many bytes are held for that one now, because it has moved. `drop` lets go of it. */
  hold: (holder: object, bytes: number, drop: () => void) => void
  release: (holder: object) => void
  bytes: () => number
}

/**
 * Keeps what is held within so many bytes: who holds the most of it (and has for the longest time, among equals) is dropped for who came
 * since. So nobody is refused because of others, and whoever asks for little is not the one.
 */
export function createHeld(bytesMax: number): Held {
  const holders: Holders = new Map() // the one that moved last comes last
  let total = 0
  const release = (holder: object) => {
    total -= holders.get(holder)?.bytes ?? 0
    holders.delete(holder)
  }
  return {
    hold(holder, bytes, drop) {
      release(holder)
      holders.set(holder, { bytes, drop })
      total += bytes
      while (total > bytesMax) {
        const [largest, { drop: dropIt }] = largestOf(holders)
        release(largest)
        dropIt()
      }
    },
    release,
    bytes: () => total,
  }
}

type Holders = Map<object, { bytes: number; drop: () => void }>

const largestOf = (holders: Holders) =>
  [...holders].reduce((one, other) => (other[1].bytes > one[1].bytes ? other : one))

/** What strangers make a process hold: bytes that it waits to send, or to have the rest of. */
export type Held = {
  /** Says how many bytes are held for that one now, because it has moved. `drop` lets go of it. */
  hold: (holder: object, bytes: number, drop: () => void) => void
  release: (holder: object) => void
  bytes: () => number
}

/**
 * Keeps what is held within so many bytes: who has not moved for the longest time is dropped for who came since. So nobody is
 * refused because others are slow, and whoever is done at once is never the one.
 */
export function createHeld(bytesMax: number): Held {
  const holders = new Map<object, { bytes: number; drop: () => void }>() // the one that moved last comes last
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
      for (const [slowest, { drop: dropIt }] of holders) {
        if (total <= bytesMax) return
        release(slowest)
        dropIt()
      }
    },
    release,
    bytes: () => total,
  }
}

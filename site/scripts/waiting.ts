const FIRST_WAIT_MS = 2_000
const LONGEST_WAIT_MS = 10_000
const GIVE_UP_AFTER_MS = 10 * 60_000
const GROWTH = 1.25

/** How long to wait before looking again at an order that is not settled, in ms; null when it has been long enough. */
export function waitBeforeLook(look: number, waitedMs: number): number | null {
  if (waitedMs >= GIVE_UP_AFTER_MS) return null
  return Math.min(LONGEST_WAIT_MS, Math.round(FIRST_WAIT_MS * GROWTH ** look))
}

import type { GitHubState } from '../state.ts'
import type { Probability } from './fault-state.ts'

/** Whether it happens this time. Draws from the state's own lots, so that the same seed gives the same course. */
export function happens(state: GitHubState, probability: Probability): boolean {
  if (probability <= 0) return false
  return probability >= 1 || draw(state) < probability
}

/** Whether it happens to this delivery: by lot, or because its event is named. */
export function strikes(state: GitHubState, fault: Probability | string[], event: string, action: string | null) {
  if (typeof fault === 'number') return happens(state, fault)
  return fault.includes(event) || (action !== null && fault.includes(`${event}.${action}`))
}

/** A number from 0 up to 1: mulberry32, whose seed is part of the state. */
export function draw(state: Pick<GitHubState, 'lots'>): number {
  state.lots = (state.lots + 0x6d2b79f5) | 0
  let mixed = Math.imul(state.lots ^ (state.lots >>> 15), 1 | state.lots)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

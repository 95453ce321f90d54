import { canonical, chained, NO_CHAIN } from './line.ts'

/** By what they are about: how many facts there are, and what stands for all of them. */
export type Tally = Map<string, Tallied>
export type Tallied = { facts: number; digest: string }

/** Counts one more fact, which comes after those counted before. */
export function count(tally: Tally, subject: string, fact: unknown): void {
  const { facts, digest } = tally.get(subject) ?? { facts: 0, digest: NO_CHAIN }
  tally.set(subject, { facts: facts + 1, digest: chained(digest, canonical(fact)) })
}

import type { Git } from './git-state.ts'

/** The commits that can be reached from one, itself among them. */
export function ancestorsOf(git: Git, from: string): Set<string> {
  const seen = new Set<string>()
  const waiting = [from]
  for (let oid = waiting.pop(); oid; oid = waiting.pop()) {
    const commit = seen.has(oid) ? undefined : git.commit(oid)
    if (!commit) continue
    seen.add(oid)
    waiting.push(...commit.parents)
  }
  return seen
}

/** Whether a commit can be reached from another. */
export const isAncestor = (git: Git, one: string, of: string): boolean => one === of || ancestorsOf(git, of).has(one)

/** The commits reached from `head` and not from `base`: parents first, as GitHub lists a comparison. */
export function commitsBetween(git: Git, base: string, head: string): string[] {
  const known = ancestorsOf(git, base)
  return newestFirst(git, head, (oid) => known.has(oid)).reverse()
}

/** The history of a commit, newest first and children before their parents; `stop` ends a line of it. */
export function newestFirst(git: Git, from: string, stop: (oid: string) => boolean = () => false): string[] {
  const order: string[] = []
  const seen = new Set<string>()
  const visit: { oid: string; done: boolean }[] = [{ oid: from, done: false }]
  for (let step = visit.pop(); step; step = visit.pop()) {
    if (step.done) order.push(step.oid)
    else if (!seen.has(step.oid) && !stop(step.oid)) {
      seen.add(step.oid)
      visit.push({ oid: step.oid, done: true })
      for (const oid of git.commit(step.oid)?.parents ?? []) visit.push({ oid, done: false })
    }
  }
  return order.reverse()
}

/** The nearest commit that both come from: the one that none of the others they share comes after. */
export function mergeBase(git: Git, one: string, other: string): string | undefined {
  const shared = ancestorsOf(git, one)
  const seen = new Set<string>()
  let row = [other]
  const candidates: string[] = []
  while (row.length > 0) {
    const next: string[] = []
    for (const oid of row) {
      if (seen.has(oid)) continue
      seen.add(oid)
      if (shared.has(oid)) candidates.push(oid)
      else next.push(...(git.commit(oid)?.parents ?? []))
    }
    row = next
  }
  return candidates.find((oid) => !candidates.some((than) => than !== oid && ancestorsOf(git, than).has(oid)))
}

import { diffArrays } from 'diff'
import type { Git } from './git-state.ts'

import { mergeBase } from './history.ts'
import { EMPTY_TREE, type TreeEntry } from './object.ts'
import { differences, treeWith } from './tree.ts'

type Change = { before?: TreeEntry; after?: TreeEntry }
type Merged = { tree: string; conflicts: string[] }

/** What both sides made of their common base, file by file and inside a file line by line. Lists the paths where they contradict. */
export function mergeCommits(git: Git, ours: string, theirs: string): Merged {
  const base = mergeBase(git, ours, theirs)
  const tree = (oid: string | undefined) => (oid && git.commit(oid)?.tree) || EMPTY_TREE
  return mergeTrees(git, tree(base), tree(ours), tree(theirs))
}

/** The same with trees: `ours`, changed as `theirs` was changed since the base. */
export function mergeTrees(git: Git, base: string, ours: string, theirs: string): Merged {
  const mine = new Map<string, Change>(differences(git, base, ours).map((one) => [one.path, one]))
  const changes = new Map<string, TreeEntry | null>()
  const conflicts: string[] = []
  for (const { path, ...their } of differences(git, base, theirs)) {
    const my = mine.get(path)
    if (my && isSame(my.after, their.after)) continue
    const merged = my ? mergeFile(git, my, their) : their.after
    const isBlocked = their.after && !my && clashes(path, mine)
    if ((my && !merged) || isBlocked) conflicts.push(path)
    else changes.set(path, merged ?? null)
  }
  return { tree: treeWith(git, ours, changes), conflicts }
}

/** Whether a new file lies where the other side put a folder, or the other way about. */
function clashes(path: string, mine: ReadonlyMap<string, Change>): boolean {
  return [...mine].some(([other, { after }]) => after && (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)))
}

function mergeFile(git: Git, my: Change, their: Change): TreeEntry | undefined {
  if (!my.before || !my.after || !their.after) return undefined
  const [base, ours, theirs] = [my.before, my.after, their.after].map(({ oid }) => git.blob(oid))
  if (!base || !ours || !theirs || [base, ours, theirs].some(isBinary)) return undefined
  const text = mergeText(base.toString('utf8'), ours.toString('utf8'), theirs.toString('utf8'))
  return text === undefined ? undefined : { ...my.after, oid: git.write('blob', Buffer.from(text)) }
}

/** A text as both sides changed it; undefined when both changed the same place. */
export function mergeText(base: string, ours: string, theirs: string): string | undefined {
  const lines = linesOf(base)
  const [mine, other] = [hunksOf(lines, linesOf(ours)), hunksOf(lines, linesOf(theirs))]
  const isClash = mine.some((one) => other.some((two) => touches(one, two) && !isSameHunk(one, two)))
  if (isClash) return undefined
  const fresh = other.filter((two) => !mine.some((one) => isSameHunk(one, two)))
  const hunks = [...mine, ...fresh].sort((one, two) => one.start - two.start)
  const merged: string[] = []
  let at = 0
  for (const { start, end, lines: instead } of hunks) {
    merged.push(...lines.slice(at, start), ...instead)
    at = end
  }
  return [...merged, ...lines.slice(at)].join('')
}

/** Whether bytes are no text, as git decides it. */
export const isBinary = (bytes: Uint8Array): boolean => bytes.subarray(0, BINARY_LOOK_BYTES).includes(0)
const BINARY_LOOK_BYTES = 8000

type Hunk = { start: number; end: number; lines: string[] }

function hunksOf(base: string[], changed: string[]): Hunk[] {
  const hunks: Hunk[] = []
  let at = 0
  let open: Hunk | undefined
  for (const { added, removed, value } of diffArrays(base, changed)) {
    if (!added && !removed) {
      at += value.length
      open = undefined
      continue
    }
    if (!open) {
      open = { start: at, end: at, lines: [] }
      hunks.push(open)
    }
    if (added) open.lines.push(...value)
    else {
      at += value.length
      open.end = at
    }
  }
  return hunks
}

// Git takes changes of neighbouring lines for a conflict, too.
const touches = (one: Hunk, other: Hunk) => one.start <= other.end && other.start <= one.end
const isSameHunk = (one: Hunk, other: Hunk) =>
  one.start === other.start && one.end === other.end && one.lines.join('') === other.lines.join('')
const isSame = (one: TreeEntry | undefined, other: TreeEntry | undefined) =>
  one?.oid === other?.oid && one?.mode === other?.mode
const linesOf = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

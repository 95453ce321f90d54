/** Any entry of a tree: its content by the SHA of its blob, and what it is. */
export type Entry = { sha: string; kind: string }

/**
 * Merges three trees file by file, as git would for files that one side alone changed. Where both sides changed a file, and not
 * alike, the head's counts and the path is named as a conflict: git may still merge their lines, or a person must.
 */
export function mergeCatalogs<Value extends Entry>(
  mergeBase: ReadonlyMap<string, Value>,
  baseTip: ReadonlyMap<string, Value>,
  head: ReadonlyMap<string, Value>,
): { merged: Map<string, Value>; conflicts: string[] } {
  const merged = new Map<string, Value>()
  const conflicts: string[] = []
  for (const path of [...new Set([...baseTip.keys(), ...head.keys()])].toSorted()) {
    const [origin, ours, theirs] = [mergeBase.get(path), baseTip.get(path), head.get(path)]
    const result = alike(origin, theirs) ? ours : theirs
    if (!alike(origin, theirs) && !alike(origin, ours) && !alike(ours, theirs)) conflicts.push(path)
    if (result) merged.set(path, result)
  }
  return { merged, conflicts }
}

/** The paths at which two trees differ. */
export function differingPaths<Value extends Entry>(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
): Set<string> {
  const paths = new Set([...before.keys(), ...after.keys()])
  return new Set([...paths].filter((path) => !alike(before.get(path), after.get(path))))
}

const alike = (a: Entry | undefined, b: Entry | undefined) => a?.sha === b?.sha && a?.kind === b?.kind

import { structuredPatch } from 'diff'
import type { Git } from './git-state.ts'

import { isBinary } from './merge.ts'
import { differences } from './tree.ts'

/** A changed file; `oid` is that of what is there now, or of what was removed. */
export type Change = {
  path: string
  status: 'added' | 'modified' | 'removed' | 'renamed'
  oid: string
  before?: string
  previousPath?: string
}

/** GitHub leaves the patch of a larger file out (https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits). */
const PATCH_BYTES_MAX = 1024 * 1024
const PATCH_LINES_MAX = 20_000

/** The files that differ between two trees, by path. A file that vanished and one with the same bytes that came are a rename. */
export function changesBetween(git: Git, before: string, after: string): Change[] {
  const found = differences(git, before, after)
  const gone = new Map<string, string[]>()
  for (const one of found) if (one.before && !one.after) entry(gone, one.before.oid).push(one.path)
  const renamed = new Set<string>()
  const changes = found.map((one): Change => {
    const { path } = one
    if (one.before && one.after) return { path, status: 'modified', oid: one.after.oid, before: one.before.oid }
    if (!one.after) return { path, status: 'removed', oid: one.before?.oid ?? '', before: one.before?.oid ?? '' }
    const previousPath = gone.get(one.after.oid)?.shift()
    if (!previousPath) return { path, status: 'added', oid: one.after.oid }
    renamed.add(previousPath)
    return { path, status: 'renamed', oid: one.after.oid, before: one.after.oid, previousPath }
  })
  return changes.filter(({ path, status }) => status !== 'removed' || !renamed.has(path))
}

/** A changed file as GitHub shows it, at a commit. */
export function fileJson(git: Git, change: Change, repositoryUrl: string, sha: string) {
  const { path, status, oid, previousPath } = change
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  const html = repositoryUrl.replace(/\/repos\/([^/]+\/[^/]+)$/, '/$1')
  const lines = patchOf(git, change)
  return {
    sha: oid,
    filename: path,
    status,
    additions: lines?.additions ?? 0,
    deletions: lines?.deletions ?? 0,
    changes: (lines?.additions ?? 0) + (lines?.deletions ?? 0),
    blob_url: `${html}/blob/${sha}/${encoded}`,
    raw_url: `${html}/raw/${sha}/${encoded}`,
    contents_url: `${repositoryUrl}/contents/${encoded}?ref=${sha}`,
    ...(lines?.patch ? { patch: lines.patch } : {}),
    ...(previousPath ? { previous_filename: previousPath } : {}),
  }
}

/** How many lines came and went; undefined for bytes that are no text, and for what is too large to compare. */
function patchOf(git: Git, { status, oid, before }: Change) {
  const fresh = status === 'removed' ? Buffer.alloc(0) : git.blob(oid)
  const old = before ? git.blob(before) : Buffer.alloc(0)
  if (!fresh || !old || isBinary(fresh) || isBinary(old)) return undefined
  if (Math.max(fresh.length, old.length) > PATCH_BYTES_MAX) return undefined
  const { hunks } = structuredPatch('', '', old.toString('utf8'), fresh.toString('utf8'), '', '', { context: 3 })
  const lines = hunks.flatMap((hunk) => hunk.lines)
  const count = (mark: string) => lines.filter((line) => line.startsWith(mark)).length
  const text = hunks.map(({ oldStart, oldLines, newStart, newLines, lines: inside }) =>
    [`@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`, ...inside].join('\n'),
  )
  const patch = lines.length > PATCH_LINES_MAX ? '' : text.join('\n')
  return { additions: count('+'), deletions: count('-'), patch }
}

const range = (start: number, lines: number) =>
  lines === 1 ? `${start}` : `${lines === 0 ? Math.max(0, start - 1) : start},${lines}`

function entry(map: Map<string, string[]>, key: string): string[] {
  const value = map.get(key) ?? []
  map.set(key, value)
  return value
}

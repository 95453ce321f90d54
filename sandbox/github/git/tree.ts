import type { Git } from './git-state.ts'
import { EMPTY_TREE, FOLDER_MODE, isFolder, type TreeEntry, typeOfMode } from './object.ts'

/** A file where it lies; for a recursive listing a folder, too. */
export type PathEntry = { path: string; mode: string; oid: string }

/** What lies at a path below a tree: the tree itself at the empty path. */
export function entryAt(git: Git, tree: string, path: string): PathEntry | undefined {
  let found: PathEntry = { path: '', mode: FOLDER_MODE, oid: tree }
  for (const name of path.split('/').filter(Boolean)) {
    const entry = isFolder(found) ? git.tree(found.oid)?.find((one) => one.name === name) : undefined
    if (!entry) return undefined
    found = { path: found.path ? `${found.path}/${name}` : name, mode: entry.mode, oid: entry.oid }
  }
  return found
}

/** Everything below a tree, each folder before what lies in it. */
export function walk(git: Git, tree: string, prefix = ''): PathEntry[] {
  return (git.tree(tree) ?? []).flatMap(({ name, mode, oid }) => {
    const path = `${prefix}${name}`
    return [{ path, mode, oid }, ...(isFolder({ mode }) ? walk(git, oid, `${path}/`) : [])]
  })
}

/** A tree with some paths set to something else, or (null) taken away. Folders that get empty go, as git has it. */
export function treeWith(
  git: Git,
  tree: string,
  changes: ReadonlyMap<string, { mode: string; oid: string } | null>,
): string {
  const entries = new Map((git.tree(tree) ?? []).map((entry) => [entry.name, entry]))
  const below = new Map<string, Map<string, { mode: string; oid: string } | null>>()
  for (const [path, change] of changes) {
    const [, name = '', rest] = /^([^/]+)(?:\/(.+))?$/s.exec(path) ?? []
    if (rest) below.set(name, (below.get(name) ?? new Map()).set(rest, change))
    else if (change) entries.set(name, { name, ...change })
    else entries.delete(name)
  }
  for (const [name, inner] of below) {
    const known = entries.get(name)
    const oid = treeWith(git, known && isFolder(known) ? known.oid : EMPTY_TREE, inner)
    if (oid !== EMPTY_TREE) entries.set(name, { name, mode: FOLDER_MODE, oid })
    else if (known && isFolder(known)) entries.delete(name)
  }
  return git.writeTree([...entries.values()])
}

/** An entry as GitHub lists it in a tree. */
export function treeEntryJson(git: Git, repositoryUrl: string, { path, mode, oid }: PathEntry) {
  const type = typeOfMode(mode)
  const size = type === 'blob' ? { size: git.blob(oid)?.length ?? 0 } : {}
  return { path, mode, type, sha: oid, ...size, url: `${repositoryUrl}/git/${type}s/${oid}` }
}

/** What differs between two trees, folder by folder; a side that lacks the entry is undefined. Equal folders are not opened. */
export function differences(
  git: Git,
  before: string,
  after: string,
  prefix = '',
): { path: string; before?: TreeEntry; after?: TreeEntry }[] {
  if (before === after) return []
  const old = new Map((git.tree(before) ?? []).map((entry) => [entry.name, entry]))
  const fresh = new Map((git.tree(after) ?? []).map((entry) => [entry.name, entry]))
  const names = [...new Set([...old.keys(), ...fresh.keys()])].sort()
  return names.flatMap((name) => {
    const [one, other] = [old.get(name), fresh.get(name)]
    if (one?.oid === other?.oid && one?.mode === other?.mode) return []
    const path = `${prefix}${name}`
    const folders = differences(git, folderOf(one), folderOf(other), `${path}/`)
    const [file, newFile] = [fileOf(one), fileOf(other)]
    if (!file && !newFile) return folders
    return [{ path, ...(file ? { before: file } : {}), ...(newFile ? { after: newFile } : {}) }, ...folders]
  })
}

const folderOf = (entry: TreeEntry | undefined) => (entry && isFolder(entry) ? entry.oid : EMPTY_TREE)
const fileOf = (entry: TreeEntry | undefined) => (entry && !isFolder(entry) ? entry : undefined)

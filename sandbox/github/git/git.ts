import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { deflateSync, inflateSync } from 'node:zlib'
import type { GitHubState, Repository } from '../state.ts'
import type { Git } from './git-state.ts'
import {
  decodeCommit,
  decodeObject,
  decodeTree,
  EMPTY_TREE,
  encodeCommit,
  encodeObject,
  encodeTree,
  type ObjectType,
} from './object.ts'

const CACHE_BYTES_MAX = 64 * 1024 * 1024
const ONE_WRITE_BYTES_MAX = 4096
const CONFIG = '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n'

/** Opens the bare repository in a folder, and makes it when it isn't there. */
export function openGit(folder: string): Git {
  mkdirSync(join(folder, 'objects'), { recursive: true })
  mkdirSync(join(folder, 'refs', 'heads'), { recursive: true })
  if (!existsSync(join(folder, 'HEAD'))) {
    writeFileSync(join(folder, 'config'), CONFIG)
    writeFileSync(join(folder, 'HEAD'), 'ref: refs/heads/main\n')
  }
  const refs = loadRefs(folder)
  const objects = openObjects(folder)
  const decoded = <Value>(type: ObjectType, decode: (bytes: Buffer) => Value) => {
    const known = new Map<string, Value>()
    return (oid: string): Value | undefined => {
      const value = known.get(oid)
      if (value) return value
      const object = objects.read(oid)
      if (object?.type !== type) return undefined
      const fresh = decode(object.bytes)
      known.set(oid, fresh)
      return fresh
    }
  }
  return {
    write: objects.write,
    writeTree: (entries) => objects.write('tree', encodeTree(entries)),
    writeCommit: (commit) => objects.write('commit', encodeCommit(commit)),
    typeOf: (oid) => objects.read(oid)?.type,
    find: (beginning) => {
      const inside = join(folder, 'objects', beginning.slice(0, 2))
      const names = existsSync(inside) ? readdirSync(inside) : []
      return names.map((name) => beginning.slice(0, 2) + name).filter((oid) => oid.startsWith(beginning))
    },
    blob: (oid) => {
      const object = objects.read(oid)
      return object?.type === 'blob' ? object.bytes : undefined
    },
    tree: decoded('tree', decodeTree),
    commit: decoded('commit', decodeCommit),
    ref: (name) => refs.get(name),
    refs: (prefix) =>
      [...refs]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, oid]) => ({ name, oid }))
        .sort((one, other) => (one.name < other.name ? -1 : 1)),
    setRef: (name, oid) => {
      if (oid) {
        writeWhole(join(folder, name), `${oid}\n`)
        refs.set(name, oid)
      } else {
        removeFile(join(folder, name))
        refs.delete(name)
      }
    },
  }
}

/** The store of objects of a repository and its forks. */
export function gitOf(state: Pick<GitHubState, 'folder' | 'gits'>, repository: Pick<Repository, 'network'>): Git {
  const known = state.gits.get(repository.network)
  if (known) return known
  const git = openGit(join(state.folder, 'git', `${repository.network}.git`))
  state.gits.set(repository.network, git)
  return git
}

/** Where a repository's refs lie in its network: a fork has a namespace (https://git-scm.com/docs/gitnamespaces). */
export const refName = (repository: Pick<Repository, 'id' | 'network'>, ref: string): string =>
  repository.id === repository.network ? ref : `refs/namespaces/${repository.id}/${ref}`

/** The SHA that a repository's branch points at. */
export const branchTip = (
  state: Pick<GitHubState, 'folder' | 'gits'>,
  repository: Repository,
  branch: string,
): string | undefined => gitOf(state, repository).ref(refName(repository, `refs/heads/${branch}`))

function openObjects(folder: string) {
  const cache = new Map<string, { type: ObjectType; bytes: Buffer }>()
  let cachedBytes = 0
  const pathOf = (oid: string) => join(folder, 'objects', oid.slice(0, 2), oid.slice(2))
  const keep = (oid: string, object: { type: ObjectType; bytes: Buffer }) => {
    cachedBytes += object.bytes.length
    if (cachedBytes > CACHE_BYTES_MAX) {
      cache.clear()
      cachedBytes = object.bytes.length
    }
    cache.set(oid, object)
    return object
  }
  return {
    write(type: ObjectType, bytes: Uint8Array): string {
      const { oid, whole } = encodeObject(type, bytes)
      if (cache.has(oid)) return oid
      if (!isThere(pathOf(oid))) writeObject(pathOf(oid), deflateSync(whole, { level: 1 }))
      keep(oid, { type, bytes: whole.subarray(whole.indexOf(0) + 1) })
      return oid
    },
    read(oid: string) {
      const known = cache.get(oid)
      if (known) return known
      if (!/^[0-9a-f]{40}$/.test(oid)) return undefined
      if (oid === EMPTY_TREE) return { type: 'tree' as const, bytes: Buffer.alloc(0) }
      return isThere(pathOf(oid)) ? keep(oid, decodeObject(inflateSync(readFileSync(pathOf(oid))))) : undefined
    },
  }
}

function loadRefs(folder: string): Map<string, string> {
  const files = readdirSync(join(folder, 'refs'), { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.endsWith('.lock'),
  )
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8').trim()]
    }),
  )
}

/** Removes a ref's file and the folders that it leaves empty, so that a ref may be named as such a folder was. */
function removeFile(path: string): void {
  rmSync(path, { force: true })
  for (let folder = dirname(path); basename(folder) !== 'refs'; folder = dirname(folder)) {
    if (!existsSync(folder) || readdirSync(folder).length > 0) return
    rmdirSync(folder)
  }
}

/** An object's file, unless a process died just when it had opened it. */
const isThere = (path: string) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0

/** A small object is written in one call, which a dying process makes or doesn't; that is twice as fast as renaming it. */
function writeObject(path: string, bytes: Uint8Array): void {
  if (bytes.length > ONE_WRITE_BYTES_MAX) writeWhole(path, bytes)
  else {
    if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytes)
  }
}

function writeWhole(path: string, bytes: string | Uint8Array): void {
  if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.lock`, bytes) // git lets no ref end in .lock
  renameSync(`${path}.lock`, path)
}

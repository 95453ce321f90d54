import type { Commit, ObjectType, TreeEntry } from './object.ts'

/** One bare repository on disk: objects by their SHA-1, and refs by their full names. All calls are synchronous, so each is whole. */
export type Git = {
  write(type: ObjectType, bytes: Uint8Array): string
  writeTree(entries: readonly TreeEntry[]): string
  writeCommit(commit: Commit): string
  typeOf(oid: string): ObjectType | undefined
  /** The objects whose SHA begins so; four letters at least. */
  find(beginning: string): string[]
  blob(oid: string): Buffer | undefined
  tree(oid: string): TreeEntry[] | undefined
  commit(oid: string): Commit | undefined
  ref(name: string): string | undefined
  /** Full names and SHAs of the refs that begin so, sorted by name. */
  refs(prefix: string): { name: string; oid: string }[]
  /** Points a ref somewhere; without a SHA it is removed. */
  setRef(name: string, oid: string | undefined): void
}

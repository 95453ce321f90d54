import { createHash } from 'node:crypto'

export type ObjectType = 'blob' | 'tree' | 'commit' | 'tag'
export type TreeEntry = { name: string; mode: string; oid: string }
/** Who did it and when: `seconds` since 1970. */
export type Signature = { name: string; email: string; seconds: number }
export type Commit = { tree: string; parents: string[]; author: Signature; committer: Signature; message: string }

export const FILE_MODE = '100644'
export const FOLDER_MODE = '040000'
/** The tree without entries, which git knows everywhere. */
export const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

/** An object as git stores and names it: its type, its length, its bytes (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects). */
export function encodeObject(type: ObjectType, bytes: Uint8Array): { oid: string; whole: Buffer } {
  const whole = Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes])
  return { oid: createHash('sha1').update(whole).digest('hex'), whole }
}

/** The type and the bytes of a stored object. Throws when it isn't one. */
export function decodeObject(whole: Buffer): { type: ObjectType; bytes: Buffer } {
  const end = whole.indexOf(0)
  const type = /^(blob|tree|commit|tag) \d+$/.exec(whole.toString('latin1', 0, end))?.[1]
  if (!type) throw new Error('Not an object of git')
  return { type: type as ObjectType, bytes: whole.subarray(end + 1) }
}

/** A tree's bytes; git orders entries as if a folder's name ended in a slash, and writes its mode without the zero. */
export function encodeTree(entries: readonly TreeEntry[]): Buffer {
  const sorted = entries.map((entry) => ({
    ...entry,
    key: Buffer.from(isFolder(entry) ? `${entry.name}/` : entry.name),
  }))
  sorted.sort((one, other) => Buffer.compare(one.key, other.key))
  return Buffer.concat(
    sorted.flatMap(({ mode, name, oid }) => [
      Buffer.from(`${mode.replace(/^0/, '')} ${name}\0`),
      Buffer.from(oid, 'hex'),
    ]),
  )
}

/** The entries of a tree. */
export function decodeTree(bytes: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = []
  let at = 0
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at)
    const end = bytes.indexOf(0, space)
    const mode = bytes.toString('latin1', at, space).padStart(6, '0')
    entries.push({ mode, name: bytes.toString('utf8', space + 1, end), oid: bytes.toString('hex', end + 1, end + 21) })
    at = end + 21
  }
  return entries
}

/** A commit's bytes. Times are written in UTC. */
export function encodeCommit({ tree, parents, author, committer, message }: Commit): Buffer {
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${signed(author)}`,
    `committer ${signed(committer)}`,
    '',
    message,
  ]
  return Buffer.from(lines.join('\n'))
}

/** A commit read back. */
export function decodeCommit(bytes: Buffer): Commit {
  const text = bytes.toString('utf8')
  const end = text.indexOf('\n\n')
  const head = text.slice(0, end).split('\n')
  const all = (key: string) =>
    head.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1))
  return {
    tree: all('tree')[0] ?? EMPTY_TREE,
    parents: all('parent'),
    author: unsigned(all('author')[0] ?? ''),
    committer: unsigned(all('committer')[0] ?? ''),
    message: text.slice(end + 2),
  }
}

/** Whether an entry is a folder. */
export const isFolder = ({ mode }: Pick<TreeEntry, 'mode'>): boolean => mode === FOLDER_MODE

/** What an entry points to, in git's words. */
export const typeOfMode = (mode: string): 'blob' | 'tree' | 'commit' => {
  if (mode === FOLDER_MODE) return 'tree'
  return mode === '160000' ? 'commit' : 'blob'
}

const signed = ({ name, email, seconds }: Signature) =>
  `${name.replace(/[<>\n]/g, '')} <${email.replace(/[<>\n]/g, '')}> ${seconds} +0000`

function unsigned(text: string): Signature {
  const [, name = '', email = '', seconds = '0'] = /^(.*?) ?<([^>]*)> (\d+)/.exec(text) ?? []
  return { name, email, seconds: Number(seconds) }
}

import { FILE_BYTES_MAX, FILES_MAX } from '../../../catalog/check/files.ts'
import { IMAGE_BYTES_MAX, SVG_BYTES_MAX } from '../../../catalog/picture/picture.ts'
import type { Repository } from '../repository-name.ts'

/** Something in a catalog's tree. `unread`: a file that no check reads, for its kind or its size; only its size matters. */
export type TreeEntry = { sha: string; kind: 'file' | 'unread' | 'link' | 'submodule'; size: number }

/** A catalog as git has it: the SHA of its tree, and what lies in it by path from the catalog folder. */
export type CatalogTree = { tree: string; entries: ReadonlyMap<string, TreeEntry> }

/** Most entries of a catalog, all folders together. */
export const ENTRIES_MAX = 3 * FILES_MAX
/** Most bytes of files that are read. */
export const CATALOG_BYTES_MAX = 1024 ** 3
/** Most bytes of YAML: thousands of long products, and yet read within seconds, whoever wrote them. */
export const YAML_BYTES_MAX = 64 * 1024 ** 2
/** Git refuses longer names on most disks. */
const SEGMENT_BYTES_MAX = 255
const DEPTH_MAX = 12
const SUBTREES_MAX = 500

const PICTURE = /\.(svg|png|jpg|webp)$/

/** A catalog that is too large or too odd to be laid out at all. `found` and `expected` are sentences for people. */
export class CatalogRefusedError extends Error {
  readonly found: string
  readonly expected: string
  constructor(found: string, expected: string) {
    super(`${found} ${expected}`)
    this.name = 'CatalogRefusedError'
    this.found = found
    this.expected = expected
  }
}

/**
 * Reads which files the catalog of a commit has: `shop.yaml` and what is in `products`, `assets` and `images`; the rest is nobody's
 * business here. Nothing when the commit has no folder `catalog`. Throws a CatalogRefusedError, or Octokit's errors.
 * https://docs.github.com/en/rest/git/trees#get-a-tree
 */
export async function readCatalogTree(repository: Repository, sha: string): Promise<CatalogTree | { none: true }> {
  const root = await getTree(repository, sha, false)
  const folder = root.items.find(({ path, type }) => path === 'catalog' && type === 'tree')
  if (!folder) return { none: true }
  const whole = await getTree(repository, folder.sha, true)
  const items = whole.truncated ? await walk(repository, folder.sha) : whole.items
  const entries = new Map(items.filter(isRead).map((item) => [item.path, entryOf(item)]))
  refuseTooMuch(entries)
  return { tree: folder.sha, entries }
}

type Item = { path: string; mode: string; type: string; sha: string; size: number }
type Listing = { items: Item[]; truncated: boolean }

async function getTree({ octokit, names }: Repository, sha: string, isRecursive: boolean): Promise<Listing> {
  const recursive = isRecursive ? { recursive: '1' } : {}
  const { data } = await octokit.rest.git.getTree({ ...names, tree_sha: sha, ...recursive })
  const items = data.tree.map(({ path = '', mode = '', type = '', sha = '', size = 0 }) => {
    return { path, mode, type, sha, size }
  })
  return { items, truncated: data.truncated === true }
}

/** The same as a recursive listing, folder by folder, for trees that GitHub doesn't list at once. */
async function walk(repository: Repository, sha: string): Promise<Item[]> {
  const found: Item[] = []
  const folders = [{ path: '', sha }]
  for (let next = folders.shift(), seen = 0; next; next = folders.shift(), seen += 1) {
    if (seen >= SUBTREES_MAX) throw new CatalogRefusedError('The catalog has too many folders.', atMost(SUBTREES_MAX))
    const { items } = await getTree(repository, next.sha, false)
    for (const item of items) {
      const placed = { ...item, path: next.path ? `${next.path}/${item.path}` : item.path }
      if (item.type === 'tree' && isOurs(`${placed.path}/`)) folders.push(placed)
      else found.push(placed)
    }
    if (found.length > ENTRIES_MAX)
      throw new CatalogRefusedError('The catalog has too many files.', atMost(ENTRIES_MAX))
  }
  return found
}

const atMost = (count: number) => `At most ${count} are read.`
const isOurs = (path: string) => path === 'shop.yaml' || /^(products|assets|images)\//.test(path)
const isRead = ({ path, type }: Item) =>
  type !== 'tree' && isOurs(path) && !path.split('/').some((segment) => /^\.[^.]/.test(segment))

function entryOf({ path, mode, type, sha, size }: Item): TreeEntry {
  refuseOddPath(path)
  if (type === 'commit') return { sha, kind: 'submodule', size: 0 }
  if (mode === '120000') return { sha, kind: 'link', size }
  return { sha, kind: size <= readableBytes(path) ? 'file' : 'unread', size }
}

/** Most bytes of a file that loadCatalog looks into; of a larger one it tells the size. */
function readableBytes(path: string): number {
  const picture = path.startsWith('images/') ? PICTURE.exec(path)?.[1] : undefined
  if (picture) return picture === 'svg' ? SVG_BYTES_MAX : IMAGE_BYTES_MAX
  return !path.startsWith('images/') && path.endsWith('.yaml') ? FILE_BYTES_MAX : 0
}

function refuseOddPath(path: string): void {
  const segments = path.split('/')
  const isOdd = (segment: string) =>
    segment === '' ||
    /^\.{1,2}$/.test(segment) ||
    /[\0\\]/.test(segment) ||
    Buffer.byteLength(segment) > SEGMENT_BYTES_MAX
  if (segments.length <= DEPTH_MAX && !segments.some(isOdd)) return
  throw new CatalogRefusedError('A file of the catalog has a name that disks refuse.', 'Give it a plain, short name.')
}

function refuseTooMuch(entries: ReadonlyMap<string, TreeEntry>): void {
  if (entries.size > ENTRIES_MAX) {
    throw new CatalogRefusedError(`The catalog has ${entries.size} files.`, atMost(ENTRIES_MAX))
  }
  refuseBytes(entries, 'files', CATALOG_BYTES_MAX, () => true)
  refuseBytes(entries, 'YAML files', YAML_BYTES_MAX, (path) => path.endsWith('.yaml'))
}

function refuseBytes(
  entries: ReadonlyMap<string, TreeEntry>,
  what: string,
  bytesMax: number,
  counts: (path: string) => boolean,
): void {
  const read = [...entries].filter(([path, { kind }]) => kind === 'file' && counts(path))
  const bytes = read.reduce((sum, [, { size }]) => sum + size, 0)
  if (bytes <= bytesMax) return
  const found = `The catalog's ${what} have ${Math.ceil(bytes / 1024 ** 2)} MB together.`
  throw new CatalogRefusedError(found, `At most ${bytesMax / 1024 ** 2} MB are read.`)
}

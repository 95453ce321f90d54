import type { CatalogProblem } from '../../../catalog/problem/problem.ts'
import { absentAt } from '../../github/absent.ts'
import { keyOfEntries, layOutCatalog } from '../../github/catalog/catalog-at.ts'
import { CatalogRefusedError, readCatalogTree, type TreeEntry } from '../../github/catalog/catalog-tree.ts'
import type { Subject } from '../../github/pulls/pulls.ts'
import type { Repository } from '../../github/repository-name.ts'
import type { Parts } from '../../parts.ts'
import { ownersFilesAt } from './agreed.ts'
import type { Known } from './approval.ts'
import type { Findings } from './findings.ts'
import { differingPaths, mergeCatalogs } from './merge.ts'

/** Most files that one pull request changes in the catalog; GitHub itself lists no more. */
const CHANGED_FILES_MAX = 3000
/** Most pictures of them: each is a request, of which GitHub gives us some thousands an hour for all that the shop does. */
const CHANGED_PICTURES_MAX = 500
/** Most bytes of YAML that one pull request changes: whoever wrote them, they are read within seconds, and buyers don't wait. */
const CHANGED_YAML_BYTES_MAX = 4 * 1024 ** 2

/** Most bytes that one pull request brings; a fork's is anybody's, and fills our disk. */
const FORK_BYTES_MAX = 64 * 1024 ** 2
const OWN_BYTES_MAX = 512 * 1024 ** 2

/** What is compared: two commits, where they parted, and whom it is for. */
export type Question = Pick<Findings, 'head' | 'base' | 'pull'> & {
  repository: Repository
  baseTip: string
  mergeBase: string
  /** The commit that GitHub itself made of the two, if it says so; it may be of older ones. */
  testMerge: string | null
  /** The pull requests that bring this commit into this branch: approvals of others don't count. */
  subjects: readonly Subject[]
  author: string
  /** Whether it comes from another repository, so that its author may have no rights in this one. */
  isFork: boolean
}

export type Loaded = { known: Known; problems: readonly CatalogProblem[]; tree: string }
/** The catalog before and after, by the files that differ. `conflicts`: files of which nobody knows what merging makes. */
export type Catalogs = { was: Loaded; is: Loaded; files: ReadonlySet<string>; conflicts: readonly string[] }

/** What a change makes of its branch: the catalogs, unless it leaves them alone, and which files of code owners it changes. */
export type Sides = { catalogs?: Catalogs; owners: ReadonlySet<string> }

type SideParts = Pick<Parts, 'config' | 'readApart'>
type Entries = ReadonlyMap<string, TreeEntry>

/** Brings both sides to the disk and reads them. Throws a CatalogRefusedError for what is beyond all bounds. */
export async function sidesOf(parts: SideParts, question: Question): Promise<Sides> {
  const { repository } = question
  const { origin, before, theirs } = await treesOf(question)
  const owners = before.size > 0 ? await changedOwnersFiles(question) : new Set<string>()
  if (differingPaths(origin, theirs).size === 0) return { owners }
  const { merged, conflicts } = await mergedBy(question, mergeCatalogs(origin, before, theirs))
  const files = differingPaths(before, merged)
  refuseTooMany(files, merged)
  refuseTooLarge(files, merged, question.isFork ? FORK_BYTES_MAX : OWN_BYTES_MAX)
  const was = await load(parts, repository, before)
  const is = await load(parts, repository, merged)
  return { catalogs: { was, is, files, conflicts }, owners }
}

async function treesOf({ repository, mergeBase, baseTip, head }: Question) {
  const parted = mergeBase === baseTip ? undefined : entriesAt(repository, mergeBase)
  const [origin, before, theirs] = await Promise.all([
    parted,
    entriesAt(repository, baseTip),
    entriesAt(repository, head),
  ])
  return { origin: origin ?? before, before, theirs }
}

async function entriesAt(repository: Repository, sha: string): Promise<Entries> {
  const found = await readCatalogTree(repository, sha)
  return 'none' in found ? new Map() : found.entries
}

/** The files that say who owns what, as far as merging changes them. */
async function changedOwnersFiles({ repository, mergeBase, baseTip, head }: Question): Promise<ReadonlySet<string>> {
  const [origin, before, theirs] = await ownersFilesAt(repository, [mergeBase, baseTip, head])
  if (!origin || !before || !theirs) return new Set()
  return differingPaths(before, mergeCatalogs(origin, before, theirs).merged)
}

type Merged = { merged: Entries; conflicts: readonly string[] }

/** Where both sides changed a file, git merges its lines, or follows a renaming: what GitHub made of exactly these two commits counts. */
async function mergedBy({ repository, testMerge, baseTip, head }: Question, ours: Merged): Promise<Merged> {
  if (ours.conflicts.length === 0 || !testMerge) return ours
  const asked = repository.octokit.rest.git.getCommit({ ...repository.names, commit_sha: testMerge })
  const parents = (await asked.catch(absentAt(404, 422)))?.data.parents.map(({ sha }) => sha)
  if (parents?.join() !== [baseTip, head].join()) return ours
  return { merged: await entriesAt(repository, testMerge), conflicts: [] }
}

/** The catalog that these entries make. They lie under a name of their own: git's name holds for more than is laid out. */
async function load(parts: SideParts, repository: Repository, entries: Entries): Promise<Loaded> {
  if (entries.size === 0) return { known: 'none', problems: [], tree: '' }
  const tree = keyOfEntries(entries)
  const { folder } = await layOutCatalog(parts.config.DATA_FOLDER, repository, { tree, entries })
  const loaded = await parts.readApart(folder)
  if ('problems' in loaded) return { known: 'broken', problems: loaded.problems, tree }
  return { known: loaded.catalog, problems: [], tree }
}

function refuseTooMany(files: ReadonlySet<string>, merged: Entries): void {
  const pictures = [...files].filter((path) => path.startsWith('images/') && !path.endsWith('.svg')).length
  const expected = 'Split it: at most'
  if (files.size > CHANGED_FILES_MAX) {
    const found = `This changes ${files.size} files of the catalog at once.`
    throw new CatalogRefusedError(found, `${expected} ${CHANGED_FILES_MAX} are checked together.`)
  }
  if (pictures > CHANGED_PICTURES_MAX) {
    const found = `This changes ${pictures} pictures at once.`
    throw new CatalogRefusedError(found, `${expected} ${CHANGED_PICTURES_MAX} are checked together.`)
  }
  refuseBytes(files, merged, CHANGED_YAML_BYTES_MAX, { what: 'YAML', counts: (path) => path.endsWith('.yaml') })
}

/** By what GitHub says of the files, before any of them is fetched. */
const refuseTooLarge = (files: ReadonlySet<string>, merged: Entries, bytesMax: number): void =>
  refuseBytes(files, merged, bytesMax, { what: 'data', counts: () => true })

function refuseBytes(
  files: ReadonlySet<string>,
  merged: Entries,
  bytesMax: number,
  { what, counts }: { what: string; counts: (path: string) => boolean },
): void {
  const entries = [...files].flatMap((path) => (counts(path) ? (merged.get(path) ?? []) : []))
  const bytes = entries.reduce((sum, { kind, size }) => sum + (kind === 'file' ? size : 0), 0)
  if (bytes <= bytesMax) return
  const expected = `Split it: at most ${bytesMax / 1024 ** 2} MB are checked together.`
  throw new CatalogRefusedError(`This changes too much ${what} at once.`, expected)
}

import { changesOf, same } from '../../../catalog/changes.ts'
import type { Catalog } from '../../../catalog/offer.ts'
import { type CatalogProblem, fileProblem } from '../../../catalog/problem/problem.ts'
import { absentAt } from '../../github/absent.ts'
import { tipOf } from '../../github/branch.ts'
import { keyOfEntries, layOutCatalog } from '../../github/catalog/catalog-at.ts'
import { CatalogRefusedError, readCatalogTree, type TreeEntry } from '../../github/catalog/catalog-tree.ts'
import type { Repository } from '../../github/repository-name.ts'
import { previewUrl } from '../../link.ts'
import type { Parts } from '../../parts.ts'
import { approvalsOf, codeOwnersAt } from './agreed.ts'
import { askedFor, type Known, type Need, needsOf, openNeeds } from './approval.ts'
import { lookAtAssets, missingFiles, warningsOf } from './assets.ts'
import { type Target, writeCheckRun } from './check-run.ts'
import type { Asked, Findings } from './findings.ts'
import { differingPaths, mergeCatalogs } from './merge.ts'
import { reportOf, troubleReport } from './report.ts'

export type CheckParts = Pick<Parts, 'config' | 'now' | 'log' | 'github' | 'githubApp' | 'readApart'>

/** All that a check does: it reads, and writes its own result. */
const PERMISSIONS = {
  checks: 'write',
  contents: 'read',
  pull_requests: 'read',
  issues: 'read',
  metadata: 'read',
} as const
/** Most files that one pull request changes in the catalog; GitHub itself lists no more. */
const CHANGED_FILES_MAX = 3000
/** Most pictures of them: each is a request, of which GitHub gives us some thousands an hour for all that the shop does. */
const CHANGED_PICTURES_MAX = 500
/** Most bytes of YAML that one pull request changes: whoever wrote them, they are read within seconds, and buyers don't wait. */
const CHANGED_YAML_BYTES_MAX = 4 * 1024 ** 2
/** Products whose card is shown. */
const PREVIEWS_MAX = 8

/** What is compared: two commits, where they parted, and whom it is for. */
type Question = Pick<Findings, 'head' | 'base' | 'pull'> & {
  repository: Repository
  baseTip: string
  mergeBase: string
  author: string
  /** Whether it comes from another repository, so that its author may have no rights in this one. */
  isFork: boolean
}

/**
 * Checks a pull request as it is now, and says so in its check run: what the catalog would be once it is merged, and what changes
 * by it. Nothing when it is closed or gone. Rejects when GitHub gives no answer: then it is to be tried again.
 */
export async function checkPull(
  parts: CheckParts,
  { repository, number, force = false }: { repository: string; number: number; force?: boolean },
): Promise<void> {
  const entered = await parts.githubApp.forRepository(repository, PERMISSIONS, 'checks')
  const { octokit, names } = entered
  const pull = await octokit.rest.pulls.get({ ...names, pull_number: number }).then(({ data }) => data, absentAt(404))
  if (pull?.state !== 'open') return
  const head = pull.head.sha
  const baseTip = await tipOf(entered, pull.base.ref)
  if (!baseTip) return
  const mergeBase = (await mergeBaseOf(entered, baseTip, head)) ?? baseTip
  const about = { repository: entered, head, base: pull.base.ref, pull: { number, isDraft: pull.draft === true } }
  const isFork = pull.head.repo?.full_name !== pull.base.repo.full_name
  const question = { ...about, baseTip, mergeBase, author: pull.user?.login ?? '', isFork }
  const findings = await findOut(parts, question)
  const elsewhere = await askedElsewhere(parts, question, pull.base.repo.default_branch)
  const isNew = (one: Asked) => !findings.asked.some((known) => same(known.what, one.what) && known.path === one.path)
  const report = reportOf({ ...findings, asked: [...findings.asked, ...elsewhere.filter(isNew)] })
  await writeCheckRun(targetOf(parts, entered, head, `pr:${number}`), report, { force })
}

/**
 * What the default branch asks of the same commit, for a pull request that goes elsewhere. GitHub's checks belong to commits: one
 * that is green for another branch would let the same commit into the shop, without the approvals that it needs there.
 */
async function askedElsewhere(parts: CheckParts, question: Question, base: string): Promise<readonly Asked[]> {
  if (question.base === base) return []
  const baseTip = await tipOf(question.repository, base)
  const mergeBase = baseTip && (await mergeBaseOf(question.repository, baseTip, question.head))
  if (!mergeBase) return [] // GitHub merges nothing that has nothing in common
  const there = { ...question, base, baseTip, mergeBase }
  const { problems, asked } = await findOut(parts, there)
  if (problems.length === 0) return asked
  const what = { text: 'On the default branch this could not be checked: it has problems there.' }
  return ask(there, [{ path: 'catalog/shop.yaml', who: 'admin', what }])
}

/** Checks a commit that a merge queue made: `base` is the commit that it is to follow. */
export async function checkCommit(
  parts: CheckParts,
  { repository, sha, base }: { repository: string; sha: string; base: string },
): Promise<void> {
  const entered = await parts.githubApp.forRepository(repository, PERMISSIONS, 'checks')
  const question = { repository: entered, head: sha, base: 'the merge queue', pull: null }
  const since = { baseTip: base, mergeBase: base, author: '', isFork: false }
  const findings = await findOut(parts, { ...question, ...since })
  await writeCheckRun(targetOf(parts, entered, sha, `commit:${sha}`), reportOf(findings))
}

/** Says in the check run that we could not check, so that nobody waits for what never comes. `why` is one sentence. */
export async function reportTrouble(
  parts: CheckParts,
  { repository, number, sha, why }: { repository: string; number?: number; sha?: string; why: string },
): Promise<void> {
  const entered = await parts.githubApp.forRepository(repository, PERMISSIONS, 'checks')
  const { octokit, names } = entered
  const head = sha ?? (number && (await octokit.rest.pulls.get({ ...names, pull_number: number })).data.head.sha)
  if (!head) return
  const subject = number ? `pr:${number}` : `commit:${head}`
  await writeCheckRun(targetOf(parts, entered, head, subject), troubleReport(why))
}

/** Where two commits parted; nothing where they have nothing in common: then all that differs is the head's doing. */
async function mergeBaseOf({ octokit, names }: Repository, baseTip: string, head: string): Promise<string | undefined> {
  const basehead = `${baseTip}...${head}`
  const asked = octokit.rest.repos.compareCommitsWithBasehead({ ...names, basehead, per_page: 1 })
  const compared = await asked.then(({ data }) => data, absentAt(404))
  return compared?.merge_base_commit.sha
}

async function findOut(parts: CheckParts, question: Question): Promise<Findings> {
  const { repository, head, base, pull } = question
  const findings = { ...nothingFound, head, base, pull }
  try {
    const { origin, before, theirs } = await treesOf(question)
    if (differingPaths(origin, theirs).size === 0) return findings
    const { merged, conflicts } = mergeCatalogs(origin, before, theirs)
    const files = differingPaths(before, merged)
    refuseTooMany(files, merged)
    const was = await load(parts, repository, before)
    const is = await load(parts, repository, merged)
    const found = await compare(parts, question, { was, is, files })
    return { ...findings, ...found, conflicts }
  } catch (error) {
    if (!(error instanceof CatalogRefusedError)) throw error
    const problem = fileProblem('.', error.found, error.expected)
    return { ...findings, before: 'broken', after: 'broken', problems: [problem] }
  }
}

const nothingFound: Omit<Findings, 'head' | 'base' | 'pull'> = {
  before: 'none',
  after: 'none',
  problems: [],
  inherited: 0,
  warnings: [],
  conflicts: [],
  changes: null,
  assets: [],
  assetsUnseen: 0,
  asked: [],
  previews: new Map(),
}

type Entries = ReadonlyMap<string, TreeEntry>
type Loaded = { known: Known; problems: readonly CatalogProblem[]; tree: string }

async function treesOf({ repository, mergeBase, baseTip, head }: Question) {
  const read = async (sha: string): Promise<Entries> => {
    const found = await readCatalogTree(repository, sha)
    return 'none' in found ? new Map() : found.entries
  }
  const parted = mergeBase === baseTip ? undefined : read(mergeBase)
  const [origin, before, theirs] = await Promise.all([parted, read(baseTip), read(head)])
  return { origin: origin ?? before, before, theirs }
}

/** The catalog that these entries make. They lie under a name of their own: git's name holds for more than is laid out. */
async function load(parts: CheckParts, repository: Repository, entries: Entries): Promise<Loaded> {
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
  const sizes = [...files].map((path) => (path.endsWith('.yaml') ? (merged.get(path)?.size ?? 0) : 0))
  if (sizes.reduce((sum, size) => sum + size, 0) > CHANGED_YAML_BYTES_MAX) {
    const found = 'This changes too much YAML at once.'
    throw new CatalogRefusedError(found, `${expected} ${CHANGED_YAML_BYTES_MAX / 1024 ** 2} MB are checked together.`)
  }
}

type Compared = { was: Loaded; is: Loaded; files: ReadonlySet<string> }

async function compare(
  parts: CheckParts,
  question: Question,
  { was, is, files }: Compared,
): Promise<Partial<Findings>> {
  const common = { before: was.known, after: is.known, problems: is.problems, inherited: inherited(was, is) }
  if (is.known === 'broken') return common
  const asked = await ask(question, needsOf(was.known, is.known))
  if (is.known === 'none' || was.known === 'broken') return { ...common, asked }
  const changes = changesOf(was.known === 'none' ? null : was.known, is.known, files)
  const known = question.isFork ? repositoriesOf(was.known) : undefined
  const { facts, unseen } = await lookAtAssets(parts, is.known, changes, known)
  const missing = await missingFiles(is.known, facts, changes.assets)
  const shown = changes.products.filter(({ after }) => after && after.status !== 'retired').slice(0, PREVIEWS_MAX)
  return {
    ...common,
    ...{ asked, changes, assets: facts, assetsUnseen: unseen },
    problems: [...is.problems, ...missing.problems],
    warnings: [...missing.warnings, ...(await warningsOf(is.known as Catalog, changes))],
    previews: new Map(shown.map(({ id }) => [id, previewUrl(parts.config, is.tree, id)])),
  }
}

/** Where the shop's files are so far, in lower case. */
const repositoriesOf = (known: Catalog | 'none'): ReadonlySet<string> =>
  new Set(known === 'none' ? [] : [...known.assets.values()].map(({ release }) => release.repository.toLowerCase()))

function inherited(was: Loaded, is: Loaded): number {
  const keyOf = ({ file, found, expected }: CatalogProblem) => [file, found, expected].join('\n')
  const old = new Set(was.problems.map(keyOf))
  return is.problems.filter((problem) => old.has(keyOf(problem))).length
}

/** A merge queue takes only what was approved; it is not asked for again. */
async function ask(question: Question, needs: readonly Need[]): Promise<Asked[]> {
  if (needs.length === 0) return []
  const { repository, pull, head, baseTip, author } = question
  const ownersOf = await codeOwnersAt(repository, baseTip)
  const approvals = pull ? await approvalsOf(repository, { number: pull.number, head }) : []
  const open = new Set(pull ? openNeeds(needs, approvals, ownersOf, author) : [])
  return needs.map((need) => ({ ...need, ...askedFor(need, ownersOf(need.path)), isOpen: open.has(need) }))
}

function targetOf(parts: CheckParts, repository: Repository, sha: string, subject: string): Target {
  return { repository, sha, subject, appId: parts.config.GITHUB_APP_ID }
}

import { changesOf } from '../../../catalog/changes.ts'
import { paintProblems } from '../../../catalog/picture/painted.ts'
import { type CatalogProblem, fileProblem } from '../../../catalog/problem/problem.ts'
import { absentAt } from '../../github/absent.ts'
import { tipOf } from '../../github/branch.ts'
import { forgetPull, rememberPull, trimCatalogs } from '../../github/catalog/cache.ts'
import { CatalogRefusedError } from '../../github/catalog/catalog-tree.ts'
import { entriesUpTo, type QueueEntry } from '../../github/pulls/merge-queue.ts'
import { openPullsAt } from '../../github/pulls/pulls.ts'
import type { Repository } from '../../github/repository-name.ts'
import type { JobOutcome } from '../../job/job.ts'
import { previewUrl } from '../../link.ts'
import type { Parts } from '../../parts.ts'
import { ask, askedInAll, askOnly } from './ask.ts'
import { lookAtAssets, warningsOf, wrongFiles } from './assets.ts'
import { type Target, writeCheckRun } from './check-run.ts'
import type { Asked, Findings } from './findings.ts'
import { reportOf, troubleReport } from './report.ts'
import { type Catalogs, type Loaded, type Question, sidesOf } from './sides.ts'

export type CheckParts = Pick<Parts, 'config' | 'now' | 'log' | 'github' | 'githubApp' | 'readApart'>

/** All that a check does: it reads, and writes its own result. */
const PERMISSIONS = {
  checks: 'write',
  contents: 'read',
  pull_requests: 'read',
  issues: 'read',
  metadata: 'read',
} as const
const QUEUE_PERMISSIONS = { ...PERMISSIONS, merge_queues: 'read' } as const
/** Products whose card is shown. */
const PREVIEWS_MAX = 8
const DONE: JobOutcome = { end: 'done' }

/**
 * Checks a pull request as it is now, and says so in its check run: what the catalog would be once it is merged, and what changes
 * by it. Nothing when it is closed or gone. Rejects when GitHub gives no answer: then it is to be tried again.
 */
export async function checkPull(
  parts: CheckParts,
  { repository, number, force = false }: { repository: string; number: number; force?: boolean },
): Promise<JobOutcome> {
  const entered = await parts.githubApp.forRepository(repository, PERMISSIONS, 'checks')
  const { octokit, names } = entered
  const pull = await octokit.rest.pulls.get({ ...names, pull_number: number }).then(({ data }) => data, absentAt(404))
  if (pull?.state !== 'open') {
    await forgetPull(parts.config.DATA_FOLDER, { repository, number })
    return DONE
  }
  const head = pull.head.sha
  const baseTip = await tipOf(entered, pull.base.ref)
  if (!baseTip) return DONE
  const mergeBase = (await mergeBaseOf(entered, baseTip, head)) ?? baseTip
  const about = { repository: entered, head, base: pull.base.ref, pull: { number, isDraft: pull.draft === true } }
  const author = pull.user?.login ?? ''
  const isFork = pull.head.repo?.full_name !== pull.base.repo.full_name
  const testMerge = pull.mergeable ? pull.merge_commit_sha : null
  const since = { baseTip, mergeBase, testMerge, subjects: [{ number, head, author }], author, isFork }
  const question = { ...about, ...since }
  const findings = await findOut(parts, question)
  const asked = askedInAll([findings.asked, await askedElsewhere(parts, question, pull.base.repo.default_branch)])
  await writeCheckRun(targetOf(parts, entered, head, `pr:${number}`), reportOf({ ...findings, asked }), { force })
  if (findings.tree) await rememberPull(parts.config.DATA_FOLDER, { repository, number }, findings.tree)
  await trimCatalogs(parts.config.DATA_FOLDER, parts.now())
  const isYetToMerge = findings.conflicts.length > 0 && pull.mergeable !== false
  return isYetToMerge ? { end: 'retry', reason: 'GitHub has not said yet what merging makes of it' } : DONE
}

/**
 * What the default branch asks of the same commit, for a change that goes elsewhere. GitHub's checks belong to commits: one that is
 * green for another branch would let the same commit into the shop. What was agreed for that other branch says nothing here.
 */
async function askedElsewhere(parts: CheckParts, question: Question, base: string): Promise<readonly Asked[]> {
  if (question.base === base) return []
  const { repository, head } = question
  const baseTip = await tipOf(repository, base)
  const mergeBase = baseTip && (await mergeBaseOf(repository, baseTip, head))
  if (!mergeBase) return [] // GitHub merges nothing that has nothing in common
  const subjects = (await openPullsAt(repository, head)).filter((pull) => pull.base === base)
  return askOnly(parts, { ...question, base, baseTip, mergeBase, testMerge: null, subjects })
}

/**
 * Checks a commit that GitHub's merge queue has made of a branch and of pull requests, each of which needs what it changes approved
 * by itself. Nothing for any other commit: what a branch is called proves nothing, and a pull request's head has a check of its own.
 */
export async function checkCommit(parts: CheckParts, asked: Queued): Promise<JobOutcome> {
  const { entered, entries } = await enterQueue(parts, asked)
  const last = entries.at(-1)
  if (!last) return DONE
  const { default_branch: home } = (await entered.octokit.rest.repos.get(entered.names)).data
  const base = asked.branch ?? home
  const questionOf = ({ sha, on, pull }: QueueEntry): Question => {
    const about = { repository: entered, head: sha, base, pull: null, baseTip: on, mergeBase: on, testMerge: null }
    return { ...about, subjects: [pull], author: pull.author, isFork: false }
  }
  const findings = await findOut(parts, questionOf(last))
  const places: (readonly Asked[])[] = [findings.asked]
  for (const entry of entries.slice(0, -1)) places.push(await askOnly(parts, questionOf(entry)))
  places.push(await askedElsewhere(parts, questionOf(last), home))
  const target = targetOf(parts, entered, asked.sha, `commit:${asked.sha}`)
  await writeCheckRun(target, reportOf({ ...findings, asked: askedInAll(places) }))
  return DONE
}

/** A commit that a merge queue is said to have made; of the default branch's, unless a branch is named. */
type Queued = { repository: string; sha: string; branch?: string }

async function enterQueue(parts: CheckParts, { repository, sha, branch }: Queued) {
  const entered = await parts.githubApp.forRepository(repository, QUEUE_PERMISSIONS, 'checks')
  const entries = await entriesUpTo(entered, { sha, branch })
  const isHead = entries.length > 0 && (await openPullsAt(entered, sha)).length > 0
  return { entered, entries: isHead ? [] : entries }
}

/** Says in the check run that we could not check, so that nobody waits for what never comes. `why` is one sentence. */
export async function reportTrouble(
  parts: CheckParts,
  { why, ...work }: ({ repository: string; number: number } | Queued) & { why: string },
): Promise<void> {
  if ('sha' in work) {
    const { entered, entries } = await enterQueue(parts, work)
    if (entries.length === 0) return
    return writeCheckRun(targetOf(parts, entered, work.sha, `commit:${work.sha}`), troubleReport(why))
  }
  const entered = await parts.githubApp.forRepository(work.repository, PERMISSIONS, 'checks')
  const { data } = await entered.octokit.rest.pulls.get({ ...entered.names, pull_number: work.number })
  await writeCheckRun(targetOf(parts, entered, data.head.sha, `pr:${work.number}`), troubleReport(why))
}

/** Where two commits parted; nothing where they have nothing in common: then all that differs is the head's doing. */
async function mergeBaseOf({ octokit, names }: Repository, baseTip: string, head: string): Promise<string | undefined> {
  const basehead = `${baseTip}...${head}`
  const asked = octokit.rest.repos.compareCommitsWithBasehead({ ...names, basehead, per_page: 1 })
  const compared = await asked.then(({ data }) => data, absentAt(404))
  return compared?.merge_base_commit.sha
}

async function findOut(parts: CheckParts, question: Question): Promise<Findings> {
  const { head, base, pull } = question
  const findings = { ...nothingFound, head, base, pull }
  try {
    const sides = await sidesOf(parts, question)
    const asked = await ask(question, sides)
    return { ...findings, ...(sides.catalogs && (await compare(parts, question, sides.catalogs))), asked }
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
  tree: null,
  previews: new Map(),
}

async function compare(parts: CheckParts, question: Question, catalogs: Catalogs): Promise<Partial<Findings>> {
  const { was, is, files, conflicts } = catalogs
  const problems = [...conflicts.map((path) => conflictProblem(path, question.base)), ...is.problems]
  const common = {
    before: was.known,
    after: is.known,
    problems,
    conflicts,
    inherited: inherited(was, is),
    tree: is.tree,
  }
  if (is.known === 'broken' || is.known === 'none' || was.known === 'broken') return common
  const changes = changesOf(was.known === 'none' ? null : was.known, is.known, files)
  const author = { login: question.author, isFork: question.isFork }
  const { facts, unseen } = await lookAtAssets(parts, { before: was.known, after: is.known, changes }, author)
  const drawn = await paintProblems(is.known, { only: files })
  const wrong = await wrongFiles(is.known, facts, changes.assets)
  const shown = changes.products.filter(({ after }) => after && after.status !== 'retired').slice(0, PREVIEWS_MAX)
  return {
    ...common,
    ...{ changes, assets: facts.filter(({ isTold }) => isTold), assetsUnseen: unseen },
    problems: [...problems, ...drawn, ...wrong.problems],
    warnings: [...wrong.warnings, ...(await warningsOf(is.known, changes))],
    previews: new Map(shown.map(({ id }) => [id, previewUrl(parts.config, is.tree, id)])),
  }
}

/** What git would make of it is not known, and a guess would be approved in its place. */
const conflictProblem = (path: string, base: string): CatalogProblem => {
  const found = `This file was changed here and in ${base} too, and what merging makes of it is not known.`
  return fileProblem(path, found, 'Bring the branch up to date ("Update branch"), and resolve what contradicts.')
}

function inherited(was: Loaded, is: Loaded): number {
  const keyOf = ({ file, found, expected }: CatalogProblem) => [file, found, expected].join('\n')
  const old = new Set(was.problems.map(keyOf))
  return is.problems.filter((problem) => old.has(keyOf(problem))).length
}

function targetOf(parts: CheckParts, repository: Repository, sha: string, subject: string): Target {
  return { repository, sha, subject, appId: parts.config.GITHUB_APP_ID }
}

import type { ProbotOctokit } from 'probot'
import { moveBranch, removeBranch, startBranch, writeCommit } from '../../github/branch.ts'
import type { Repository } from '../../github/repository-name.ts'
import { assetPath, changedFiles, digestOf, type ReleaseUpdate } from './plan.ts'
import { BRANCHES, bodyOf, branchOf, type Mark, markIn, replacedBy, titleOf } from './words.ts'

/** Open pull requests that are looked through for older releases. */
const OPEN_PULLS_MAX = 300
const PAGE = 100

/** The shop's repository as it is now: its default branch, and the assets' files by id. */
export type ShopSide = Repository & {
  base: string
  commit: string
  texts: ReadonlyMap<string, string>
  githubUrl: string
}
type Pull = Awaited<ReturnType<ProbotOctokit['rest']['pulls']['list']>>['data'][number]
type Proposed = { number: number; isNew: boolean }

/**
 * Proposes a release by one pull request, found again by its branch. One that a person closed is not opened again, and
 * one that a person pushed to is left to people. Nothing when none is open after it.
 */
export async function proposeRelease(shop: ShopSide, release: ReleaseUpdate): Promise<Proposed | undefined> {
  const { octokit, names } = shop
  const branch = branchOf(release)
  const head = `${names.owner}:${branch}`
  const { data: pulls } = await octokit.rest.pulls.list({ ...names, head, state: 'all', per_page: PAGE })
  const open = pulls.find(({ state }) => state === 'open')
  if (open) return bringUpToDate(shop, release, open)
  if (pulls.length > 0) return undefined
  const files = changedFiles(release.updates, shop.texts)
  const title = titleOf(release)
  const sha = await startBranch(shop, branch, { parent: shop.commit, message: title, files })
  if (!sha) return undefined
  const body = bodyOf(release, shop.githubUrl, markOf(release, sha, files))
  const { data } = await octokit.rest.pulls.create({ ...names, title, body, head: branch, base: shop.base })
  return { number: data.number, isNew: true }
}

const markOf = ({ repository, updates }: ReleaseUpdate, head: string, files: ReadonlyMap<string, string>): Mark => {
  return { head, want: digestOf(files), repository, assets: updates.map(({ asset }) => asset.id) }
}

/** Another commit on the branch where the assets' files, or which assets follow, have changed meanwhile. */
async function bringUpToDate(shop: ShopSide, release: ReleaseUpdate, pull: Pull): Promise<Proposed> {
  const { octokit, names, githubUrl } = shop
  const done = { number: pull.number, isNew: false }
  const mark = markIn(pull.body)
  const files = changedFiles(release.updates, shop.texts)
  if (!mark || mark.head !== pull.head.sha || mark.want === digestOf(files)) return done
  const backAsTheyAre = mark.assets.flatMap((id) => {
    const text = shop.texts.get(id)
    return text === undefined || files.has(assetPath(id)) ? [] : [[assetPath(id), text] as const]
  })
  const title = titleOf(release)
  const change = { parent: mark.head, message: title, files: new Map([...files, ...backAsTheyAre]) }
  const sha = await writeCommit(shop, change)
  if (!(await moveBranch(shop, pull.head.ref, sha))) return done
  const body = bodyOf(release, githubUrl, markOf(release, sha, files))
  await octokit.rest.pulls.update({ ...names, pull_number: pull.number, title, body })
  return done
}

/** Closes what older releases proposed, once a newer one brings every asset of theirs; where people pushed, says so once. */
export async function retireOlder(
  shop: ShopSide,
  proposed: ReadonlyMap<ReleaseUpdate, Proposed>,
  repository: string,
): Promise<void> {
  const newer = new Map(
    [...proposed].flatMap(([{ updates }, pull]) => updates.map(({ asset }) => [asset.id, pull] as const)),
  )
  const current = new Set([...proposed.values()].map(({ number }) => number))
  for (const pull of await openPulls(shop)) {
    const mark = markIn(pull.body)
    if (mark?.repository.toLowerCase() !== repository.toLowerCase() || current.has(pull.number)) continue
    const replacements = mark.assets.map((id) => newer.get(id))
    const [first] = replacements
    if (first && replacements.every(Boolean)) await retire(shop, pull, mark, first)
  }
}

async function openPulls({ octokit, name, names }: ShopSide): Promise<Pull[]> {
  const found: Pull[] = []
  const query = { ...names, state: 'open', per_page: PAGE } as const
  for await (const { data } of octokit.paginate.iterator(octokit.rest.pulls.list, query)) {
    found.push(...data)
    if (found.length >= OPEN_PULLS_MAX) break
  }
  const ours = name.toLowerCase()
  return found.filter(({ head }) => head.ref.startsWith(BRANCHES) && head.repo?.full_name.toLowerCase() === ours)
}

async function retire(shop: ShopSide, pull: Pull, mark: Mark, by: Proposed): Promise<void> {
  const { octokit, names } = shop
  const isUntouched = mark.head === pull.head.sha
  if (!isUntouched && !by.isNew) return
  const body = replacedBy(by.number, isUntouched)
  await octokit.rest.issues.createComment({ ...names, issue_number: pull.number, body })
  if (!isUntouched) return
  await octokit.rest.pulls.update({ ...names, pull_number: pull.number, state: 'closed' })
  await removeBranch(shop, pull.head.ref)
}

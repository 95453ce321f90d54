import type { ProbotOctokit } from 'probot'
import type { CatalogProblem } from '../../catalog/problem.ts'
import type { Asset } from '../../catalog/schema/asset.ts'
import type { ApprovedFile } from '../shop/event.ts'
import { codeCell, codeSpan } from './check/escape.ts'
import type { Head } from './head.ts'

// One issue for each thing that needs a person: opened once, kept up to date, closed when it is mended. A mark that nobody
// sees says which is which; nothing else is remembered, so a crash loses nothing.

/** `mark` names what the issue is about, such as `broken-catalog`; of one mark there is one open issue. */
export type IssueText = { mark: string; title: string; body: string }

/** The label of everything that the App opens. */
export const LABEL = 'tagsale'
const MARK = /^[a-z0-9][a-z0-9:._-]{0,99}$/
const TITLE_CHARACTERS_MAX = 256
/** GitHub takes no longer text. */
const BODY_CHARACTERS_MAX = 65_536

/** More than these, and the check says the rest. */
const PROBLEMS_TOLD_MAX = 20
const PROBLEM_CHARACTERS_MAX = 400
const NAMES_TOLD_MAX = 50
const COMMIT_CHARACTERS = 7

type Names = { owner: string; repo: string }
type OpenIssue = { number: number; title: string; body: string }

/**
 * Sees to it that one issue with this mark is open and says this. Gives its number; none where the repository has no
 * issues. Two that were opened at the same time become one again. Rejects with Octokit's errors.
 */
export async function keepIssue(
  octokit: ProbotOctokit,
  repository: string,
  text: IssueText,
): Promise<number | undefined> {
  const names = namesOf(repository)
  const wanted = { title: text.title.slice(0, TITLE_CHARACTERS_MAX), body: markedBody(text) }
  const [first, ...copies] = await openIssues(octokit, names, text.mark)
  for (const { number } of copies) {
    await octokit.rest.issues.update({ ...names, issue_number: number, state: 'closed', state_reason: 'not_planned' })
  }
  if (!first) return openIssue(octokit, names, wanted)
  if (first.title !== wanted.title || !isSameText(first.body, wanted.body)) {
    await octokit.rest.issues.update({ ...names, issue_number: first.number, ...wanted })
  }
  return first.number
}

/**
 * Closes the open issue with this mark, if there is one, and says why (Markdown). Gives whether there was one. A crash in the
 * middle may cost the words, and never says them twice.
 */
export async function closeIssue(
  octokit: ProbotOctokit,
  repository: string,
  mark: string,
  comment: string,
): Promise<boolean> {
  const names = namesOf(repository)
  const open = await openIssues(octokit, names, mark)
  for (const { number } of open) {
    await octokit.rest.issues.update({ ...names, issue_number: number, state: 'closed', state_reason: 'completed' })
    await octokit.rest.issues.createComment({ ...names, issue_number: number, body: comment })
  }
  return open.length > 0
}

function namesOf(repository: string): Names {
  const [owner = '', repo = ''] = repository.split('/')
  return { owner, repo }
}

function markLine(mark: string): string {
  if (!MARK.test(mark)) throw new Error(`not a mark: ${mark}`)
  return `<!-- tagsale:${mark} -->`
}

const markedBody = ({ mark, body }: IssueText): string => `${markLine(mark)}\n${body}`.slice(0, BODY_CHARACTERS_MAX)

/** GitHub keeps line ends as they were typed, and drops blank ones at the end. */
const isSameText = (a: string, b: string): boolean =>
  a.replaceAll('\r\n', '\n').trim() === b.replaceAll('\r\n', '\n').trim()

/** Open issues that begin with the mark, oldest first. Only an App's count: anybody can write the mark into an issue. */
async function openIssues(octokit: ProbotOctokit, names: Names, mark: string): Promise<OpenIssue[]> {
  const line = markLine(mark)
  const list = octokit.rest.issues.listForRepo
  const all = await octokit.paginate(list, { ...names, state: 'open', labels: LABEL, per_page: 100 }).catch(noIssues)
  return all
    .filter((issue) => !issue.pull_request && issue.user?.type === 'Bot' && issue.body?.startsWith(line))
    .map(({ number, title, body }) => ({ number, title, body: body ?? '' }))
    .toSorted((a, b) => a.number - b.number)
}

async function openIssue(octokit: ProbotOctokit, names: Names, text: Omit<OpenIssue, 'number'>) {
  const made = await octokit.rest.issues.create({ ...names, ...text, labels: [LABEL] }).catch(noIssues)
  return 'data' in made ? made.data.number : undefined
}

/** 410: issues are switched off in that repository. */
function noIssues(error: { status?: number }): never[] {
  if (error.status !== 410) throw error
  return []
}

export type IssueWords = Omit<IssueText, 'mark'>

/** A commit with mistakes, and the one that stays live (none before the shop was ever open). `githubUrl` is GitHub's own, for links. */
export type BrokenCatalog = {
  head: Pick<Head, 'repository' | 'commit' | 'by'>
  problems: readonly CatalogProblem[]
  live?: { commit: string } | undefined
  githubUrl: string
}

/** The default branch has a catalog that can't be sold from. */
export function brokenCatalogIssue({ head, problems, live, githubUrl }: BrokenCatalog): IssueWords {
  const { repository, commit, by } = head
  const count = problems.length === 1 ? 'one mistake' : `${problems.length} mistakes`
  const link = (sha: string) => `[\`${sha.slice(0, COMMIT_CHARACTERS)}\`](${githubUrl}/${repository}/commit/${sha})`
  const more = problems.length - PROBLEMS_TOLD_MAX
  const body = `The catalog on the default branch has ${count} since commit ${link(commit)}${by ? ` by ${codeSpan(by)}` : ''}, so the shop did not take it.

**What buyers see:** ${live ? `everything as it was at ${link(live.commit)}. That stays for sale, at those prices.` : 'the shop is not open yet.'}

${problems
  .slice(0, PROBLEMS_TOLD_MAX)
  .map((problem) => problemLine(problem, `${githubUrl}/${repository}/blob/${commit}`))
  .join('\n')}
${more > 0 ? `\nAnd ${more} more: \`npx tagsale check\` tells all of them.\n` : ''}
**To mend it:** open a pull request that corrects these lines, or one that reverts the commit. The check on it says whether all is well. When it is merged, the shop follows within a minute, and this issue closes by itself.
`
  return { title: `The catalog has ${count}, so the shop stays as it was`, body }
}

function problemLine({ file, line, found, expected }: CatalogProblem, root: string): string {
  const path = `catalog/${file}`
  const address = `${root}/${path.split('/').map(encodeURIComponent).join('/')}#L${line}`
  return `- [${codeSpan(`${path}:${line}`)}](${address.replaceAll(/[()]/g, encodeParenthesis)}): ${codeSpan(`${found} ${expected}`, PROBLEM_CHARACTERS_MAX)}`
}

/** They end a link in Markdown, and encodeURIComponent leaves them. */
const encodeParenthesis = (letter: string) => (letter === '(' ? '%28' : '%29')

/** Other bytes lie under the name of an approved file. */
export function changedFileIssue({ id }: Pick<Asset, 'id'>, approved: ApprovedFile, found: ApprovedFile): IssueWords {
  const { repository, tag, file } = found.file
  const body = `The file of ${codeSpan(`catalog/assets/${id}.yaml`)} is not the one that was approved any more. **Its delivery has stopped**, so that nobody gets what nobody looked at.

| | Approved | There now |
|---|---|---|
| File | ${fileCell(approved)} | ${fileCell(found)} |
| SHA-256 | ${digestCell(approved)} | ${digestCell(found)} |
| Bytes | ${approved.size} | ${found.size} |

Did you not change it? Then find out who did, in the releases of ${codeSpan(repository)}.

**To mend it,** do one of these:

1. Best: put ${codeSpan(file)} as it was back into the release ${codeSpan(tag)}, publish the new bytes as a **new release**, and name its tag in the asset by pull request. Buyers then see that there is a new version.
2. To sell the new bytes under the old name: set \`review: draft\` by one pull request, and \`review: approved\` by another. Whoever approves the second one approves these bytes. Products that give the file can't be \`live\` in between: make them \`status: retired\` in the first, and \`live\` again in the second.

Immutable releases, in the repository's settings, keep this from happening again. This issue closes by itself.
`
  return { title: `The file of ${id} has changed, and is not delivered`, body }
}

const fileCell = ({ file }: ApprovedFile) => codeCell(`${file.file} in ${file.tag} of ${file.repository}`)
const digestCell = ({ sha256 }: ApprovedFile) => (sha256 ? codeCell(sha256) : 'GitHub knows none')

/** The App can't enter the repositories of these files any more. */
export function lostFilesIssue(assets: readonly Pick<Asset, 'id' | 'release'>[]): IssueWords {
  const repositories = [...new Set(assets.map(({ release }) => release.repository))]
  const names = (all: readonly string[]) => {
    const more = all.length > NAMES_TOLD_MAX ? `\n- and ${all.length - NAMES_TOLD_MAX} more` : ''
    return `${all
      .slice(0, NAMES_TOLD_MAX)
      .map((name) => `- ${codeSpan(name)}`)
      .join('\n')}${more}`
  }
  const body = `The App can not reach these repositories any more:

${names(repositories)}

So buyers can not download these files, not even those who paid for them:

${names(assets.map(({ id }) => `catalog/assets/${id}.yaml`))}

**To mend it:** let the App into the repositories again (your organisation's settings, *GitHub Apps*, *Configure*, *Repository access*). Was one renamed or deleted? Then name the new place in the assets by pull request. Orders are not lost: every download works again as soon as the file can be reached, and this issue closes by itself.
`
  const count = assets.length === 1 ? 'a file' : `${assets.length} files`
  return { title: `Buyers can not download ${count}`, body }
}

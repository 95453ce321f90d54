import type { Repository } from './repository-name.ts'

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

type OpenIssue = { number: number; title: string; body: string }

/**
 * Sees to it that one issue with this mark is open and says this. Gives its number; none where the repository has no
 * issues. Two that were opened at the same time become one again. Rejects with Octokit's errors.
 */
export async function keepIssue(repository: Repository, text: IssueText): Promise<number | undefined> {
  const { octokit, names } = repository
  const wanted = { title: text.title.slice(0, TITLE_CHARACTERS_MAX), body: markedBody(text) }
  const [first, ...copies] = await openIssues(repository, text.mark)
  for (const { number } of copies) {
    await octokit.rest.issues.update({ ...names, issue_number: number, state: 'closed', state_reason: 'not_planned' })
  }
  if (!first) return openIssue(repository, wanted)
  if (first.title !== wanted.title || !isSameText(first.body, wanted.body)) {
    await octokit.rest.issues.update({ ...names, issue_number: first.number, ...wanted })
  }
  return first.number
}

/**
 * Closes the open issue with this mark, if there is one, and says why (Markdown). Gives whether there was one. A crash in the
 * middle may cost the words, and never says them twice.
 */
export async function closeIssue(repository: Repository, mark: string, comment: string): Promise<boolean> {
  const { octokit, names } = repository
  const open = await openIssues(repository, mark)
  for (const { number } of open) {
    await octokit.rest.issues.update({ ...names, issue_number: number, state: 'closed', state_reason: 'completed' })
    await octokit.rest.issues.createComment({ ...names, issue_number: number, body: comment })
  }
  return open.length > 0
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
async function openIssues({ octokit, names }: Repository, mark: string): Promise<OpenIssue[]> {
  const line = markLine(mark)
  const list = octokit.rest.issues.listForRepo
  const all = await octokit.paginate(list, { ...names, state: 'open', labels: LABEL, per_page: 100 }).catch(noIssues)
  return all
    .filter((issue) => !issue.pull_request && issue.user?.type === 'Bot' && issue.body?.startsWith(line))
    .map(({ number, title, body }) => ({ number, title, body: body ?? '' }))
    .toSorted((a, b) => a.number - b.number)
}

async function openIssue({ octokit, names }: Repository, text: Omit<OpenIssue, 'number'>) {
  const made = await octokit.rest.issues.create({ ...names, ...text, labels: [LABEL] }).catch(noIssues)
  return 'data' in made ? made.data.number : undefined
}

/** 410: issues are switched off in that repository. */
function noIssues(error: { status?: number }): never[] {
  if (error.status !== 410) throw error
  return []
}

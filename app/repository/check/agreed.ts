import { absentAt } from '../../github/absent.ts'
import {
  CODEOWNERS_BYTES_MAX,
  CODEOWNERS_PATHS,
  type Owners,
  ownersOf,
  parseCodeowners,
} from '../../github/pulls/codeowners.ts'
import { baseChangedAt, type Subject } from '../../github/pulls/pulls.ts'
import type { Repository } from '../../github/repository-name.ts'
import { parseCommand } from '../command.ts'
import type { Approval } from './approval.ts'
import type { Entry } from './merge.ts'

const PER_PAGE = 100
/** Newer ones than the first thousand count for nothing; nobody has that many. */
const PAGES_MAX = 10
/** Most people whose role is looked up; those who belong here first, so that no crowd of strangers hides an admin. */
const PEOPLE_MAX = 30
const BELONGING = new Set(['OWNER', 'MEMBER', 'COLLABORATOR'])

/**
 * Who agreed to a pull request as it is now, and what they may do there: by an approving review of its head, the last review of
 * each person counting, or by an unedited comment that names the head. Bots agree to nothing. What was said while it went to another
 * branch was said of something else.
 */
export async function approvalsOf(repository: Repository, subject: Subject): Promise<Approval[]> {
  const all = [...(await reviewers(repository, subject)), ...(await commenters(repository, subject))]
  const moved = all.length > 0 ? await baseChangedAt(repository, subject.number) : undefined
  const people = all.filter(({ at }) => !moved || Date.parse(at) > Date.parse(moved))
  const sorted = people.toSorted((a, b) => Number(BELONGING.has(b.association)) - Number(BELONGING.has(a.association)))
  const logins = new Set(sorted.map(({ login }) => login))
  const approvals: Approval[] = []
  for (const login of [...logins].slice(0, PEOPLE_MAX)) {
    approvals.push({ login, permission: await permissionOf(repository, login) })
  }
  return approvals
}

/**
 * Who owns which path, by the CODEOWNERS file of a commit: that of the base, so that no pull request makes its own rules.
 * https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
 */
export async function codeOwnersAt(repository: Repository, sha: string): Promise<(path: string) => Owners | null> {
  for (const path of CODEOWNERS_PATHS) {
    const text = await textAt(repository, sha, path)
    if (text === undefined) continue
    const rules = parseCodeowners(text)
    return (file) => ownersOf(rules, file)
  }
  return () => null
}

/** Where the files that name code owners are what they are, at each of these commits: GraphQL's one question for all of them. */
export async function ownersFilesAt(
  { octokit, names: { owner, repo: name } }: Repository,
  commits: readonly string[],
): Promise<Map<string, Entry>[]> {
  const fields = commits.flatMap((sha, index) =>
    CODEOWNERS_PATHS.map((path, place) => `c${index}p${place}: object(expression: "${sha}:${path}") { oid }`),
  )
  const query = `query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { ${fields.join(' ')} } }`
  const answer = await octokit.graphql<{ repository: Record<string, { oid: string } | null> | null }>(query, {
    owner,
    name,
  })
  const entriesOf = (index: number) =>
    CODEOWNERS_PATHS.flatMap((path, place) => {
      const sha = answer.repository?.[`c${index}p${place}`]?.oid
      return sha ? [[path, { sha, kind: 'file' }] as const] : []
    })
  return commits.map((_, index) => new Map<string, Entry>(entriesOf(index)))
}

/** Who said yes, what GitHub calls them here, and when. */
type Person = { login: string; association: string; at: string }

async function reviewers({ octokit, names }: Repository, { number, head }: Subject): Promise<Person[]> {
  const last = new Map<string, Person & { isYes: boolean }>()
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const place = { ...names, pull_number: number }
    const { data } = await octokit.rest.pulls.listReviews({ ...place, per_page: PER_PAGE, page })
    for (const { user, state, commit_id, author_association: association, submitted_at: at = '' } of data) {
      // A review that only comments takes no earlier one back.
      if (!user || user.type === 'Bot' || state === 'COMMENTED' || state === 'PENDING') continue
      last.set(user.login, { login: user.login, association, at, isYes: state === 'APPROVED' && commit_id === head })
    }
    if (data.length < PER_PAGE) break
  }
  return [...last.values()].filter(({ isYes }) => isYes)
}

async function commenters({ octokit, names }: Repository, { number, head }: Subject): Promise<Person[]> {
  const people: Person[] = []
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const place = { ...names, issue_number: number }
    const { data } = await octokit.rest.issues.listComments({ ...place, per_page: PER_PAGE, page })
    for (const { user, body, created_at, updated_at, author_association: association } of data) {
      if (!user || user.type === 'Bot' || created_at !== updated_at) continue
      const command = parseCommand(body ?? '')
      if (command?.name === 'approve' && command.sha === head)
        people.push({ login: user.login, association, at: created_at })
    }
    if (data.length < PER_PAGE) break
  }
  return people
}

/** https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user */
async function permissionOf({ octokit, names }: Repository, username: string): Promise<Approval['permission']> {
  const asked = octokit.rest.repos.getCollaboratorPermissionLevel({ ...names, username })
  const permission = (await asked.catch(absentAt(404)))?.data.permission
  return permission === 'admin' || permission === 'write' ? permission : 'read'
}

async function textAt({ octokit, names }: Repository, sha: string, path: string): Promise<string | undefined> {
  const found = await octokit.rest.repos.getContent({ ...names, path, ref: sha }).catch(absentAt(404))
  const file = found?.data
  if (!file || Array.isArray(file) || file.type !== 'file' || file.size > CODEOWNERS_BYTES_MAX) return undefined
  if (file.encoding === 'base64') return Buffer.from(file.content, 'base64').toString('utf8')
  const blob = await octokit.rest.git.getBlob({ ...names, file_sha: file.sha })
  return Buffer.from(blob.data.content, 'base64').toString('utf8')
}

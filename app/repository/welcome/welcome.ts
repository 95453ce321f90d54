import { readFile } from 'node:fs/promises'
import type { ProbotOctokit } from 'probot'
import { absentAt } from '../../github/absent.ts'
import { startBranch, tipOf } from '../../github/branch.ts'
import { type Names, namesOf, type Repository } from '../../github/repository-name.ts'
import type { Parts } from '../../parts.ts'
import { WELCOME_TITLE, welcomeBody } from './body.ts'
import { type About, welcomeCatalog } from './catalog.ts'
import { hasCatalogFolder, isAskedAgain } from './repository.ts'
import { addWorkflowUrl, CHECK_WORKFLOW, WORKFLOW_FILE, workflowText } from './workflow.ts'

/** The branch of the App's first pull request in a shop repository. It is made once, and never written to again. */
export const WELCOME_BRANCH = 'tagsale/welcome'

/**
 * How it ended. `there`: one is open. `off`: somebody closed it, or merged it once, or there is no room for it (the log
 * says which). `empty`: the repository has no commit yet, and the first one is not ours to make.
 */
export type WelcomeEnd = 'opened' | 'there' | 'off' | 'has-catalog' | 'empty'

export type WelcomeOptions = {
  /** The reusable workflow that checks a catalog, in place of Tagsale's own: `owner/name/.github/workflows/check-catalog.yml@v1`. */
  workflow?: string | undefined
}

const PERMISSIONS = { contents: 'write', pull_requests: 'write', metadata: 'read' } as const
const STICKER = new URL('./sticker.svg', import.meta.url)

/**
 * Proposes a shop to a repository (`owner/name`) that has none, by one pull request. Run again, or twice at once, or
 * after a crash in the middle, it finishes what is missing and opens no second one. The default branch is never written
 * to, nor is the branch of the proposal once it is there: commits on it are people's. Rejects with Octokit's errors, a
 * GitHubBusyError or a NoAccessError.
 */
export async function welcome(
  parts: Pick<Parts, 'githubApp' | 'config' | 'log'>,
  repository: string,
  options: WelcomeOptions = {},
): Promise<WelcomeEnd> {
  const { octokit, names } = await parts.githubApp.forRepository(repository, PERMISSIONS)
  const { data } = await octokit.rest.repos.get(names)
  const name = data.full_name
  const place: Place = { octokit, name, names: namesOf(name), base: data.default_branch, url: data.html_url }
  if (data.archived) return told(parts, place, 'off', 'the repository is archived')
  const head = await tipOf(place, place.base)
  if (!head) return told(parts, place, 'empty', 'the repository has no commit; make one, and push it')
  const found = await hasCatalogFolder(place, head)
  if (found === 'catalog') return 'has-catalog'
  if (found === 'other')
    return told(parts, place, 'off', 'something else is called catalog there, so a shop has no room')
  const before = await pullsBefore(place)
  if (before !== 'none') return before
  const about = await aboutOf(octokit, data)
  return propose(parts, place, head, about, options)
}

type Place = Repository & { base: string; url: string }

function told(parts: Pick<Parts, 'log'>, { name: repository }: Place, end: WelcomeEnd, why: string): WelcomeEnd {
  parts.log.info({ repository, why }, 'no pull request to open a shop')
  return end
}

/** What became of the proposals there were. The last one that was closed decides whether another is wanted. */
async function pullsBefore(place: Place): Promise<'none' | 'there' | 'off'> {
  const { octokit, name, names } = place
  const { data } = await octokit.rest.pulls.list({
    ...names,
    state: 'all',
    head: `${names.owner}:${WELCOME_BRANCH}`,
    sort: 'created',
    direction: 'desc',
    per_page: 100,
  })
  // A fork of the same owner's may have such a branch, too.
  const ours = data.filter((pull) => pull.head.repo?.full_name === name || pull.head.repo === null)
  if (ours.some((pull) => pull.state === 'open')) return 'there'
  if (ours.some((pull) => pull.merged_at !== null)) return 'off'
  const last = ours.toSorted((a, b) => b.number - a.number)[0]
  if (!last) return 'none'
  return (await isAskedAgain(place, last, WELCOME_TITLE)) ? 'none' : 'off'
}

type RepositoryFacts = Awaited<ReturnType<ProbotOctokit['rest']['repos']['get']>>['data']

/** What the repository says of itself, and its organisation of itself. A person's profile is their own. */
async function aboutOf(octokit: ProbotOctokit, data: RepositoryFacts): Promise<About> {
  const { full_name: repository, description, homepage = null, owner } = data
  if (owner.type !== 'Organization') return { repository, description, homepage }
  const shown = await octokit.rest.orgs.get({ org: owner.login }).catch(absentAt(403, 404))
  return { repository, description, homepage, organization: organizationOf(shown?.data) }
}

const organizationOf = (data: { name?: string | null; email?: string | null } | undefined): About['organization'] =>
  data && { name: data.name ?? null, email: data.email ?? null }

async function propose(
  parts: Pick<Parts, 'githubApp' | 'config' | 'log'>,
  place: Place,
  head: string,
  about: About,
  { workflow = CHECK_WORKFLOW }: WelcomeOptions,
): Promise<WelcomeEnd> {
  const text = workflowText(workflow)
  const mayWriteIt = await mayWriteWorkflows(parts, place.names)
  if (!(await tipOf(place, WELCOME_BRANCH))) {
    const files = welcomeCatalog(about, await readFile(STICKER, 'utf8'))
    if (mayWriteIt) files[WORKFLOW_FILE] = text
    const writer = mayWriteIt ? await parts.githubApp.forRepository(place.name, WITH_WORKFLOWS) : place
    const change = { parent: head, message: WELCOME_TITLE, files: new Map(Object.entries(files)) }
    await startBranch(writer, WELCOME_BRANCH, change).catch(alreadyThere)
  }
  const link = mayWriteIt ? undefined : addWorkflowUrl(place.url, WELCOME_BRANCH, text)
  const facts = { shopUrl: parts.config.SHOP_URL, addWorkflowUrl: link, hasWorkflow: mayWriteIt }
  return openPull(parts, place, welcomeBody(about, facts))
}

/** A branch that appeared meanwhile stays as it is. */
function alreadyThere(error: { status?: number; message?: string }): undefined {
  if (error.status !== 422 || !/already exists/i.test(error.message ?? '')) throw error
}

const WITH_WORKFLOWS = { ...PERMISSIONS, workflows: 'write' } as const

/** The shop's App does not ask for this; who made one of their own may have. */
async function mayWriteWorkflows({ githubApp }: Pick<Parts, 'githubApp'>, names: Names): Promise<boolean> {
  const { data } = await githubApp.asApp.rest.apps.getRepoInstallation(names)
  return data.permissions.workflows === 'write'
}

async function openPull(parts: Pick<Parts, 'log'>, place: Place, body: string): Promise<WelcomeEnd> {
  const { octokit, names, base } = place
  try {
    await octokit.rest.pulls.create({ ...names, title: WELCOME_TITLE, body, head: WELCOME_BRANCH, base })
    return 'opened'
  } catch (error) {
    const { status, message } = error as { status?: number; message: string }
    if (status === 422 && /already exists/i.test(message)) return 'there'
    if (status === 422 && /no commits between/i.test(message)) {
      return told(parts, place, 'off', `the branch ${WELCOME_BRANCH} has nothing that ${base} lacks`)
    }
    throw error
  }
}

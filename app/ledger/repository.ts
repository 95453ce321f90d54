import { Low } from 'lowdb'
import { tipOf } from '../github/branch.ts'
import { type GitHubApp, NoAccessError } from '../github/client.ts'
import type { Repository } from '../github/repository-name.ts'
import { type Place, type RepositoryDocument, repositoryDocument } from './document.ts'
import { EMPTY_HEAD, FACTS_FOLDER, HEAD_PATH, LedgerHead } from './head.ts'

/** The ledger can't be written as things are: why, and what a person can do (`mend`). */
export class LedgerRefusedError extends Error {
  readonly mend: string
  constructor(message: string, mend: string, options: ErrorOptions = {}) {
    super(message, options)
    this.name = 'LedgerRefusedError'
    this.mend = mend
  }
}

const README = `# Ledger of a shop

Every fact about the shop and its orders, in the order they were written, a line of JSON each, by day below \`${FACTS_FOLDER}/\`; \`${HEAD_PATH}\` says
how many there are. Nobody's name, address or mail is in it. Tagsale writes here, and only ever adds: leave it to itself.
\`tagsale rebuild\` makes a store from a clone of this, \`tagsale verify\` compares.
`

/** A ledger as it is at one commit: its head, and the document that holds it. */
export type OpenLedger = { head: Low<LedgerHead>; document: RepositoryDocument<LedgerHead> }

/**
 * Opens the ledger in a repository (`owner/name`), and begins it in an empty one. Rejects with a `LedgerRefusedError` where it may not be
 * written: the repository is public, closed to the App, or holds something else.
 */
export async function openLedger(githubApp: GitHubApp, name: string): Promise<OpenLedger> {
  const { repository, branch, commit } = await enter(githubApp, name)
  return readAt(repository, { branch, commit: commit ?? (await begin(repository)) })
}

/** The same to look at: nothing where the repository is empty. */
export async function findLedger(githubApp: GitHubApp, name: string): Promise<OpenLedger | undefined> {
  const { repository, branch, commit } = await enter(githubApp, name)
  return commit === undefined ? undefined : readAt(repository, { branch, commit })
}

async function readAt(repository: Repository, place: Omit<Place, 'path'>): Promise<OpenLedger> {
  const document = repositoryDocument<LedgerHead>(repository, { ...place, path: HEAD_PATH })
  const head = new Low<LedgerHead>(document, EMPTY_HEAD)
  const refused = new LedgerRefusedError(
    `${HEAD_PATH} in ${repository.name} is not the one that goes with its facts, or is of another version of Tagsale.`,
    'Put it back from the history there, or name an empty private repository in LEDGER_REPOSITORY.',
  )
  await head.read().catch((error: unknown) => Promise.reject(error instanceof SyntaxError ? refused : error))
  if (!LedgerHead.safeParse(head.data).success) throw refused
  if (head.data.last === null && (await document.isThere(FACTS_FOLDER))) throw refused
  return { head, document }
}

/** The repository's default branch, where we may write it, and its commit; none where it is empty. */
async function enter(githubApp: GitHubApp, name: string) {
  try {
    const repository = await githubApp.forRepository(name, { contents: 'write', metadata: 'read' })
    const { data } = await repository.octokit.rest.repos.get(repository.names)
    const branch = data.default_branch
    if (data.private) return { repository, branch, commit: await tipOf(repository, branch) }
  } catch (error) {
    if (!(error instanceof NoAccessError) && (error as { status?: number }).status !== 404) throw error
    throw new LedgerRefusedError(
      `The GitHub App may not enter ${name}.`,
      'Install it there, with Contents: read and write, or take LEDGER_REPOSITORY out.',
      { cause: error },
    )
  }
  throw new LedgerRefusedError(
    `${name} is public, and a ledger says what the shop sells, and how much of it.`,
    'Make it private, or name a private one in LEDGER_REPOSITORY.',
  )
}

/** Only this can make a first commit: https://docs.github.com/en/rest/repos/contents#create-or-update-file-contents */
async function begin({ octokit, names }: Repository): Promise<string> {
  const content = Buffer.from(README).toString('base64')
  const { data } = await octokit.rest.repos.createOrUpdateFileContents({
    ...names,
    path: 'README.md',
    message: 'Begin the ledger',
    content,
  })
  return data.commit.sha as string
}

import { createPrivateKey, randomBytes } from 'node:crypto'
import { createAppAuth } from '@octokit/auth-app'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import { Probot, ProbotOctokit } from 'probot'
import type { Store } from '../store/store.ts'
import { type Budget, createBudget, limitSeconds, newSharedAnswers, type SharedAnswers, type Use } from './busy.ts'
import { namesOf, type Repository } from './repository-name.ts'

export type GitHubOptions = {
  /** The number of the shop's own GitHub App. */
  appId: number
  /** The App's private key, PEM. */
  privateKey: string
  /** Where GitHub's API is, when it isn't https://api.github.com. */
  baseUrl?: string
  log: Logger
  now?: () => Date
  /** What counts the writes of all processes; each counts by itself where there is none. */
  limiter?: Store['limiter']
}

export type Permissions = Record<string, 'read' | 'write'>

/** A file as GitHub has it: `size` in bytes, `sha256` in hexadecimal (GitHub knows none of files from before June 2025). */
export type GitHubFile = { id: number; name: string; size: number; sha256: string | null }

/** The App where a buyer waits: it reads, and never tries twice. */
export type BuyersGitHub = {
  /** This repository (`owner/name`), whose contents may be read. */
  forRepository: (repository: string) => Promise<Repository>
  /** What was last seen of releases' files; older descriptions still serve while GitHub is down. */
  seenFiles: LRUCache<string, { file: GitHubFile; at: number }>
  /** What was asked lately, for all buyers: who clicks on a download spends none of GitHub's calls by it. */
  shared: SharedAnswers
}

/** The App at work, where no buyer waits: within GitHub's limits, and with no more rights than each piece needs. */
export type GitHubApp = {
  /** A client of the App itself: its installations, and the deliveries of its webhooks. */
  asApp: ProbotOctokit
  /**
   * One repository (`owner/name`), with these permissions and no others. `use` is whose calls it spends. Its client's calls reject with Octokit's
   * RequestError, or with a GitHubBusyError when they must wait; NoAccessError when the App may not enter.
   */
  forRepository: (repository: string, permissions: Permissions, use?: Use) => Promise<Repository>
  /** Counts a call for a check that is made as buyers make theirs. Rejects with a GitHubBusyError when there are no more for checks. */
  mayCheck: (repository: string) => Promise<void>
  /** Every repository (`owner/name`) that the App may enter now. */
  repositories: () => Promise<string[]>
}

/** The App is not installed there, is suspended, or lacks a permission. */
export class NoAccessError extends Error {
  constructor(repository: string, cause: unknown) {
    super(`the GitHub App may not enter ${repository}: ${(cause as Error).message}`, { cause })
    this.name = 'NoAccessError'
  }
}

/** A buyer is waiting: GitHub answers soon, or it counts as down. */
export const ANSWER_SECONDS_MAX = 4
/** Nobody waits. GitHub itself gives up after ten seconds. */
const WORK_SECONDS_MAX = 12
const NO_ACCESS = new Set([403, 404, 422])

/**
 * Connects the shop's GitHub App, in two ways. `github` makes clients for buyers: they may read the contents of one
 * repository (`owner/name`) and nothing else, and never retry: who waits is told at once. `githubApp` is for work that is
 * a job, tried again. Calls throw Octokit's RequestError: 404 when the App isn't installed on the repository, 422 when
 * its installation leaves it out, 500 when GitHub can't be reached. Rejects when the key is none.
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
 */
export async function connectGitHub(options: GitHubOptions): Promise<{ github: BuyersGitHub; githubApp: GitHubApp }> {
  refuseBadKey(options.privateKey)
  const baseUrl = options.baseUrl ? { baseUrl: options.baseUrl } : {}
  const probot = new Probot({
    ...baseUrl,
    request: { fetch: fetchWithin(ANSWER_SECONDS_MAX) },
    appId: options.appId,
    privateKey: options.privateKey,
    // Webhooks are verified elsewhere; Probot would take the word "development". What nobody knows admits nobody.
    secret: randomBytes(32).toString('hex'),
    Octokit: ImpatientOctokit,
    log: options.log,
  })
  await probot.ready()
  const asApp = await probot.auth()
  const tokensOf = tokenSource(asApp, options)
  const client = (seconds: number) =>
    new ImpatientOctokit({ ...baseUrl, request: { fetch: fetchWithin(seconds) }, log: options.log, authStrategy: null })
  const { now = () => new Date(), limiter } = options
  const budget = createBudget(now, limiter)
  return {
    github: {
      forRepository: remembered((repository: string) =>
        signRequests(client(ANSWER_SECONDS_MAX), tokensOf(repository, { contents: 'read', metadata: 'read' })),
      ),
      seenFiles: new LRUCache({ max: FILES_KEPT_MAX }),
      shared: newSharedAnswers(FILES_KEPT_MAX),
    },
    githubApp: {
      asApp,
      forRepository: remembered((repository: string, permissions: Permissions, use?: Use) => {
        const tokens = tokensOf(repository, permissions)
        const told: Tokens = (given) => tokens(given).catch((error) => Promise.reject(noAccess(repository, error)))
        return keepWithin({ budget, repository, use }, signRequests(client(WORK_SECONDS_MAX), told))
      }),
      mayCheck: (repository) => budget.spend(ownerOf(repository), false, 'checks'),
      repositories: () => repositoriesOf(asApp, client(WORK_SECONDS_MAX)),
    },
  }
}

/** Clients kept; catalogs name repositories, and whoever proposes a catalog could name a thousand. */
const CLIENTS_KEPT_MAX = 200
const FILES_KEPT_MAX = 10_000

/** The same arguments give the same client, as long as there are not too many. */
function remembered<Rights extends unknown[]>(make: (repository: string, ...rights: Rights) => ProbotOctokit) {
  const entered = new LRUCache<string, Repository>({ max: CLIENTS_KEPT_MAX })
  return async (name: string, ...rights: Rights): Promise<Repository> => {
    const key = JSON.stringify([name, ...rights])
    const repository = entered.get(key) ?? { name, names: namesOf(name), octokit: make(name, ...rights) }
    entered.set(key, repository)
    return repository
  }
}

/** A refusal for our haste is not one for good: the shop would close. */
const noAccess = (repository: string, error: RequestFailure): unknown => {
  const isLimit =
    limitSeconds(error.response?.headers ?? {}, new Date()) !== undefined || /rate limit/i.test(error.message)
  return NO_ACCESS.has(error.status ?? 0) && !isLimit ? new NoAccessError(repository, error) : error
}
type RequestFailure = Error & { status?: number; response?: { headers: Record<string, string | number | undefined> } }

const ownerOf = (repository: string) => namesOf(repository).owner.toLowerCase()

type Spending = { budget: Budget; repository: string; use: Use | undefined }

function keepWithin({ budget, repository, use }: Spending, client: ProbotOctokit): ProbotOctokit {
  const owner = ownerOf(repository)
  client.hook.wrap('request', async (request, options) => {
    const isQuery = /\/graphql$/.test(options.url) && !/^\s*mutation\b/.test(String(options.query ?? ''))
    const isRead = options.method === 'GET' || isQuery
    await budget.spend(owner, !isRead, use)
    try {
      const answer = await (isRead ? lookTwice(() => request(options)) : request(options))
      budget.note(owner, answer.headers)
      return answer
    } catch (error) {
      budget.note(owner, (error as RequestFailure).response?.headers)
      const { status, message } = error as { status?: number; message: string }
      throw status === 403 && /suspended/i.test(message) ? new NoAccessError(repository, error) : budget.learn(error)
    }
  })
  return client
}

/** A look that GitHub failed to answer costs nothing twice; a piece of work that begins anew costs ten looks. */
async function lookTwice<Answer>(look: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await look()
  } catch (error) {
    if (((error as { status?: number }).status ?? 0) < 500) throw error
    return look()
  }
}

function refuseBadKey(privateKey: string): void {
  try {
    createPrivateKey(privateKey)
  } catch (cause) {
    throw new Error("The GitHub App's private key can't be read: it must be the PEM file that GitHub gave.", { cause })
  }
}

/** What we read of GitHub's answers is written for this one. https://docs.github.com/en/rest/about-the-rest-api/api-versions */
const API_VERSION = '2022-11-28'

const ImpatientOctokit = ProbotOctokit.plugin(({ hook }) => {
  hook.before('request', ({ headers }) => {
    headers['x-github-api-version'] = API_VERSION
  })
}).defaults((given: { throttle?: object } = {}) => ({
  ...given,
  throttle: { ...given.throttle, enabled: false },
  retry: { enabled: false },
}))

/** Bounds the answer and its body in time. Whoever means to read a long body brings a signal of their own. */
const fetchWithin =
  (seconds: number): typeof fetch =>
  async (input, init) => {
    if (init?.signal) return fetch(input, init)
    const response = await fetch(input, { ...init, signal: AbortSignal.timeout(seconds * 1000) })
    await response.clone().arrayBuffer() // else Octokit takes a body that breaks off for the whole of it
    return response
  }

async function repositoriesOf(asApp: ProbotOctokit, client: ProbotOctokit): Promise<string[]> {
  const installations = await asApp.paginate(asApp.rest.apps.listInstallations, { per_page: 100 })
  const names: string[] = []
  for (const { id, suspended_at: suspended } of installations) {
    if (suspended) continue
    const permissions = { metadata: 'read' } as const
    const { data } = await asApp.rest.apps.createInstallationAccessToken({ installation_id: id, permissions })
    const headers = { authorization: `token ${data.token}` }
    const list = client.rest.apps.listReposAccessibleToInstallation
    const repositories = await client.paginate(list, { per_page: 100, headers })
    names.push(...repositories.map((repository) => repository.full_name))
  }
  return names
}

/** Gives the token that is kept, or with `refresh` a new one. */
type Tokens = (given?: { refresh: boolean }) => Promise<string>

/** Narrowed tokens, which auth-app makes, keeps and shares. Which installation to ask is remembered for each owner. */
function tokenSource(app: ProbotOctokit, { appId, privateKey }: GitHubOptions) {
  const auth = createAppAuth({ appId, privateKey, request: app.request, log: app.log })
  const installations = new LRUCache<string, number, string>({
    max: CLIENTS_KEPT_MAX,
    fetchMethod: async (owner, _, { context: repo }) =>
      (await app.rest.apps.getRepoInstallation({ owner, repo })).data.id,
  })
  return (repository: string, permissions: Permissions): Tokens => {
    const { owner, repo } = namesOf(repository)
    return async ({ refresh } = { refresh: false }) => {
      const installationId = await installations.forceFetch(owner, { context: repo })
      try {
        return (await auth({ type: 'installation', installationId, repositoryNames: [repo], permissions, refresh }))
          .token
      } catch (error) {
        // The App may have been installed anew, under another number; whoever asks for that already is not disturbed.
        if (installations.peek(owner) === installationId) installations.delete(owner)
        throw error
      }
    }
  }
}

/**
 * Signs a client's requests. A token that GitHub refuses (because it was revoked) is replaced once: auth-app keeps it for
 * an hour whatever GitHub says. Those who hold the same refused token share the new one.
 */
function signRequests(client: ProbotOctokit, tokens: Tokens): ProbotOctokit {
  client.hook.wrap('request', async (request, options) => {
    const held = await tokens()
    options.headers.authorization = `token ${held}`
    try {
      return await request(options)
    } catch (error) {
      if ((error as { status?: number }).status !== 401) throw error
      const now = await tokens()
      options.headers.authorization = `token ${now === held ? await tokens({ refresh: true }) : now}`
      return request(options)
    }
  })
  return client
}

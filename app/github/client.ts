import { createPrivateKey, randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { Probot, ProbotOctokit } from 'probot'

export type GitHubOptions = {
  /** The number of the shop's own GitHub App. */
  appId: number
  /** The App's private key, PEM. */
  privateKey: string
  /** Where GitHub's API is, when it isn't https://api.github.com. */
  baseUrl?: string
  webhookSecret?: string
  log: Logger
}

/** A buyer is waiting: GitHub answers soon, or it counts as down. */
export const ANSWER_SECONDS_MAX = 4

/**
 * Connects the shop's GitHub App. The function it gives makes clients that may read the contents of one repository
 * (`owner/name`) and nothing else. They never retry: who waits for a download is told at once, and what nobody waits
 * for is a job, tried again. Their calls throw Octokit's RequestError: 404 when the App isn't installed on the
 * repository, 422 when its installation leaves it out, 500 when GitHub can't be reached. Rejects when the key is none.
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
 */
export async function connectGitHub(options: GitHubOptions): Promise<(repository: string) => Promise<ProbotOctokit>> {
  refuseBadKey(options.privateKey)
  const common = { ...(options.baseUrl ? { baseUrl: options.baseUrl } : {}), request: { fetch: fetchInTime } }
  const probot = new Probot({
    ...common,
    appId: options.appId,
    privateKey: options.privateKey,
    // Probot takes the word "development" when it is given none. A secret that nobody knows admits nobody.
    secret: options.webhookSecret ?? randomBytes(32).toString('hex'),
    Octokit: ImpatientOctokit,
    log: options.log,
  })
  await probot.ready()
  const mintToken = tokenMint(await probot.auth())
  const clients = new Map<string, ProbotOctokit>()
  return async (repository) => {
    const client = clients.get(repository) ?? new ImpatientOctokit({ ...common, log: options.log, authStrategy: null })
    if (!clients.has(repository)) signRequests(client, () => mintToken(repository))
    clients.set(repository, client)
    return client
  }
}

function refuseBadKey(privateKey: string): void {
  try {
    createPrivateKey(privateKey)
  } catch (cause) {
    throw new Error("The GitHub App's private key can't be read: it must be the PEM file that GitHub gave.", { cause })
  }
}

const ImpatientOctokit = ProbotOctokit.defaults((given: { throttle?: object } = {}) => ({
  ...given,
  throttle: { ...given.throttle, enabled: false },
  retry: { enabled: false },
}))

/** Bounds the answer and its body in time. Whoever means to read a long body brings a signal of their own. */
const fetchInTime: typeof fetch = async (input, init) => {
  if (init?.signal) return fetch(input, init)
  const response = await fetch(input, { ...init, signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000) })
  await response.clone().arrayBuffer() // else Octokit takes a body that breaks off for the whole of it
  return response
}

/** Makes tokens that may read one repository. Which installation to ask is remembered for each owner. */
function tokenMint(app: ProbotOctokit): (repository: string) => Promise<string> {
  const installations = new Map<string, number>()
  return async (repository) => {
    const [owner = '', repo = ''] = repository.split('/')
    const known = installations.get(owner)
    const id = known ?? (await app.rest.apps.getRepoInstallation({ owner, repo })).data.id
    installations.set(owner, id)
    try {
      const { data } = await app.rest.apps.createInstallationAccessToken({
        installation_id: id,
        repositories: [repo],
        permissions: { contents: 'read', metadata: 'read' },
      })
      return data.token
    } catch (error) {
      installations.delete(owner) // the App may have been installed anew, under another number
      throw error
    }
  }
}

/**
 * Signs a client's requests with one token until GitHub refuses it (after an hour, or because it was revoked), then
 * with another. Probot's own way can't narrow a token to a repository. Requests that start together share a token.
 */
function signRequests(client: ProbotOctokit, mint: () => Promise<string>): void {
  let token: Promise<string> | undefined
  const currentToken = () => {
    token ??= mint().catch((error) => {
      token = undefined
      throw error
    })
    return token
  }
  client.hook.wrap('request', async (request, options) => {
    const held = currentToken()
    options.headers.authorization = `token ${await held}`
    try {
      return await request(options)
    } catch (error) {
      if ((error as { status?: number }).status !== 401) throw error
      if (token === held) token = undefined
      options.headers.authorization = `token ${await currentToken()}`
      return request(options)
    }
  })
}

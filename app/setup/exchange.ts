import { createPrivateKey } from 'node:crypto'
import { ProbotOctokit } from 'probot'
import { z } from 'zod'
import type { GitHubCredentials } from '../config.ts'

const ANSWER_SECONDS_MAX = 15

/** The App as GitHub has just made it; its key is base64 on one line. */
export type RegisteredApp = { credentials: GitHubCredentials; slug: string; name: string; owner: string }

/** GitHub gave no App for the code. The message is for people, and holds no secret. */
export class ExchangeError extends Error {}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

const Conversion = z.object({
  id: z.int(),
  slug: z.string(),
  name: z.string(),
  owner: z.object({ login: z.string() }).catch({ login: '' }),
  pem: z.string(),
  webhook_secret: z.string().min(16),
  client_id: z.string().min(8),
  client_secret: z.string().min(20),
})

/**
 * Exchanges the code that GitHub sent the browser back with for the App's credentials, once. Throws an ExchangeError.
 * https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest
 */
export async function exchangeCode(apiUrl: string, code: string): Promise<RegisteredApp> {
  const octokit = new ProbotOctokit({
    baseUrl: apiUrl,
    authStrategy: null,
    throttle: { enabled: false },
    retry: { enabled: false }, // the code works once
    log: silent, // the code is in the address
  })
  const answer = await octokit
    .request('POST /app-manifests/{code}/conversions', {
      code,
      request: { signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000) },
    })
    .catch(({ status }: { status?: number }) => {
      throw new ExchangeError(wordsFor(status))
    })
  const conversion = Conversion.safeParse(answer.data)
  if (!conversion.success || !isKey(conversion.data.pem)) {
    throw new ExchangeError('GitHub made the App, but its answer lacks what a shop needs. Delete the App there.')
  }
  const { id, slug, name, owner, pem, webhook_secret, client_id, client_secret } = conversion.data
  const credentials = {
    GITHUB_APP_ID: String(id),
    GITHUB_PRIVATE_KEY: Buffer.from(pem).toString('base64'),
    GITHUB_WEBHOOK_SECRET: webhook_secret,
    GITHUB_CLIENT_ID: client_id,
    GITHUB_CLIENT_SECRET: client_secret,
  }
  return { credentials, slug, name, owner: owner.login }
}

function wordsFor(status: number | undefined): string {
  if (status === 404) return 'GitHub does not know the code (any more): it works once, and within an hour.'
  if (status === 422) return 'GitHub refuses the code.'
  return `GitHub gives no answer${status ? ` but ${status}` : ''}.`
}

function isKey(pem: string): boolean {
  try {
    createPrivateKey(pem)
    return true
  } catch {
    return false
  }
}

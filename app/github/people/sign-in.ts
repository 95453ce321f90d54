import { z } from 'zod'

// What an App asks of GitHub when a person signs in with it, as that person or as itself:
// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app

/** A person waits. */
const ANSWER_MILLISECONDS_MAX = 6_000
const ANSWER_CHARACTERS_MAX = 100_000

/** The App's side: where GitHub is, and what the App proves itself with. */
export type SignInClient = { githubUrl: string; apiUrl: string; clientId: string; clientSecret: string }

/** GitHub gave nobody for the code: because of the code, because of the App's settings, or as it does not answer. */
export class SignInError extends Error {
  readonly reason: 'code' | 'settings' | 'away'
  constructor(reason: SignInError['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SignInError'
    this.reason = reason
  }
}

const Grant = z.union([
  z.object({ access_token: z.string().min(1), token_type: z.string() }),
  z.object({ error: z.string() }),
])
const User = z.object({ login: z.string().min(1), id: z.int(), type: z.literal('User') })

/** Where a person says yes. Nothing is asked for but who that is: an App's sign-in has no scopes. */
export function authorizeUrl(
  { githubUrl, clientId }: Pick<SignInClient, 'githubUrl' | 'clientId'>,
  { redirectUri, state, challenge }: { redirectUri: string; state: string; challenge: string },
): string {
  const query = new URLSearchParams({
    ...{ client_id: clientId, redirect_uri: redirectUri, state },
    ...{ code_challenge: challenge, code_challenge_method: 'S256' },
  })
  return `${githubUrl}/login/oauth/authorize?${query}`
}

/** Whom a code is for. The token that GitHub gives for it is asked once who it is for, and is then taken back. Rejects with a SignInError. */
export async function accountFor(
  client: SignInClient,
  grant: { code: string; verifier: string; redirectUri: string },
): Promise<{ login: string; id: number }> {
  const token = await exchange(client, grant)
  try {
    const user = User.safeParse(await ask(`${client.apiUrl}/user`, { headers: asUser(token) }))
    if (!user.success) throw new SignInError('away', 'GitHub does not say who that is')
    return { login: user.data.login, id: user.data.id }
  } finally {
    await revoke(client, token)
  }
}

async function exchange(
  { githubUrl, clientId, clientSecret }: SignInClient,
  { code, verifier, redirectUri }: { code: string; verifier: string; redirectUri: string },
): Promise<string> {
  const body = new URLSearchParams({
    ...{ client_id: clientId, client_secret: clientSecret, code },
    ...{ redirect_uri: redirectUri, code_verifier: verifier },
  })
  const grant = Grant.safeParse(await ask(`${githubUrl}/login/oauth/access_token`, { method: 'POST', body }))
  if (!grant.success) throw new SignInError('away', 'GitHub gives no answer to the code that can be read')
  if ('access_token' in grant.data) return grant.data.access_token
  // GitHub refuses with status 200.
  const { error } = grant.data
  throw new SignInError(error === 'bad_verification_code' ? 'code' : 'settings', `GitHub refuses the code: ${error}`)
}

/** What can't be taken back ends by itself after eight hours, and we keep it nowhere: no reason to turn anybody away. */
async function revoke({ apiUrl, clientId, clientSecret }: SignInClient, token: string): Promise<void> {
  const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  const headers = { authorization: `Basic ${credentials}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ access_token: token })
  await ask(`${apiUrl}/applications/${clientId}/token`, { method: 'DELETE', headers, body }).catch(() => undefined)
}

const asUser = (token: string) => ({ authorization: `Bearer ${token}` })

async function ask(url: string, init: RequestInit & { headers?: Record<string, string> }): Promise<unknown> {
  const headers = { accept: 'application/json', 'user-agent': 'tagsale', ...init.headers }
  const signal = AbortSignal.timeout(ANSWER_MILLISECONDS_MAX)
  try {
    const answer = await fetch(url, { ...init, headers, redirect: 'error', signal })
    const text = (await answer.text()).slice(0, ANSWER_CHARACTERS_MAX)
    if (!answer.ok)
      throw new SignInError(answer.status === 404 ? 'settings' : 'away', `GitHub answers ${answer.status}`)
    return text && JSON.parse(text)
  } catch (error) {
    throw error instanceof SignInError ? error : new SignInError('away', 'GitHub does not answer', { cause: error })
  }
}

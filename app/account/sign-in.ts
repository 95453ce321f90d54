import { hash } from 'node:crypto'
import type { Config } from '../config.ts'
import { accountFor, authorizeUrl, type SignInClient, SignInError } from '../github/people/sign-in.ts'
import { isSameText, proofOf, SIGN_IN_CALLBACK } from '../link.ts'
import type { Parts } from '../parts.ts'
import type { Person } from './person.ts'
import { roleOf } from './role.ts'
import { newProof } from './secret.ts'
import { openSession } from './session.ts'

// Signing in with GitHub. Between the two halves nothing is kept here: a short-lived cookie says which browser began, and where it
// wanted to go; the state that goes by way of GitHub proves that it was that browser; the PKCE verifier is made of the cookie by a
// secret of ours, and never leaves the server. The code works once, as GitHub sees to.

/** A person needs so long at GitHub at most. */
export const SIGN_IN_MINUTES = 10

/** Pages of the desk, and nothing that a browser could take for another site. */
const INSIDE = /^\/desk(?:\/[\w/.-]*)?(?:\?[\w=&%.:+-]*)?$/
const COOKIE = /^[\w-]{43}\.[\w-]{0,700}$/
const STATE = /^(\d{1,12})\.([\w-]{43})$/
const CODE = /^[\w-]{1,200}$/

/** A page of the desk to go to, whatever was asked for. */
export const deskPath = (wanted: string | undefined): string =>
  wanted && wanted.length <= 500 && INSIDE.test(wanted) && !wanted.includes('//') ? wanted : '/desk'

/** What GitHub knows the shop's App by; nothing while the settings lack it. */
export function signInClient(config: Config): SignInClient | undefined {
  const { GITHUB_CLIENT_ID: clientId, GITHUB_CLIENT_SECRET: clientSecret } = config
  if (!clientId || !clientSecret) return undefined
  return { githubUrl: config.GITHUB_URL, apiUrl: config.GITHUB_API_URL, clientId, clientSecret }
}

/** Begins: where the browser goes, and what its cookie holds meanwhile. */
export function startSignIn(
  { config, now, random }: Pick<Parts, 'config' | 'now' | 'random'>,
  client: SignInClient,
  to: string,
): { url: string; cookie: string } {
  const cookie = `${newProof(random)}.${Buffer.from(to).toString('base64url')}`
  const ends = Math.floor(now().getTime() / 1000) + SIGN_IN_MINUTES * 60
  const challenge = hash('sha256', verifierOf(config, cookie), 'base64url')
  const state = `${ends}.${proofOfState(config, cookie, ends)}`
  return { url: authorizeUrl(client, { redirectUri: callbackUrl(config), state, challenge }), cookie }
}

type Secret = Pick<Config, 'LINK_SECRET'>
const verifierOf = (config: Secret, cookie: string) => proofOf(config, `sign-in verifier ${cookie}`)
const proofOfState = (config: Secret, cookie: string, ends: number) =>
  proofOf(config, `sign-in state ${cookie} ${ends}`)
const callbackUrl = ({ SHOP_URL }: Pick<Config, 'SHOP_URL'>) => `${SHOP_URL}${SIGN_IN_CALLBACK}`

/** What GitHub sent the browser back with, and what the browser had. */
export type WayBack = {
  code: string | undefined
  state: string | undefined
  error: string | undefined
  cookie: string | undefined
  device: string
}

/** How it ended: a session, for its cookie, and where to go; or why not, with what came between where that was GitHub. */
export type SignedIn =
  | { session: string; person: Person; to: string }
  | { refused: 'not-begun-here' | 'declined' | 'no-role' }
  | { refused: SignInError['reason'] | 'role-unknown'; cause?: unknown }

/** Ends it: asks GitHub who that is, and what they may do. */
export async function finishSignIn(
  parts: Pick<Parts, 'config' | 'store' | 'githubApp' | 'now' | 'random'>,
  client: SignInClient,
  { code, state, error, cookie, device }: WayBack,
): Promise<SignedIn> {
  const { config, now } = parts
  if (!cookie || !isStateOf(config, cookie, state, now())) return { refused: 'not-begun-here' }
  if (error === 'access_denied') return { refused: 'declined' }
  if (!code || !CODE.test(code)) return { refused: 'code' }
  const grant = { code, verifier: verifierOf(config, cookie), redirectUri: callbackUrl(config) }
  try {
    const account = await accountFor(client, grant)
    const role = await roleOf(parts, account)
    if (!role) return { refused: 'no-role' }
    const session = await openSession(parts, { role, device, account })
    return { session, person: { name: account.login, role, via: 'desk' }, to: pathIn(cookie) }
  } catch (cause) {
    return { refused: cause instanceof SignInError ? cause.reason : 'role-unknown', cause }
  }
}

function isStateOf(config: Secret, cookie: string, state: string | undefined, now: Date): boolean {
  const [, digits = '', given = ''] = STATE.exec(state ?? '') ?? []
  const ends = Number(digits)
  return COOKIE.test(cookie) && isSameText(given, proofOfState(config, cookie, ends)) && ends * 1000 > now.getTime()
}

const pathIn = (cookie: string): string => deskPath(Buffer.from(cookie.split('.')[1] ?? '', 'base64url').toString())

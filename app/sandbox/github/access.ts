import { type KeyObject, randomBytes, verify } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { type GitHubEnv, notFound, Refusal } from './answer.ts'
import { findRepository, type GitHubState, type Permissions, type Repository, type Token } from './state.ts'
import { mayAs, type Role, roleOf } from './users.ts'

/** Who asks: nobody we know, the App itself (by a JWT it signed), an installation (by a token it was given), or a user. */
export type Who =
  | { kind: 'nobody' }
  | { kind: 'app' }
  | { kind: 'installation'; token: Token }
  | { kind: 'user'; login: string }

const JWT_SECONDS_MAX = 600
const JWT_CLOCK_SKEW_SECONDS = 60
const TOKEN_LIFETIME_MS = 3_600_000

/** Finds out who asks. Credentials that aren't good are refused, even where none are needed. */
export function authenticate(state: GitHubState): MiddlewareHandler<GitHubEnv> {
  return async (c, next) => {
    c.set('who', whoAsks(state, c.req.header('authorization')))
    await next()
  }
}

/** Refuses everyone but the App itself. */
export function requireApp(who: Who): void {
  if (who.kind !== 'app') throw new Refusal(401, 'A JSON web token could not be decoded')
}

/** The repository, when the asker may see it and has this permission there. */
export function visible(state: GitHubState, who: Who, path: { o: string; r: string }, permission: string): Repository {
  const repository = findRepository(state, path.o, path.r)
  if (repository && who.kind === 'user' && mayAs(roleOf(state, repository, who.login), 'read')) return repository
  if (repository && who.kind === 'nobody' && !repository.private) return repository
  if (!repository || who.kind !== 'installation' || !who.token.repositories.has(repository)) throw notFound()
  if (!who.token.permissions[permission]) throw new Refusal(403, 'Resource not accessible by integration')
  return repository
}

/** The same, when the asker may change it: as an installation with this permission, or as a user in this role. */
export function writable(
  state: GitHubState,
  who: Who,
  path: { o: string; r: string },
  permission: string,
  least: Role = 'write',
): Repository {
  const repository = visible(state, who, path, permission)
  if (who.kind === 'nobody') throw new Refusal(401, 'Requires authentication')
  if (who.kind === 'user' && !mayAs(roleOf(state, repository, who.login), least)) throw notFound()
  if (who.kind === 'installation' && who.token.permissions[permission] === 'read') {
    throw new Refusal(403, 'Resource not accessible by integration')
  }
  return repository
}

/** A new installation token, good for an hour. */
export function issueToken(
  state: GitHubState,
  owner: string,
  repositories: readonly Repository[],
  permissions: Permissions,
): { text: string; token: Token } {
  const text = `ghs_${randomBytes(27).toString('base64url').replace(/[-_]/g, '0')}`
  const expiresAt = state.now() + TOKEN_LIFETIME_MS
  const token: Token = { owner, repositories: new Set(repositories), permissions, expiresAt }
  state.tokens.set(text, token)
  return { text, token }
}

function whoAsks(state: GitHubState, authorization: string | undefined): Who {
  if (!authorization) return { kind: 'nobody' }
  const credentials = /^(?:bearer|token) (\S+)$/i.exec(authorization)?.[1] ?? ''
  if (credentials.split('.').length === 3) {
    verifyAppJwt(credentials, state.app.publicKey, state.app.id, state.now() / 1000)
    return { kind: 'app' }
  }
  const login = state.userTokens.get(credentials)
  if (login) return { kind: 'user', login }
  const token = state.tokens.get(credentials)
  if (!token || token.expiresAt <= state.now()) throw new Refusal(401, 'Bad credentials')
  return { kind: 'installation', token }
}

/** Checks signature, issuer and times, with the words GitHub uses: Octokit reads them to mend a wrong clock. */
function verifyAppJwt(jwt: string, publicKey: KeyObject, appId: number, nowSeconds: number): void {
  const [head = '', body = '', signature = ''] = jwt.split('.')
  const header = decode(head)
  const claims = decode(body)
  const signed = Buffer.from(`${head}.${body}`)
  if (header.alg !== 'RS256' || !verify('sha256', signed, publicKey, Buffer.from(signature, 'base64url'))) {
    throw new Refusal(401, 'A JSON web token could not be decoded')
  }
  if (String(claims.iss) !== String(appId)) throw new Refusal(401, "'Issuer' claim ('iss') must be the App's id")
  if (typeof claims.iat !== 'number' || claims.iat > nowSeconds + JWT_CLOCK_SKEW_SECONDS) {
    throw new Refusal(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    )
  }
  if (typeof claims.exp !== 'number' || claims.exp <= nowSeconds) {
    throw new Refusal(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    )
  }
  if (claims.exp > nowSeconds + JWT_SECONDS_MAX + JWT_CLOCK_SKEW_SECONDS) {
    throw new Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
  }
}

function decode(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  } catch {
    throw new Refusal(401, 'A JSON web token could not be decoded')
  }
}

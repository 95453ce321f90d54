import { createPublicKey, randomBytes, verify } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { type GitHubEnv, notFound, Refusal, type Who } from './answer.ts'
import type { App, Level, Permissions, Token } from './apps/app-state.ts'
import { covers, installationsOf } from './apps/coverage.ts'
import { signInsOf } from './apps/sign-in.ts'
import { findRepository, type GitHubState, type Repository } from './state.ts'
import type { Role } from './user-state.ts'
import { mayAs, roleOf } from './users.ts'

type Path = { o: string; r: string }

const JWT_SECONDS_MAX = 600
const JWT_CLOCK_SKEW_SECONDS = 60
const TOKEN_LIFETIME_MS = 3_600_000
const LEVELS: readonly Level[] = ['read', 'write', 'admin']

/** Finds out who asks. Credentials that aren't good are refused, even where none are needed. */
export function authenticate(state: GitHubState): MiddlewareHandler<GitHubEnv> {
  return async (c, next) => {
    const who = signedInWith(state, c.req.header('authorization'))
    // What a person may do, an App may not do for them: ours is told who they are, and nothing else.
    if (who && c.req.path.replace(/^\/api\/v3(?=\/)/, '') !== '/user')
      throw new Refusal(403, 'Resource not accessible by integration')
    c.set('who', who ?? whoAsks(state, c.req.header('authorization')))
    await next()
  }
}

/** The App that asks; everyone else is refused. */
export function requireApp(who: Who): App {
  if (who.kind !== 'app') throw new Refusal(401, 'A JSON web token could not be decoded')
  return who.app
}

/**
 * The repository, when the asker may see it and read this (a permission of Apps, as `contents`). What is private is not
 * there for whoever may not see it; what is public is there for all.
 */
export function visible(state: GitHubState, who: Who, path: Path, permission: string): Repository {
  const repository = findRepository(state, path.o, path.r)
  if (!repository || !maySee(state, who, repository)) throw notFound()
  const isReached = who.kind === 'installation' && reaches(who, repository)
  if (isReached && !isGranted(who.token.permissions, permission, 'read') && repository.private) {
    throw new Refusal(403, 'Resource not accessible by integration')
  }
  return repository
}

/**
 * The repository, when the asker may change this in it: an App by its permission, a user by a role, `write` unless said
 * otherwise (`read` for issues and comments, which everybody may write who sees them).
 */
export function writable(
  state: GitHubState,
  who: Who,
  path: Path,
  permission: string,
  least: Role = 'write',
): Repository {
  const repository = findRepository(state, path.o, path.r)
  if (!repository || !maySee(state, who, repository)) throw notFound()
  if (who.kind === 'nobody') throw new Refusal(401, 'Requires authentication')
  if (who.kind === 'user' && !mayAs(roleOf(state, repository, who.login), least)) {
    throw new Refusal(
      403,
      least === 'admin' ? 'Must have admin rights to Repository.' : 'Must have push access to repository',
    )
  }
  if (who.kind === 'user') return repository
  const isReached = who.kind === 'installation' && reaches(who, repository)
  if (!isReached || !isGranted(who.token.permissions, permission, 'write')) {
    throw new Refusal(403, 'Resource not accessible by integration')
  }
  return repository
}

/** Whether the asker may write this where they already see it. For what only writers are shown, as drafts. */
export function mayWrite(state: GitHubState, who: Who, repository: Repository, permission: string): boolean {
  if (who.kind === 'user') return mayAs(roleOf(state, repository, who.login), 'write')
  return (
    who.kind === 'installation' && reaches(who, repository) && isGranted(who.token.permissions, permission, 'write')
  )
}

/** Whether permissions hold at least this. Everybody may read metadata. */
export function isGranted(permissions: Permissions, name: string, level: Level): boolean {
  const given = permissions[name] ?? (name === 'metadata' ? 'read' : undefined)
  return given !== undefined && LEVELS.indexOf(given) >= LEVELS.indexOf(level)
}

/** A new installation token, good for an hour. */
export function issueToken(state: GitHubState, given: Omit<Token, 'expiresAt'>): { text: string; token: Token } {
  const text = `ghs_${randomBytes(27).toString('base64url').replace(/[-_]/g, '0')}`
  const token: Token = { ...given, expiresAt: state.now() + TOKEN_LIFETIME_MS }
  for (const [old, { expiresAt }] of Object.entries(state.apps.tokens)) {
    if (expiresAt <= state.now()) delete state.apps.tokens[old]
  }
  state.apps.tokens[text] = token
  state.changed()
  return { text, token }
}

function maySee(state: GitHubState, who: Who, repository: Repository): boolean {
  if (!repository.private) return true
  if (who.kind === 'user') return mayAs(roleOf(state, repository, who.login), 'read')
  return who.kind === 'installation' && reaches(who, repository)
}

function reaches({ token, installation }: Who & { kind: 'installation' }, repository: Repository) {
  return (
    covers(installation, repository) && (token.repositories === 'all' || token.repositories.includes(repository.id))
  )
}

/** Who signed in with an App, by the token that it was given. */
function signedInWith(state: GitHubState, authorization: string | undefined): Who | undefined {
  const [, token] = /^(?:bearer|token) (ghu_\S+)$/i.exec(authorization ?? '') ?? []
  if (!token) return undefined
  const { tokens } = signInsOf(state)
  const kept = Object.hasOwn(tokens, token) ? tokens[token] : undefined
  if (!kept || kept.expiresAt <= state.now()) throw new Refusal(401, 'Bad credentials')
  return { kind: 'user', login: kept.login }
}

function whoAsks(state: GitHubState, authorization: string | undefined): Who {
  if (!authorization) return { kind: 'nobody' }
  const credentials = /^(?:bearer|token) (\S+)$/i.exec(authorization)?.[1] ?? ''
  if (credentials.split('.').length === 3) return { kind: 'app', app: signerOf(state, credentials) }
  const login = state.userTokens.get(credentials)
  if (login !== undefined) return { kind: 'user', login }
  const token = Object.hasOwn(state.apps.tokens, credentials) ? state.apps.tokens[credentials] : undefined
  const installation = installationsOf(state).find(({ id }) => id === token?.installation)
  const app = state.apps.apps.find(({ id }) => id === installation?.app)
  if (!token || token.expiresAt <= state.now() || !installation || !app) throw new Refusal(401, 'Bad credentials')
  if (installation.suspended) throw new Refusal(403, 'This installation has been suspended')
  return { kind: 'installation', token, app, installation }
}

/** The App that signed a JWT, named in it by its id or client id. Says what is wrong in GitHub's words: Octokit reads them to mend a wrong clock. */
function signerOf(state: GitHubState, jwt: string): App {
  const [head = '', body = '', signature = ''] = jwt.split('.')
  const header = decode(head)
  const claims = decode(body)
  const app = state.apps.apps.find(({ id, clientId }) => [String(id), clientId].includes(String(claims.iss)))
  if (!app) throw new Refusal(401, "'Issuer' claim ('iss') must be the App's id")
  const signed = Buffer.from(`${head}.${body}`)
  const key = createPublicKey(app.privateKey)
  if (header.alg !== 'RS256' || !verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) {
    throw new Refusal(401, 'A JSON web token could not be decoded')
  }
  checkTimes(claims, state.now() / 1000)
  return app
}

function checkTimes(claims: Record<string, unknown>, nowSeconds: number): void {
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

import type { Context, MiddlewareHandler } from 'hono'
import { mayDo, type Person, type Role } from '../../account/person.ts'
import { personOfToken } from '../../account/token.ts'
import type { HttpEnv } from '../context.ts'
import { addressOf, type Limits } from '../limit.ts'
import { Refusal } from '../problem.ts'

const BEARER = /^bearer +(\S+)$/i

/**
 * Who is asking at the desk: a script, by its token, or a person, by the session of the browser. Everybody else is refused: 401, and
 * where it is a person's page, the way to sign in.
 */
export async function whoIsAtDesk(c: Context<HttpEnv>): Promise<Person> {
  const authorization = c.req.header('authorization')
  const [, token] = BEARER.exec(authorization ?? '') ?? []
  const person = token ? await personOfToken(c.var.parts, token) : undefined
  if (person) return person
  throw notSignedIn(authorization !== undefined)
}

/** Who is asking, where that may do what takes this role; the others are refused. */
export async function requireRole(c: Context<HttpEnv>, role: Role): Promise<Person> {
  const person = await whoIsAtDesk(c)
  if (mayDo(person, role)) return person
  const detail = `This takes the role ${role}, and ${person.name} has ${person.role}.`
  throw new Refusal({ status: 403, title: 'Not for this role', detail })
}

/** As RFC 6750 has it: no word on what was wrong where nothing was shown. */
function notSignedIn(isShown: boolean): Refusal {
  const challenge = isShown ? 'Bearer realm="desk", error="invalid_token"' : 'Bearer realm="desk"'
  const detail = isShown
    ? 'The token is none, was revoked, or is over. Maintainers make tokens at the desk.'
    : 'Sign in at the desk, or send a token: Authorization: Bearer …'
  return new Refusal({ status: 401, title: 'Not signed in', detail, challenge })
}

/** Counts answers that nobody was known for, against the address they went to: after some, it has to wait. */
export const limitUnknown =
  (limits: Limits): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    await next()
    if (c.res.status === 401) await limits.wrongKey(addressOf(c))
  }

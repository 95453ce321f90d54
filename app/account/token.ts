import type { Parts } from '../parts.ts'
import type { Credential, Person, Role } from './person.ts'
import { hashOf, isSecretOf, newSecret, readSecret, tokenText } from './secret.ts'

const DAY_MILLISECONDS = 86_400_000
const USED_MINUTES = 5
/** Letters, digits, and what stands between them: a token's name may stand in facts and in logs. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,49}$/

/** How long a token may be good for. */
export const TOKEN_DAYS_MAX = 366

type Account = Pick<Parts, 'store' | 'now' | 'random'>

/** Whether a token may be called so. */
export const isTokenName = (name: string): boolean => NAME.test(name)

/** Makes a token for a script, and gives its text, which is kept nowhere. */
export async function makeToken(
  { store, now, random }: Account,
  wanted: { name: string; role: Role; days: number; by: string },
): Promise<{ text: string; token: Credential }> {
  const { name, role, days, by } = wanted
  const made = newSecret(random)
  const at = now()
  const endsAt = new Date(at.getTime() + Math.min(days, TOKEN_DAYS_MAX) * DAY_MILLISECONDS).toISOString()
  const [kind, hash, madeAt] = ['token' as const, hashOf(made.secret), at.toISOString()]
  const token = { id: made.id, kind, hash, name, role, madeAt, endsAt, by }
  await store.changeCredential(made.id, () => token)
  return { text: tokenText(made), token }
}

/** Whose token that is; nobody's when it is none, was revoked, or is over. */
export async function personOfToken(
  { store, now }: Omit<Account, 'random'>,
  text: string,
): Promise<Person | undefined> {
  const given = readSecret(text)
  const token = given && (await store.credential(given.id))
  if (!given || !isSecretOf(given.secret, token?.kind === 'token' ? token.hash : undefined) || !token) return undefined
  const at = now().toISOString()
  if (token.endsAt <= at) return undefined
  if (isLongAgo(token.usedAt, now())) await store.changeCredential(token.id, (kept) => kept && { ...kept, usedAt: at })
  return { name: token.name, role: token.role, via: 'token' }
}

/** Whether a use is worth writing down again. */
export const isLongAgo = (usedAt: string | undefined, now: Date): boolean =>
  !usedAt || now.getTime() - Date.parse(usedAt) >= USED_MINUTES * 60_000

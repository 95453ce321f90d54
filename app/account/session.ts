import type { Parts } from '../parts.ts'
import type { Credential, Person, Role } from './person.ts'
import { type GitHubAccount, roleOf } from './role.ts'
import { hashOf, isSecretOf, newProof, newSecret, readSecret, secretText } from './secret.ts'
import { isLongAgo } from './token.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A session ends so long after it was made, and so long after it was last used. */
export const SESSION_DAYS_MAX = 14
const IDLE = 3 * DAY
/** One that nobody vouches for ends the same day. */
const LINK_LIFETIME = 12 * HOUR
/** So long a role is taken for true without asking GitHub; where GitHub does not answer, so much longer. */
export const ROLE_KEPT_MINUTES = 5
export const ROLE_KEPT_MINUTES_AWAY = 30
/** The secret is another one each hour. The one before it is good until the browser has shown the new one, or so long: requests cross. */
const ROTATION = HOUR
const CROSSING = MINUTE

/** What somebody is called who came by a link of the server's: no login at GitHub has a space. */
export const LINK_NAME = 'one-time link'

type Account = Pick<Parts, 'store' | 'now' | 'random'>
type Asking = Account & Pick<Parts, 'config' | 'githubApp' | 'log'>

/** GitHub has not said for too long what somebody may do. */
export class RoleUnknownError extends Error {}

/** Who a session is for: an account at GitHub, or whoever had a link of the server's. */
export type SessionFor = { role: Role; device: string; account?: GitHubAccount }

/** Opens a session, and gives what its cookie holds. */
export async function openSession(
  { store, now, random }: Account,
  { role, device, account }: SessionFor,
): Promise<string> {
  const [made, at] = [newSecret(random), now().toISOString()]
  const session: Credential = {
    ...{ id: made.id, kind: 'session', hash: hashOf(made.secret), role, device },
    name: account?.login ?? LINK_NAME,
    ...{ madeAt: at, usedAt: at, rotation: { at } },
    endsAt: '',
    ...(account && { github: { account: account.id, askedAt: at } }),
  }
  await store.changeCredential(made.id, () => ({ ...session, endsAt: endOf(session, now()) }))
  return secretText(made)
}

/** When a session ends that is used now. */
function endOf({ madeAt, github }: Credential, now: Date): string {
  const made = Date.parse(madeAt)
  const end = github ? Math.min(made + SESSION_DAYS_MAX * DAY, now.getTime() + IDLE) : made + LINK_LIFETIME
  return new Date(end).toISOString()
}

/** Who is there, by which session; with `renewed`, what the cookie is to hold from now on. */
export type AtDesk = { person: Person; session: string; renewed?: string }

/**
 * Whose session that is; nobody's when it is none, has ended, or its account may do nothing any more. Asks GitHub for the role where the
 * last answer is too old. Rejects with a RoleUnknownError where GitHub has not answered for long.
 */
export async function personOfSession(parts: Asking, text: string): Promise<AtDesk | undefined> {
  const given = readSecret(text)
  const found = given && (await parts.store.credential(given.id))
  const kept = found?.kind === 'session' ? found : undefined
  const isCurrent = isSecretOf(given?.secret ?? '', kept?.hash)
  const isPrevious = isSecretOf(given?.secret ?? '', kept?.rotation?.previous)
  const now = parts.now()
  if (!given || !kept || !(isCurrent || isPrevious) || kept.endsAt <= now.toISOString()) return undefined
  const asked = await askedAnew(parts, kept)
  if (!asked) {
    await endSession(parts, kept.id)
    return undefined
  }
  const renewed = isRotationDue(kept, isPrevious, now) ? newProof(parts.random) : undefined
  const rotation = rotationAfter(kept, { given: given.secret, renewed, isCurrent }, now)
  const isNews = renewed || rotation !== kept.rotation || asked !== kept || isLongAgo(kept.usedAt, now)
  const next = { ...asked, ...(rotation && { rotation }), ...(renewed && { hash: hashOf(renewed) }) }
  const isRenewed = isNews && (await keep(parts, kept, next))
  const { id, name, role } = asked
  const person: Person = { name, role, via: 'desk' }
  return { person, session: id, ...(renewed && isRenewed && { renewed: secretText({ id, secret: renewed }) }) }
}

/** The session with the role that GitHub says now, where it is time to ask; nothing when that is none. */
async function askedAnew(parts: Asking, kept: Credential): Promise<Credential | undefined> {
  const { github, name: login } = kept
  const age = github ? parts.now().getTime() - Date.parse(github.askedAt) : 0
  if (!github || age < ROLE_KEPT_MINUTES * MINUTE) return kept
  try {
    const role = await roleOf(parts, { login, id: github.account })
    return role && { ...kept, role, github: { ...github, askedAt: parts.now().toISOString() } }
  } catch (error) {
    parts.log.warn({ err: error, login }, 'GitHub does not say what somebody at the desk may do')
    if (age >= ROLE_KEPT_MINUTES_AWAY * MINUTE) throw new RoleUnknownError(login, { cause: error })
    return kept
  }
}

const ageOf = ({ rotation, madeAt }: Credential, now: Date): number =>
  now.getTime() - Date.parse(rotation?.at ?? madeAt)

/** An hour is over; or the browser still has the secret before, so that the new one was lost on its way. */
const isRotationDue = (kept: Credential, isPrevious: boolean, now: Date): boolean =>
  ageOf(kept, now) >= (isPrevious ? CROSSING : ROTATION)

type Turn = { given: string; renewed: string | undefined; isCurrent: boolean }

function rotationAfter(kept: Credential, { given, renewed, isCurrent }: Turn, now: Date): Credential['rotation'] {
  if (renewed) return { at: now.toISOString(), previous: hashOf(given) }
  const isShown = isCurrent && kept.rotation?.previous !== undefined && ageOf(kept, now) >= CROSSING
  return isShown ? { at: kept.rotation?.at ?? kept.madeAt } : kept.rotation
}

/** Writes a session down as it is now, unless another request did so with another secret, or it was ended. */
async function keep({ store, now }: Account, seen: Credential, next: Credential): Promise<boolean> {
  const used = { ...next, usedAt: now().toISOString(), endsAt: endOf(next, now()) }
  const before = await store.changeCredential(seen.id, (kept) => (kept?.hash === seen.hash ? used : kept))
  return before?.hash === seen.hash
}

/** Ends a session, or takes a token back. Gives what it was. */
export const endSession = ({ store }: Pick<Parts, 'store'>, id: string): Promise<Credential | undefined> =>
  store.changeCredential(id, () => undefined)

/**
 * What somebody may do at the desk, by their permission on the shop's repository: `triage` sees orders without who bought them; `write`
 * sees everything, packs, ships, notes and sends again; `maintain` (and an admin) gives money back, settles, exports, and gives tokens.
 */
export const ROLES = ['triage', 'write', 'maintain'] as const
export type Role = (typeof ROLES)[number]

/** Who is at the desk. `name` is a GitHub login, or a token's name: nobody's address, so that facts may hold it. */
export type Person = { name: string; role: Role; via: 'desk' | 'token' | 'comment' }

/** Whether somebody may do what takes this role. */
export const mayDo = (person: Pick<Person, 'role'>, role: Role): boolean =>
  ROLES.indexOf(person.role) >= ROLES.indexOf(role)

/**
 * What lets somebody in: a session of a browser, a token of a script, or a link that makes one session. It is known by its id, and
 * proved by a secret of which only the hash is kept. Instants are ISO texts.
 */
export type Credential = {
  id: string
  kind: 'session' | 'token' | 'link'
  /** SHA-256 of its secret, in hexadecimal. */
  hash: string
  name: string
  role: Role
  madeAt: string
  endsAt: string
  /** When it was last used, to some minutes. */
  usedAt?: string
  /** Who made a token. */
  by?: string
  /** Of a session: the browser, in words. */
  device?: string
  /** Of a session that GitHub vouched for: the account's number there, and when it was last asked for the role. */
  github?: { account: number; askedAt: string }
  /** Of a session: when its secret was made, and the secret before, until the browser has shown that it has the new one. */
  rotation?: { at: string; previous?: string }
}

/** What somebody did or saw at the desk. Nothing of a buyer's is in it. */
export type Access = { at: string; name: string; via: Person['via']; what: string; order?: string; about?: string }

/** An access where it lies in the log: a later one has a greater place. */
export type KeptAccess = Access & { place: string }

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

export type User = { login: string; id: number; at: number }

/** `members` by login in lower case. */
export type Organization = {
  login: string
  id: number
  at: number
  email?: string
  members: Map<string, 'admin' | 'member'>
}

/** What somebody may do with a repository, most first. */
export const ROLES = ['admin', 'maintain', 'write', 'triage', 'read', 'none'] as const

export type Role = (typeof ROLES)[number]

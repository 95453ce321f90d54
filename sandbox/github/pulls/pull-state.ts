/** The part of a pull request that an issue lacks; title, body, author and state are its issue's, of the same number. */
export type Pull = {
  id: number
  number: number
  /** The repository that the head lies in, by id; it may be gone. */
  headRepository: number
  headBranch: string
  headSha: string
  base: string
  /** Where the base was when this was opened, or last moved on. */
  baseSha: string
  draft: boolean
  mergedAt: number | null
  mergedBy: string | null
  mergeSha: string | null
  reviews: Review[]
  /** When it was last moved to another base branch. */
  baseChangedAt?: number
  /** What the merge queue made of it: a commit on top of another one, such as the base's tip or the entry before. */
  queued?: { sha: string; on: string; turn: number }
}

export type Review = {
  id: number
  author: string
  body: string
  state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED' | 'PENDING'
  sha: string
  at: number
}

/** What a branch asks for before something may be merged into it. `admins`: even of them. */
export type Protection = { contexts: string[]; strict: boolean; reviews: number; codeOwners: boolean; admins: boolean }

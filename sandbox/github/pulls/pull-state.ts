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

import type Stripe from 'stripe'
import type { GitHubApp } from '../../github/client.ts'
import type { Repository } from '../../github/repository-name.ts'

/** What a check is given: clients with test keys, and a repository to scratch in. */
export type SmokeTools = {
  stripe: Stripe
  shopUrl: string
  /** A name that nothing of earlier runs has. */
  run: string
  /** The scratch repository as the App enters it, with these permissions and no others. */
  scratch: (permissions: Record<string, 'read' | 'write'>) => Promise<Repository>
  /** The App by its own key. */
  asApp: () => Promise<GitHubApp['asApp']>
  smtpUrl: string
  /** Undoes what was made, last first, however the check ends. */
  afterwards: (undo: () => Promise<unknown>) => void
}

/** One assumption that is tried: its line in .github/ASSUMPTIONS.md, and what was seen where it holds. Rejects where it doesn't. */
export type SmokeCheck = { id: string; what: string; walk: (tools: SmokeTools) => Promise<string> }

/** Rejects with these words where it isn't so. */
export function must(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(otherwise)
}

/** The error that this ends with; rejects where it ends well. */
export const refusalOf = (asked: Promise<unknown>): Promise<{ status?: number; code?: string; type?: string }> =>
  asked.then(
    () => Promise.reject(new Error('it was taken')),
    (error: unknown) => error as object,
  )

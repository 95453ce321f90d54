import type { CatalogProblem } from '../../catalog/problem/problem.ts'
import type { JobRequest } from '../job/job.ts'
import type { ClosedReason } from '../shop/event.ts'
import type { ShopState } from '../shop/shop.ts'

/** What a catalog's source has now: this commit's catalog in a folder, or why it can't be laid out; or why nothing can be sold. */
export type Found =
  | { head: Head; tree: string; folder: string }
  | { head: Head; refused: CatalogProblem }
  | { closed: ClosedReason }

/** The newest state of a source. `by` is the GitHub login of who made it; none where that is not public. */
export type Head = { repository: string; commit: string; by: string | null }

/** What needs a person: of one mark, such as `broken-catalog`, there is one at a time. Title and body are Markdown. */
export type Notice = { mark: string; title: string; body: string }

/** Where the catalog of the shop comes from: a repository at GitHub, or a folder of this machine. */
export type CatalogSource = {
  /** The source's name, as facts have it (`owner/name`); nothing while it isn't known. */
  name: () => Promise<string | undefined>
  /** What is there now, brought to this machine's disk. Rejects when that can't be found out. */
  current: () => Promise<Found | undefined>
  /** The folder of what is or was live, brought again where the disk has lost it; nothing when it is not to be had any more. */
  bring: (live: NonNullable<ShopState['live']>) => Promise<string | undefined>
  /** Tells the maintainers, once for each mark. */
  tell: (notice: Notice) => Promise<void>
  /** Takes back what was told under this mark, and says why. */
  settle: (mark: string, why: string) => Promise<void>
  /** The work that may be needed because something else is live, or was lost since then: looks that fail each by itself. */
  missed: (lost: { since: Date; isLongAgo: boolean }) => Promise<JobRequest[]>[]
  /** Checks that have to be made anew when another catalog is live. */
  checks: () => Promise<JobRequest[]>
}

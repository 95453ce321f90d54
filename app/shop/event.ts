import { z } from 'zod'
import { ReleaseFile } from '../../catalog/schema/asset.ts'

// Facts about the shop itself, in the past tense: which commit is live, and which bytes were approved. As with orders,
// they are for ever: a new optional field or a new type, never a changed meaning.

const Instant = z.iso.datetime()
const Commit = z.string().regex(/^[0-9a-f]{40,64}$/)

export const ClosedReason = z.enum(['suspended', 'not-installed', 'no-catalog'])
export type ClosedReason = z.output<typeof ClosedReason>

/** A file as GitHub has it. Where it knows no SHA-256 (files from before June 2025), the file's id stands in. */
export const ApprovedFile = z.object({
  file: ReleaseFile,
  size: z.int().min(0),
  sha256: z.string().nullable(),
  releaseAsset: z.int(),
})
export type ApprovedFile = z.output<typeof ApprovedFile>

const head = { repository: z.string(), at: Instant }
const fact = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.object({ type: z.literal(type), ...head, ...shape })

export const ShopEvent = z.discriminatedUnion('type', [
  /** A maintainer said which of several repositories is the shop's. */
  fact('shop.chosen', {}),
  /** This commit's catalog is what the shop sells from now on. `by` is a GitHub login; none for a private repository. */
  fact('shop.updated', { commit: Commit, tree: z.string(), by: z.string().nullable() }),
  /** The default branch has a catalog with mistakes; the last good one stays live. */
  fact('shop.refused', {
    commit: Commit,
    problems: z.int().min(1),
    /** The fault may pass without another commit, as one of the files at GitHub: now and then it is tried again. */
    again: z.literal(true).optional(),
  }),
  /** Nothing is sold until the shop is updated again. What was bought stays bought. */
  fact('shop.closed', { reason: ClosedReason }),
  /** The bytes that were there when the maintainers approved the asset. Others are not delivered under its name. */
  fact('asset.approved', { asset: z.string(), approved: ApprovedFile }),
  /** Other bytes lie under the approved name: delivery has stopped, and a person must look. */
  fact('asset.changed', { asset: z.string(), found: ApprovedFile }),
  /** Approved anew, after it was taken back, or with other bytes under its name: what was approved of it before is over. */
  fact('asset.reviewed', { asset: z.string(), file: ReleaseFile }),
  /** The asset's next release is live: buyers are told. */
  fact('asset.released', { asset: z.string(), from: ReleaseFile, to: ReleaseFile }),
])
export type ShopEvent = z.output<typeof ShopEvent>

/** A fact before it is known where and when it was recorded. */
export type WithoutHead<Event> = Event extends unknown ? Omit<Event, 'repository' | 'at'> : never

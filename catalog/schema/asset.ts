import { z } from 'zod'
import { Line } from './common.ts'

/** Where a file lies: one asset of one release of a repository on GitHub. */
export const ReleaseFile = z
  .strictObject({
    repository: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/, 'a repository is owner/name, such as tern/goods')
      .meta({ description: 'owner/name. A private repository: what lies in a public one is free for all' }),
    tag: z
      .string()
      .regex(/^[A-Za-z0-9._/+-]{1,100}$/, 'a tag is letters, digits and . _ / + -, such as v1.2.0')
      .meta({ description: 'Tag of the release, such as v1.2.0' }),
    file: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$/, 'a file name is letters, digits and . _ + -, as GitHub shows it')
      .meta({ description: "The file's name in the release" }),
  })
  .meta({
    description: 'One file of one release on GitHub',
    examples: [{ repository: 'tern/goods', tag: 'v1.0.0', file: 'field-guide.pdf' }],
  })
export type ReleaseFile = z.output<typeof ReleaseFile>

export const AssetKind = z.enum(['book', 'video', 'audio', 'archive', 'software', 'image', 'document'])
export type AssetKind = z.output<typeof AssetKind>

export const AssetReview = z.enum(['draft', 'review', 'approved', 'withdrawn'])
export type AssetReview = z.output<typeof AssetReview>

/** catalog/assets/<id>.yaml: a file that buyers download. */
export const Asset = z
  .strictObject({
    title: Line.meta({ description: 'What buyers read next to the download', examples: ['The field guide, PDF'] }),
    kind: AssetKind.meta({ description: 'What sort of file it is', examples: ['book'] }),
    release: ReleaseFile,
    license: Line.meta({
      description: 'What the buyer may do with it: an SPDX id or a sentence',
      examples: ['CC-BY-NC-4.0'],
    }),
    review: AssetReview.meta({ description: 'Only approved assets are sold and delivered', examples: ['review'] }),
  })
  .meta({ title: 'Tagsale asset', description: 'A file that buyers download; its id is its file name' })
export type Asset = z.output<typeof Asset> & { id: string }

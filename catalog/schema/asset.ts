import { z } from 'zod'
import { Id, Line } from './common.ts'
import { Image } from './image.ts'
import { isRange, withVersion } from './version.ts'

const TAGS_MAX = 12
/** First pages are a taste; all pages would be the book. */
const PREVIEW_PAGES_MAX = 12
const PAGE_COUNT_MAX = 100_000

/** A repository on GitHub. */
export const Repository = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/, 'a repository is owner/name, such as tern/goods')

const Tag = z
  .string()
  .regex(/^[A-Za-z0-9._/+-]{1,100}$/, 'a tag is letters, digits and . _ / + -, such as v1.2.0')
  .meta({ description: 'Tag of the release, such as v1.2.0' })

/** Where a file lies: one asset of one release of a repository on GitHub. */
export const ReleaseFile = z.strictObject({
  repository: Repository,
  tag: Tag,
  file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,299}$/, 'a file name is letters, digits and . _ + -'),
})
export type ReleaseFile = z.output<typeof ReleaseFile>

export const ReleaseChannel = z.enum(['stable', 'pre-release'])
export type ReleaseChannel = z.output<typeof ReleaseChannel>

/** A file's SHA-256 in hexadecimal. */
export const Sha256 = z
  .string({ error: 'a SHA-256 is 64 digits from 0 to 9 and a to f, in quotes' })
  .regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 digits from 0 to 9 and a to f, as GitHub shows it beside the file')

/** A file of a release as people write it: `{version}` in its name stands for the version in the tag. */
export const ReleaseText = z
  .strictObject({
    repository: Repository.meta({
      description: 'owner/name. A private repository: what lies in a public one is free for all',
    }),
    tag: Tag,
    file: z
      .string()
      .regex(
        /^[A-Za-z0-9](?:[A-Za-z0-9._+-]|\{version\}){0,199}$/,
        'a file name is letters, digits and . _ + -, as GitHub shows it; {version} stands for the version in the tag',
      )
      .meta({ description: "The file's name in the release; {version} stands for the version in the tag" }),
    sha256: Sha256.optional().meta({
      description: 'Which bytes these are: whoever approves the asset approves them, and buyers get no others',
    }),
    version: z
      .string()
      .max(100)
      .refine(isRange, 'a range of versions is written as npm does, such as "^2" or "2.x"')
      .optional()
      .meta({ description: 'Follow new releases in this range of versions, such as "^2"', examples: ['^2'] }),
    channel: ReleaseChannel.optional().meta({
      description: 'Follow new releases: stable, or pre-release for those before they are finished too',
      examples: ['stable'],
    }),
  })
  .meta({
    description: 'One file of one release on GitHub',
    examples: [{ repository: 'tern/goods', tag: 'v1.0.0', file: 'field-guide.pdf' }],
  })
export type ReleaseText = z.output<typeof ReleaseText>

/** What buyers see of a file before they have it. */
export const Preview = z
  .strictObject({
    pages: z
      .array(Image)
      .min(1)
      .max(PREVIEW_PAGES_MAX)
      .optional()
      .meta({
        description: 'Pictures of the first pages',
        examples: [[{ file: 'images/field-guide-page-1.png', alt: 'Page 1: the title, above a tern in flight' }]],
      }),
    picture: Image.optional().meta({
      description: 'A picture of what is in it, such as one from the film',
      examples: [{ file: 'images/film.jpg', alt: 'A tern above a grey sea' }],
    }),
    pageCount: z
      .int()
      .min(1)
      .max(PAGE_COUNT_MAX)
      .optional()
      .meta({ description: 'How many pages it has', examples: [120] }),
    duration: z
      .string({ error: 'a duration is hours, minutes and seconds in quotes, such as "1:32:10"' })
      .regex(
        /^(?:\d{1,3}:[0-5]\d|[0-5]?\d):[0-5]\d$/,
        'a duration is hours, minutes and seconds, such as "1:32:10" or "4:05"',
      )
      .optional()
      .meta({ description: 'How long it plays, such as "1:32:10"', examples: ['1:32:10'] }),
  })
  .refine((preview) => Object.keys(preview).length > 0, 'a preview has pages, a picture, a pageCount or a duration')
  .meta({ description: 'What buyers see of it before they have it', examples: [{ pageCount: 120 }] })
export type Preview = z.output<typeof Preview>

export const AssetKind = z.enum(['book', 'video', 'audio', 'archive', 'software', 'image', 'document'])
export type AssetKind = z.output<typeof AssetKind>

export const AssetReview = z.enum(['draft', 'review', 'approved', 'withdrawn'])
export type AssetReview = z.output<typeof AssetReview>

/** catalog/assets/<id>.yaml, as people write it: a file that buyers download. */
export const AssetText = z
  .strictObject({
    title: Line.meta({
      description: 'What buyers read next to the download; {version} stands for the version in the tag',
      examples: ['The field guide, PDF'],
    }),
    kind: AssetKind.meta({ description: 'What sort of file it is', examples: ['book'] }),
    tags: z
      .array(Id)
      .max(TAGS_MAX)
      .default([])
      .meta({ description: 'Words that buyers read with it', examples: [['pdf', 'english']] }),
    preview: Preview.optional(),
    release: ReleaseText,
    license: Line.meta({
      description: 'What the buyer may do with it: an SPDX id or a sentence',
      examples: ['CC-BY-NC-4.0'],
    }),
    review: AssetReview.meta({ description: 'Only what is approved can be put up for sale', examples: ['review'] }),
  })
  .meta({ title: 'Tagsale asset', description: 'A file that buyers download; its id is its file name' })
export type AssetText = z.output<typeof AssetText>

/** Which newer releases an asset takes: a range of versions, a channel, or a range within a channel. */
export type Follows = { range: string | null; channel: ReleaseChannel; filePattern: string }

/**
 * A file that buyers download, with `{version}` put in: `release` names the one file that is sold now, `sha256` says which bytes it
 * has (of an approved one always).
 */
export type Asset = Omit<AssetText, 'release'> & {
  id: string
  release: ReleaseFile
  sha256: string | null
  follows: Follows | null
}

/** An asset as the shop uses it, from what people wrote. */
export function assetFrom(id: string, { release, ...asset }: AssetText): Asset {
  const { repository, tag, file, sha256 = null, version, channel } = release
  const isFollowing = version !== undefined || channel !== undefined
  return {
    ...asset,
    id,
    title: withVersion(asset.title, tag),
    release: { repository, tag, file: withVersion(file, tag) },
    sha256,
    follows: isFollowing ? { range: version ?? null, channel: channel ?? 'stable', filePattern: file } : null,
  }
}

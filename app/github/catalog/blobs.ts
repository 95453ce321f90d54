import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pLimit from 'p-limit'
import type { Repository } from '../repository-name.ts'
import { CatalogRefusedError } from './catalog-tree.ts'

/** Blobs in one GraphQL question. */
const BLOBS_PER_QUERY = 100
/** Bytes of text asked for at once: GitHub gives a question about ten seconds. */
const QUERY_BYTES_MAX = 2 * 1024 ** 2
const QUESTIONS_AT_ONCE = 4
const FILES_AT_ONCE = 64

/** Most text files that turn out to be none: each costs a request, and a shop has no such files. */
const REFUSED_TEXTS_MAX = 200

/** A file's content as git names it, and how many bytes it has. */
export type Blob = { sha: string; size: number }

/** Where a blob lies in the cache, whose folder is `blobs` in the data folder. */
export const blobPath = (folder: string, sha: string): string => join(folder, 'blobs', sha.slice(0, 2), sha.slice(2))

/**
 * Brings the blobs that the cache lacks, each checked against its SHA: text by the hundred over GraphQL, the rest one by one.
 * A blob appears whole or not at all. Throws a CatalogRefusedError when too many texts are none, or Octokit's errors; what came
 * before one stays in the cache.
 */
export async function fetchBlobs(
  folder: string,
  repository: Repository,
  blobs: readonly (Blob & { isText: boolean })[],
): Promise<void> {
  const distinct = [...new Map(blobs.map((blob) => [blob.sha, blob])).values()]
  const isCached = await inParallel(distinct, FILES_AT_ONCE, ({ sha }) => exists(blobPath(folder, sha)))
  const missing = distinct.filter((_, index) => !isCached[index])
  const texts = missing.filter(({ isText }) => isText)
  const refused = await inParallel(batches(texts), QUESTIONS_AT_ONCE, async (batch) => {
    const answers = await askForTexts(repository, batch)
    const kept = await inParallel(batch, FILES_AT_ONCE, (blob) => keep(folder, blob.sha, answers.get(blob.sha)))
    return batch.filter((_, index) => !kept[index])
  })
  if (refused.flat().length > REFUSED_TEXTS_MAX) {
    const found = `${refused.flat().length} files of the catalog should be text, and are not.`
    throw new CatalogRefusedError(found, 'Save them as UTF-8.')
  }
  const single = [...missing.filter(({ isText }) => !isText), ...refused.flat()]
  await inParallel(single, QUESTIONS_AT_ONCE, async ({ sha }) => {
    const bytes = await askForBytes(repository, sha)
    if (!(await keep(folder, sha, bytes))) throw new Error(`GitHub gave other bytes than blob ${sha} has`)
  })
}

/** Runs a piece of work for each item, so many at a time; results in the order of the items. After a failure nothing more begins. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const limit = pLimit({ concurrency: atOnce, rejectOnClear: true })
  try {
    return await limit.map(items, run)
  } finally {
    limit.clearQueue()
  }
}

/** Whether something lies at a path. */
export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

function batches<Item extends Blob>(blobs: readonly Item[]): Item[][] {
  const all: Item[][] = []
  let bytes = 0
  for (const blob of blobs) {
    const last = all.at(-1)
    if (!last || last.length >= BLOBS_PER_QUERY || bytes + blob.size > QUERY_BYTES_MAX) {
      all.push([blob])
      bytes = blob.size
    } else {
      last.push(blob)
      bytes += blob.size
    }
  }
  return all
}

type TextAnswer = { repository: Record<string, { text?: string | null; isTruncated?: boolean } | null> | null }

/** https://docs.github.com/en/graphql/reference/objects#blob */
async function askForTexts({ octokit, names: { owner, repo: name } }: Repository, blobs: readonly Blob[]) {
  const fields = blobs.map(({ sha }, index) => `b${index}: object(oid: "${sha}") { ... on Blob { text isTruncated } }`)
  const query = `query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { ${fields.join(' ')} } }`
  const answer = await octokit.graphql<TextAnswer>(query, { owner, name })
  return new Map(
    blobs.flatMap(({ sha }, index) => {
      const blob = answer.repository?.[`b${index}`]
      return typeof blob?.text === 'string' && !blob.isTruncated ? [[sha, Buffer.from(blob.text)] as const] : []
    }),
  )
}

/** https://docs.github.com/en/rest/git/blobs#get-a-blob */
async function askForBytes({ octokit, names }: Repository, sha: string): Promise<Buffer> {
  const { data } = await octokit.rest.git.getBlob({ ...names, file_sha: sha })
  return Buffer.from(data.content, data.encoding === 'base64' ? 'base64' : 'utf8')
}

/** Puts bytes into the cache when they are the blob's. */
async function keep(folder: string, sha: string, bytes: Buffer | undefined): Promise<boolean> {
  if (!bytes || shaOf(bytes) !== sha) return false
  const path = blobPath(folder, sha)
  await mkdir(join(path, '..'), { recursive: true })
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, bytes)
  await rename(draft, path)
  return true
}

const shaOf = (bytes: Buffer) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')

import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { z } from 'zod'
import { invalid, Refusal } from '../answer.ts'
import { emit } from '../apps/webhooks.ts'
import { resolveCommit } from '../git/commit.ts'
import { gitOf, refName } from '../git/git.ts'
import { moveRef } from '../git/push.ts'
import { type Asset, type GitHubState, newId, type Release, type Repository } from '../state.ts'
import { account } from '../users.ts'
import { measure, mediaTypeOf } from './content.ts'
import { releaseJson } from './release-view.ts'

/** What a request says of a release: https://docs.github.com/en/rest/releases/releases */
export const ReleaseRequest = z.object({
  tag_name: z.string().min(1).optional(),
  target_commitish: z.string().optional(),
  name: z.string().nullish(),
  body: z.string().nullish(),
  draft: z.boolean().optional(),
  prerelease: z.boolean().optional(),
})
type Asked = z.output<typeof ReleaseRequest>
type Place = { state: GitHubState; repository: Repository; by: string }

/** Makes a release, with its tag unless it is a draft, and tells the Apps. */
export function createRelease(place: Place, asked: Asked): Release {
  const { state, repository, by } = place
  if (!asked.tag_name) throw invalid('Release', 'tag_name', 'missing_field')
  const release: Release = {
    id: newId(state),
    tag: asked.tag_name,
    name: asked.name ?? null,
    body: asked.body ?? null,
    draft: asked.draft ?? false,
    prerelease: asked.prerelease ?? false,
    target: asked.target_commitish ?? repository.defaultBranch,
    author: by,
    at: state.now(),
    publishedAt: null,
    assets: new Map(),
  }
  if (!release.draft) publishNow(place, release)
  repository.releases.set(String(release.id), release)
  tell(place, release, 'created')
  if (!release.draft) tellPublished(place, release)
  return release
}

/** Changes a release; a draft that is one no more is published. */
export function changeRelease(place: Place, release: Release, asked: Asked): void {
  const before = { ...release }
  const after: Release = {
    ...release,
    tag: asked.tag_name ?? release.tag,
    name: asked.name === undefined ? release.name : asked.name,
    body: asked.body === undefined ? release.body : asked.body,
    draft: asked.draft ?? release.draft,
    prerelease: asked.prerelease ?? release.prerelease,
    target: asked.target_commitish ?? release.target,
  }
  const isPublished = before.draft && !after.draft
  const isRenamed = !after.draft && before.tag !== after.tag
  if (isPublished || isRenamed) publishNow(place, after)
  Object.assign(release, after)
  if (isPublished) {
    tellPublished(place, release)
    return
  }
  tell(place, release, 'edited', { changes: changesFrom(before, release) })
  if (!release.draft && before.prerelease !== release.prerelease) {
    tell(place, release, release.prerelease ? 'prereleased' : 'released')
  }
}

/** Removes a release. Its tag stays. */
export function deleteRelease(place: Place, release: Release): void {
  place.repository.releases.delete(keyOf(place.repository, release))
  tell(place, release, 'deleted')
}

/** Keeps a file that is being uploaded. Refuses a name that is taken in this release. */
export async function addAsset(
  { state, by }: Place,
  release: Release,
  file: { name: string; label: string; contentType: string | undefined; bytes: ReadableStream | null },
): Promise<Asset> {
  const name = file.name.replace(/[^\w.+@-]+/g, '.')
  if (!name) throw invalid('ReleaseAsset', 'name', 'missing_field')
  if (release.assets.has(name)) throw invalid('ReleaseAsset', 'name', 'already_exists')
  const id = newId(state)
  const folder = join(state.folder, 'uploads')
  await mkdir(folder, { recursive: true })
  const content = join(folder, String(id))
  const bytes = file.bytes ? Readable.fromWeb(file.bytes as NodeReadableStream) : Readable.from([])
  await pipeline(bytes, createWriteStream(content, { mode: 0o600 }))
  const { size, sha256 } = await measure(content)
  if (size === 0 || release.assets.has(name)) {
    await rm(content)
    throw size === 0 ? new Refusal(400, 'Bad Content-Length') : invalid('ReleaseAsset', 'name', 'already_exists')
  }
  const contentType = file.contentType ?? mediaTypeOf(name)
  const asset: Asset = {
    id,
    name,
    label: file.label,
    contentType,
    uploader: by,
    size,
    sha256,
    content,
    at: state.now(),
    downloads: 0,
  }
  release.assets.set(name, asset)
  return asset
}

/** Tells the Apps of a release that is new and open to all. */
export function tellPublished(place: Place, release: Release): void {
  tell(place, release, 'published')
  tell(place, release, release.prerelease ? 'prereleased' : 'released')
}

/** Tells the Apps of a release that was made. */
export const tellCreated = (place: Place, release: Release): void => tell(place, release, 'created')

/** Makes the tag where it is missing, and sets the time. Refuses a tag that has a release, and a place without commits. */
function publishNow({ state, repository, by }: Place, release: Release): void {
  const isTaken = [...repository.releases.values()].some(
    (one) => one.tag === release.tag && one.id !== release.id && !one.draft,
  )
  if (isTaken) throw invalid('Release', 'tag_name', 'already_exists')
  const ref = `refs/tags/${release.tag}`
  const git = gitOf(state, repository)
  if (!git.ref(refName(repository, ref))) {
    const isEmpty = git.refs(refName(repository, 'refs/heads/')).length === 0
    if (isEmpty) throw new Refusal(422, 'Repository is empty.')
    const commit = resolveCommit(state, repository, release.target)
    if (!commit) throw invalid('Release', 'target_commitish', 'invalid')
    moveRef(state, repository, ref, commit, by)
  }
  release.publishedAt ??= state.now()
}

function changesFrom(before: Release, after: Release) {
  return {
    ...(before.name !== after.name ? { name: { from: before.name } } : {}),
    ...(before.body !== after.body ? { body: { from: before.body } } : {}),
    ...(before.tag !== after.tag ? { tag_name: { from: before.tag } } : {}),
  }
}

function tell({ state, repository, by }: Place, release: Release, action: string, more: object = {}): void {
  const shown = releaseJson(state, repository, release, state.url)
  const sender = account(state, by, state.url)
  emit(state, 'release', repository, { action, release: shown, ...more, sender })
}

const keyOf = ({ releases }: Repository, release: Release): string =>
  [...releases].find(([, one]) => one.id === release.id)?.[0] ?? ''

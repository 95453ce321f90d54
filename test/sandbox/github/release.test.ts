import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ListenedGitHub, openGitHubWithListener, refused } from './support.ts'

const GOODS = { owner: 'tern', repo: 'goods' }
let github: ListenedGitHub
let ada: ReturnType<ListenedGitHub['as']>
beforeEach(async () => {
  github = await openGitHubWithListener()
  ada = github.as('ada')
})
afterEach(() => github.close())

const tags = async (octokit = ada) =>
  (await octokit.rest.repos.listReleases(GOODS)).data.map(({ tag_name }) => tag_name)
const releaseEvents = async () => (await github.events()).filter((name) => name.startsWith('release.')).toSorted()
const upload = (url: string, name: string, text: string) =>
  ada.rest.repos.uploadReleaseAsset({ ...GOODS, release_id: 0, url, name, data: text })

test('a draft is for those who write, and is published with its tag', async () => {
  const reader = await github.installation('tern', { permissions: { contents: 'read' } })
  const { data: draft } = await ada.rest.repos.createRelease({ ...GOODS, tag_name: 'v1', draft: true })
  expect(draft).toMatchObject({ draft: true, published_at: null })
  expect([await tags(), await tags(reader)]).toEqual([['v1'], []])
  await expect(reader.rest.repos.getRelease({ ...GOODS, release_id: draft.id })).rejects.toEqual(refused(404))
  await expect(ada.rest.git.getRef({ ...GOODS, ref: 'tags/v1' })).rejects.toEqual(refused(404))
  expect(await releaseEvents()).toEqual(['release.created'])
  await ada.rest.repos.updateRelease({ ...GOODS, release_id: draft.id, draft: false })
  await ada.rest.git.getRef({ ...GOODS, ref: 'tags/v1' })
  expect(await tags(reader)).toEqual(['v1'])
  expect(await releaseEvents()).toEqual(['release.created', 'release.published', 'release.released'])
})

test('a pre-release is not the latest; edits and deletes are told', async () => {
  await ada.rest.repos.createRelease({ ...GOODS, tag_name: 'v1' })
  const { data: next } = await ada.rest.repos.createRelease({ ...GOODS, tag_name: 'v2', prerelease: true })
  expect((await ada.rest.repos.getLatestRelease(GOODS)).data.tag_name).toBe('v1')
  await github.events()
  github.heard.length = 0
  await ada.rest.repos.updateRelease({ ...GOODS, release_id: next.id, prerelease: false, name: 'Two' })
  expect(await releaseEvents()).toEqual(['release.edited', 'release.released'])
  await ada.rest.repos.deleteRelease({ ...GOODS, release_id: next.id })
  expect(await releaseEvents()).toEqual(['release.deleted', 'release.edited', 'release.released'])
  expect(await tags()).toEqual(['v1'])
  await expect(ada.rest.repos.createRelease({ ...GOODS, tag_name: 'v1' })).rejects.toEqual(refused(422))
})

test('a file goes up with its digest, once by each name, and comes down the same', async () => {
  const { data: release } = await ada.rest.repos.createRelease({ ...GOODS, tag_name: 'v1' })
  const { data: asset } = await upload(release.upload_url, 'guide to terns.txt', 'terns')
  const digest = `sha256:${createHash('sha256').update('terns').digest('hex')}`
  expect(asset).toMatchObject({ name: 'guide.to.terns.txt', size: 5, digest, uploader: { login: 'ada' } })
  await expect(upload(release.upload_url, 'guide to terns.txt', 'x')).rejects.toEqual(refused(422, 'Validation Failed'))
  const app = await github.installation()
  const { data } = await app.rest.repos.getReleaseAsset({
    ...GOODS,
    asset_id: asset.id,
    headers: { accept: 'application/octet-stream' },
  })
  expect(Buffer.from(data as unknown as ArrayBuffer).toString()).toBe('terns')
  await ada.rest.repos.deleteReleaseAsset({ ...GOODS, asset_id: asset.id })
  const { data: other } = await upload(release.upload_url, 'guide to terns.txt', 'other')
  expect(other.id).not.toBe(asset.id)
  await expect(app.rest.repos.getReleaseAsset({ ...GOODS, asset_id: asset.id })).rejects.toEqual(refused(404))
})

test('the control that publishes tells of a new release only', async () => {
  const put = (file: string) =>
    github.control('releases', { repository: 'tern/goods', tag: 'v9', file, base64: btoa(file) })
  await put('a.txt')
  await put('b.txt')
  expect(await releaseEvents()).toEqual(['release.created', 'release.published', 'release.released'])
})

test('somebody who may only read publishes nothing', async () => {
  const open = { owner: 'bob', repo: 'open', tag_name: 'v1' }
  await expect(ada.rest.repos.createRelease(open)).rejects.toEqual(refused(403))
  await expect(github.nobody().rest.repos.createRelease(open)).rejects.toEqual(refused(401))
})

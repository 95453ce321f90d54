import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { html } from 'hono/html'
import { formatSize, type Markup } from '../../../page.ts'
import { notFound, originOf, Refusal } from '../../answer.ts'
import { numberIn } from '../../body.ts'
import { signedAddress } from '../../releases/download.ts'
import type { Asset, Release } from '../../state.ts'
import { clock, count, pathOf, showIn } from '../dress.ts'
import { textOf } from '../issues.ts'
import { may, type RepositoryEnv } from '../person.ts'

const UPLOAD_BYTES_MAX = 100 * 1024 * 1024

/** Releases: published with their files, and a file put in another's place. */
export function releasePages(): Hono<RepositoryEnv> {
  const pages = new Hono<RepositoryEnv>()
  const onError = () => {
    throw new Refusal(413, 'The files are larger than 100 MB.')
  }
  pages.use('/:o/:r/releases/*', bodyLimit({ maxSize: UPLOAD_BYTES_MAX, onError }))
  pages.get('/:o/:r/releases', (c) => {
    const all = releasesOf(c).toReversed()
    const create = may(c, c.var.repository, 'write')
      ? html`<p><a href="${pathOf(c.var.repository)}/releases/new">New release</a></p>`
      : ''
    const cards = all.map((release) => releaseCard(c, release))
    return showIn(
      c,
      'Releases',
      html`<h1>Releases</h1>${create}${cards.length > 0 ? cards : html`<p>There are none yet.</p>`}`,
    )
  })
  pages.get('/:o/:r/releases/new', newPage)
  pages.post('/:o/:r/releases/new', async (c) => {
    const { owner, name: repo } = c.var.repository
    const form = await c.req.parseBody({ all: true })
    const asked = { tag_name: textOf(form.tag), body: textOf(form.body), prerelease: form.prerelease === 'yes' }
    const { data } = await c.var.api.rest.repos.createRelease({ owner, repo, ...asked, draft: true })
    for (const file of filesIn(form.file)) await upload(c, data.id, file)
    await c.var.api.rest.repos.updateRelease({ owner, repo, release_id: data.id, draft: false })
    return c.redirect(`${pathOf(c.var.repository)}/releases`, 303)
  })
  pages.post('/:o/:r/releases/:id/assets', async (c) => {
    const { owner, name: repo } = c.var.repository
    const release = releasesOf(c).find(({ id }) => id === numberIn(c.req.param('id')))
    if (!release) throw notFound()
    const form = await c.req.parseBody({ all: true })
    const files = filesIn(form.file)
    if (files.length === 0) throw new Refusal(422, 'Choose a file.')
    for (const file of files) {
      const known = release.assets.get(file.name)
      if (known) await c.var.api.rest.repos.deleteReleaseAsset({ owner, repo, asset_id: known.id })
      await upload(c, release.id, file)
    }
    return c.redirect(`${pathOf(c.var.repository)}/releases/tag/${encodeURIComponent(release.tag)}`, 303)
  })
  pages.get('/:o/:r/releases/tag/:tag{.+}', (c) => {
    const release = releasesOf(c).find(({ tag }) => tag === c.req.param('tag'))
    if (!release) throw notFound()
    return showIn(
      c,
      release.tag,
      html`<h1>${release.name || release.tag}</h1>${releaseCard(c, release)}${replaceForm(c, release)}`,
    )
  })
  pages.get('/:o/:r/releases/download/:tag/:file', (c) => {
    const release = releasesOf(c).find(({ tag }) => tag === c.req.param('tag'))
    const asset = release?.assets.get(c.req.param('file'))
    if (!asset) throw notFound()
    return c.redirect(signedAddress(c.var.state, asset, originOf(c)))
  })
  return pages
}

/** Those that are published, oldest first; who may write sees drafts, too. */
function releasesOf(c: Context<RepositoryEnv>): Release[] {
  const { repository } = c.var
  return [...repository.releases.values()].filter(({ draft }) => !draft || may(c, repository, 'write'))
}

const filesIn = (value: unknown): File[] =>
  [value].flat().filter((one): one is File => one instanceof File && one.name !== '')

async function upload(c: Context<RepositoryEnv>, release_id: number, file: File): Promise<void> {
  const { owner, name: repo } = c.var.repository
  const data = Buffer.from(await file.arrayBuffer()) as unknown as string // bytes, whatever its types say
  const headers = { 'content-type': file.type || 'application/octet-stream' }
  await c.var.api.rest.repos.uploadReleaseAsset({ owner, repo, release_id, name: file.name, data, headers })
}

function releaseCard(c: Context<RepositoryEnv>, release: Release): Markup {
  const pages = pathOf(c.var.repository)
  const kind = release.draft ? 'draft' : release.prerelease ? 'pre-release' : ''
  return html`<article class="card"><div class="row"><h2><a href="${pages}/releases/tag/${encodeURIComponent(release.tag)}">${release.tag}</a>
${kind ? html`<span class="tag wait">${kind}</span>` : ''}</h2><span class="soft">${count(release.assets.size, 'file')}, ${clock(release.publishedAt ?? release.at)}</span></div>
${release.body ? html`<p class="words">${release.body}</p>` : ''}
<section><ul>${[...release.assets.values()].map((asset) => assetRow(pages, release, asset))}</ul></section></article>`
}

const assetRow = (
  pages: string,
  { tag }: Release,
  { name, size, sha256, downloads }: Asset,
): Markup => html`<li><div class="row">
<strong><a href="${pages}/releases/download/${encodeURIComponent(tag)}/${encodeURIComponent(name)}">${name}</a></strong>
<span class="soft">${formatSize(size)}, downloaded ${count(downloads, 'time')}</span></div><code>sha256:${sha256}</code></li>`

function replaceForm(c: Context<RepositoryEnv>, release: Release): Markup | '' {
  if (!may(c, c.var.repository, 'write')) return ''
  return html`<form method="post" enctype="multipart/form-data" class="card" action="${pathOf(c.var.repository)}/releases/${release.id}/assets"><div class="stack">
<div><label for="file">Add files; one of the same name takes the other’s place</label>
<p class="soft">As at GitHub, no App is told of it. The shop compares when somebody downloads, and looks by itself every quarter of an hour.</p><input type="file" id="file" name="file" multiple required></div>
<button>Upload</button></div></form>`
}

function newPage(c: Context<RepositoryEnv>) {
  return showIn(
    c,
    'New release',
    html`<h1>New release</h1><form method="post" enctype="multipart/form-data" class="card"><div class="stack">
<div><label for="tag">Tag</label><input type="text" id="tag" name="tag" required></div>
<div><label for="body">What is new (optional)</label><textarea id="body" name="body" rows="4"></textarea></div>
<div><label for="file">Files</label><input type="file" id="file" name="file" multiple></div>
<label class="choice"><input type="checkbox" name="prerelease" value="yes"> This is a pre-release</label>
<button class="main">Publish</button></div></form>`,
  )
}

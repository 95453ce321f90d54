import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { formatSize, type Markup } from '../../../page.ts'
import { notFound } from '../../answer.ts'
import { resolveCommit } from '../../git/commit.ts'
import { isBinary } from '../../git/merge.ts'
import { isFolder, typeOfMode } from '../../git/object.ts'
import { mediaTypeOf } from '../../releases/content.ts'
import { breakable, clock, encoded, pathOf, showIn } from '../dress.ts'
import type { RepositoryEnv } from '../person.ts'
import { type Place, placeOf } from '../place.ts'
import { shopFileOf } from './product.ts'

/** A text longer than this is not shown with line numbers. */
const SHOWN_BYTES_MAX = 512 * 1024

/** Folders and files as they are at a branch, tag or commit. */
export function fileRoutes(): Hono<RepositoryEnv> {
  const pages = new Hono<RepositoryEnv>()
  pages.get('/:o/:r', (c) => {
    const { state, repository } = c.var
    if (resolveCommit(state, repository, 'HEAD')) return showFolder(c, placeOf(c, repository.defaultBranch))
    const create = `${pathOf(repository)}/new/${repository.defaultBranch}`
    return showIn(
      c,
      'Files',
      html`<h1>Files</h1><p>This repository is empty. <a href="${create}">Create a file</a></p>`,
    )
  })
  pages.get('/:o/:r/tree/:rest{.+}', (c) => showFolder(c, placeOf(c)))
  pages.get('/:o/:r/blob/:rest{.+}', (c) => showFile(c, placeOf(c)))
  pages.get('/:o/:r/raw/:rest{.+}', (c) => {
    const { git, entry } = placeOf(c)
    const bytes = entry && git.blob(entry.oid)
    if (!bytes) throw notFound()
    c.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox")
    c.header('x-content-type-options', 'nosniff')
    c.header('content-type', isPicture(entry.path) ? pictureType(entry.path) : 'text/plain; charset=utf-8')
    return c.body(new Uint8Array(bytes))
  })
  return pages
}

function showFolder(c: Context<RepositoryEnv>, place: Place) {
  const { git, ref, commit, path, entry } = place
  const pages = pathOf(c.var.repository)
  if (!entry || !isFolder(entry)) throw notFound()
  const inside = (git.tree(entry.oid) ?? []).toSorted((one, other) => Number(isFolder(other)) - Number(isFolder(one)))
  const at = (kind: string, name = '') => `${pages}/${kind}/${encoded([ref, path, name].filter(Boolean).join('/'))}`
  const readme = inside.find(({ name }) => /^readme(\.\w+)?$/i.test(name))
  const isShop = ['', 'catalog', 'catalog/products'].includes(path) && shopFileOf(c) !== undefined
  const above = path.split('/').slice(0, -1).join('/')
  return showIn(
    c,
    path || 'Files',
    html`<h1>${path ? breakable(path) : 'Files'}</h1>${whereabouts(c, place)}
${place.branch ? html`<p class="buttons"><a href="${at('new')}">New file</a><a href="${at('upload')}">Upload a file</a>${isShop ? html`<a href="${pages}/_product/new">Add a product</a>` : ''}</p>` : ''}
<article class="card">${latest(place, pages)}<section class="flush"><ul class="files">
${path ? html`<li><a href="${pages}/tree/${encoded([ref, above].filter(Boolean).join('/'))}">.. <span class="soft">up</span></a></li>` : ''}
${inside.map((one) => html`<li><a href="${at(isFolder(one) ? 'tree' : 'blob', one.name)}">${one.name}${isFolder(one) ? '/' : ''}</a></li>`)}
</ul></section></article>
${readme ? html`<article class="card"><h2>${readme.name}</h2><section class="flush"><pre>${git.blob(readme.oid)?.toString('utf8') ?? ''}</pre></section></article>` : ''}
<p class="soft">At commit <code>${commit.slice(0, 7)}</code></p>`,
  )
}

function showFile(c: Context<RepositoryEnv>, place: Place) {
  const { git, ref, path, entry } = place
  if (!entry || typeOfMode(entry.mode) !== 'blob') throw notFound()
  const bytes = git.blob(entry.oid) ?? Buffer.alloc(0)
  const pages = pathOf(c.var.repository)
  const at = (kind: string) => `${pages}/${kind}/${encoded(`${ref}/${path}`)}`
  const isText = !isBinary(bytes) && !(isPicture(path) && !path.endsWith('.svg'))
  return showIn(
    c,
    path,
    html`<h1>${breakable(path)}</h1>${whereabouts(c, place)}
<article class="card"><div class="row"><span class="soft">${formatSize(bytes.length)}</span>
<span class="buttons"><a href="${at('raw')}">Raw</a>
${place.branch && isText ? html`<a href="${at('edit')}">Edit</a>` : ''}${place.branch ? html`<a href="${at('delete')}">Delete</a>` : ''}</span></div>
${isPicture(path) ? html`<section><img class="picture" src="${at('raw')}" alt="${path}"></section>` : ''}
${isText && bytes.length <= SHOWN_BYTES_MAX ? html`<section>${numbered(bytes.toString('utf8'))}</section>` : ''}
${!isText && !isPicture(path) ? html`<section>This is not a text.</section>` : ''}</article>`,
  )
}

const numbered = (text: string): Markup =>
  html`<table class="lines" role="presentation"><tbody>${text
    .replace(/\n$/, '')
    .split('\n')
    .map((line, index) => {
      const id = `L${index + 1}`
      return html`<tr id="${id}"><td class="at"><a href="#${id}" aria-label="Line ${index + 1}">${index + 1}</a></td><td>${line}</td></tr>`
    })}</tbody></table>`

function whereabouts(c: Context<RepositoryEnv>, { git, ref, path }: Place): Markup {
  const { repository } = c.var
  const pages = pathOf(repository)
  const prefix = repository.id === repository.network ? 'refs/heads/' : `refs/namespaces/${repository.id}/refs/heads/`
  const branches = git.refs(prefix).map(({ name }) => name.slice(prefix.length))
  const others = branches.filter((name) => name !== ref)
  return html`<p>On <strong>${ref}</strong>${path ? html` of <a href="${pages}/tree/${encoded(ref)}">all files</a>` : ''}</p>
${others.length > 0 ? html`<details><summary>${others.length} more ${others.length === 1 ? 'branch' : 'branches'}</summary><ul>${others.map((name) => html`<li><a href="${pages}/tree/${encoded(name)}">${name}</a></li>`)}</ul></details>` : ''}`
}

function latest({ git, commit: sha }: Place, pages: string): Markup {
  const commit = git.commit(sha)
  return html`<div class="row"><span><a href="${pages}/commit/${sha}">${commit?.message.split('\n')[0]}</a>
<span class="soft">by ${commit?.author.name}</span></span>${clock((commit?.committer.seconds ?? 0) * 1000)}</div>`
}

const PICTURES: Record<string, string> = {
  avif: 'image/avif',
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
}
const extensionOf = (path: string) => /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
const pictureType = (path: string) => PICTURES[extensionOf(path)] ?? mediaTypeOf(path)
const isPicture = (path: string) => pictureType(path).startsWith('image/')

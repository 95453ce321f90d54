import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { html } from 'hono/html'
import type { Markup } from '../../../page.ts'
import { notFound, Refusal } from '../../answer.ts'
import { isBinary } from '../../git/merge.ts'
import { typeOfMode } from '../../git/object.ts'
import { breakable, encoded, pathOf, showIn } from '../dress.ts'
import { may, type RepositoryEnv } from '../person.ts'
import { type Place, placeOf } from '../place.ts'
import { submit } from './propose.ts'

const UPLOAD_BYTES_MAX = 5 * 1024 * 1024
/** What a form has besides the file. */
const FORM_BYTES = 64 * 1024

/** Changing a file, creating, uploading and deleting one: at once, or as a pull request. */
export function editRoutes(): Hono<RepositoryEnv> {
  const pages = new Hono<RepositoryEnv>()
  const onError = () => {
    throw new Refusal(413, 'The file is larger than 5 MB.')
  }
  pages.use('/:o/:r/:kind{edit|new|upload|delete}/*', bodyLimit({ maxSize: UPLOAD_BYTES_MAX + FORM_BYTES, onError }))
  pages.get('/:o/:r/edit/:rest{.+}', (c) => editPage(c, fileAt(c)))
  pages.post('/:o/:r/edit/:rest{.+}', async (c) => {
    const { place, sha, bytes: before } = fileAt(c)
    const form = await c.req.parseBody()
    const bytes = textIn(form.content, before.includes('\r\n'))
    if (bytes.equals(before) && form.sha === sha) throw new Refusal(422, 'Nothing was changed in this file.')
    return c.redirect(
      await submit(c, place, { ...asked(form, `Update ${nameOf(place.path)}`), path: place.path, bytes }),
    )
  })
  pages.get('/:o/:r/new/:rest{.+}', (c) => newPage(c, placeOf(c)))
  pages.post('/:o/:r/new/:rest{.+}', async (c) => {
    const place = placeOf(c)
    const form = await c.req.parseBody()
    const path = joined(place.path, form.filename)
    return c.redirect(
      await submit(c, place, { ...asked(form, `Create ${nameOf(path)}`), path, bytes: textIn(form.content, false) }),
    )
  })
  pages.get('/:o/:r/upload/:rest{.+}', (c) => uploadPage(c, placeOf(c)))
  pages.post('/:o/:r/upload/:rest{.+}', async (c) => {
    const place = placeOf(c)
    const form = await c.req.parseBody()
    if (!(form.file instanceof File) || !form.file.name) throw new Refusal(422, 'Choose a file.')
    const path = joined(place.path, form.file.name)
    const sha = shaAt(c, place, path)
    const bytes = Buffer.from(await form.file.arrayBuffer())
    const change = { ...asked(form, `Add ${nameOf(path)}`), path, bytes, ...(sha ? { sha } : {}) }
    return c.redirect(await submit(c, place, change))
  })
  pages.get('/:o/:r/delete/:rest{.+}', (c) => deletePage(c, fileAt(c)))
  pages.post('/:o/:r/delete/:rest{.+}', async (c) => {
    const { place } = fileAt(c)
    const form = await c.req.parseBody()
    return c.redirect(await submit(c, place, { ...asked(form, `Delete ${nameOf(place.path)}`), path: place.path }))
  })
  return pages
}

type Form = Record<string, unknown>
type FileAt = { place: Place; sha: string; bytes: Buffer }

function fileAt(c: Context<RepositoryEnv>): FileAt {
  const place = placeOf(c)
  const { entry, git } = place
  const bytes = entry && typeOfMode(entry.mode) === 'blob' ? git.blob(entry.oid) : undefined
  if (!entry || !bytes || !place.branch) throw notFound()
  return { place, sha: entry.oid, bytes }
}

const shaAt = (c: Context<RepositoryEnv>, { ref }: Place, path: string) => placeOf(c, `${ref}/${path}`).entry?.oid

function asked(form: Form, usual: string) {
  const text = (value: unknown) => (typeof value === 'string' ? value.trim() : '')
  return {
    title: text(form.title) || usual,
    description: text(form.description).replaceAll('\r\n', '\n'),
    isProposal: form.how !== 'commit',
    ...(form.sha ? { sha: text(form.sha) } : {}),
  }
}

/** Browsers send a text with CRLF; the file keeps the ends of lines it had. */
function textIn(value: unknown, keepsReturns: boolean): Buffer {
  const text = String(value ?? '').replaceAll('\r\n', '\n')
  return Buffer.from(keepsReturns ? text.replaceAll('\n', '\r\n') : text)
}

function joined(folder: string, name: unknown): string {
  const path = [folder, ...String(name ?? '').split('/')]
    .map((part) => part.trim())
    .filter(Boolean)
    .join('/')
  if (path === folder) throw new Refusal(422, 'The file needs a name.')
  return path
}

const nameOf = (path: string) => path.split('/').at(-1) ?? path

function editPage(c: Context<RepositoryEnv>, { place, sha, bytes }: FileAt) {
  if (isBinary(bytes)) throw new Refusal(422, 'This is not a text. Upload another file of the same name instead.')
  const fields = html`<input type="hidden" name="sha" value="${sha}">${textArea(bytes.toString('utf8'))}`
  return form(c, place, { verb: 'Edit', name: place.path, fields, usual: `Update ${nameOf(place.path)}` })
}

function newPage(c: Context<RepositoryEnv>, place: Place) {
  const name = c.req.query('filename') ?? ''
  const folder = place.path ? `${place.path}/` : ''
  const fields = html`<div><label for="filename">Path of the file${folder ? `, below ${folder}` : ''}</label>
<input type="text" id="filename" name="filename" value="${name}" required></div>${textArea(c.req.query('value') ?? '')}`
  return form(c, place, { verb: 'New file', name: folder, fields, usual: name ? `Create ${nameOf(name)}` : '' })
}

function uploadPage(c: Context<RepositoryEnv>, place: Place) {
  const fields = html`<div><label for="file">File, at most 5 MB</label><input type="file" id="file" name="file" required></div>`
  return form(c, place, { verb: 'Upload to', name: place.path || 'the top folder', fields, usual: '' })
}

function deletePage(c: Context<RepositoryEnv>, { place, sha }: FileAt) {
  const fields = html`<input type="hidden" name="sha" value="${sha}">`
  return form(c, place, { verb: 'Delete', name: place.path, fields, usual: `Delete ${nameOf(place.path)}` })
}

const textArea = (text: string): Markup => html`<div><label for="content">Content</label>
<textarea id="content" name="content" rows="22" spellcheck="false">
${text}</textarea></div>`

function form(
  c: Context<RepositoryEnv>,
  place: Place,
  { verb, name, fields, usual }: { verb: string; name: string; fields: Markup; usual: string },
) {
  const { repository } = c.var
  const isWriter = may(c, repository, 'write')
  const back = `${pathOf(repository)}/${place.path && place.entry ? 'blob' : 'tree'}/${encoded(place.ref)}/${encoded(place.path)}`
  const note = isWriter
    ? ''
    : html`<p class="soft">You may not write here, so your change goes to a copy of the repository that is yours (a fork) and is proposed from there.</p>`
  return showIn(
    c,
    `${verb} ${name}`,
    html`<h1>${verb} ${breakable(name)}</h1>${note}
<form method="post" enctype="multipart/form-data" class="card"><div class="stack">${fields}
<div><label for="title">What changes, in one line</label><input type="text" id="title" name="title" value="${usual}" maxlength="250"></div>
<div><label for="description">Why (optional)</label><textarea id="description" name="description" rows="3"></textarea></div>
${how(place.ref, isWriter, place.ref !== repository.defaultBranch)}
<div class="buttons"><button class="main">${isWriter ? 'Save' : 'Propose'}</button><a href="${back}">Cancel</a></div></div></form>`,
  )
}

function how(ref: string, isWriter: boolean, commitsFirst: boolean): Markup {
  if (!isWriter) return html`<input type="hidden" name="how" value="propose">`
  const choice = (value: string, checked: boolean, text: Markup) =>
    html`<label class="choice"><input type="radio" name="how" value="${value}" ${checked ? 'checked' : ''}> <span>${text}</span></label>`
  return html`<fieldset><legend>How</legend>
${choice('propose', !commitsFirst, html`Propose as a pull request`)}
${choice('commit', commitsFirst, html`Commit directly to <strong>${ref}</strong>`)}</fieldset>`
}

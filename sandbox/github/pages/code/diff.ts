import { html } from 'hono/html'
import type { Markup } from '../../../page.ts'
import type { NewAnnotation } from '../../checks/check-request.ts'
import { breakable, encoded } from '../dress.ts'

/** A changed file, as the API gives it. */
export type ChangedFile = {
  filename: string
  previous_filename?: string
  status: string
  additions: number
  deletions: number
  patch?: string
}
export type DiffLine = { kind: 'same' | 'added' | 'removed' | 'hunk'; old?: number; now?: number; text: string }

/** The lines of a patch, each with its number before and after. */
export function linesOf(patch: string): DiffLine[] {
  let [old, now] = [0, 0]
  return patch.split('\n').map((line): DiffLine => {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line)
    if (hunk) {
      old = Number(hunk[1])
      now = Number(hunk[2])
      return { kind: 'hunk', text: line }
    }
    const text = line.slice(1)
    if (line.startsWith('+')) return { kind: 'added', now: now++, text }
    if (line.startsWith('-')) return { kind: 'removed', old: old++, text }
    if (line.startsWith('\\')) return { kind: 'hunk', text: 'No newline at the end of the file' }
    return { kind: 'same', old: old++, now: now++, text }
  })
}

/** Where a line of a changed file is on the page; undefined when the diff doesn't show it. */
export function anchorOf(files: readonly ChangedFile[], path: string, line: number): string | undefined {
  const index = files.findIndex(({ filename }) => filename === path)
  const isShown = linesOf(files[index]?.patch ?? '').some(({ now }) => now === line)
  return isShown ? `diff-${index}-${line}` : undefined
}

/** What changed in a file, line by line, with the remarks of checks under the lines they speak of. `pages` is where its repository's pages begin. */
export function fileDiff(
  file: ChangedFile,
  index: number,
  { annotations, links }: { annotations: readonly NewAnnotation[]; links: { text: string; href: string }[] },
): Markup {
  const here = annotations.filter(({ path }) => path === file.filename)
  const lines = linesOf(file.patch ?? '')
  const shown = new Set(lines.map(({ now }) => now))
  const elsewhere = here.filter(({ end_line }) => !shown.has(end_line))
  const name = [file.previous_filename, file.filename].filter((one) => one !== undefined).join(' → ')
  return html`<article class="card" id="diff-${index}">
<div class="row"><h3>${breakable(name)}</h3><span><span class="tag">${file.status}</span>
<span class="good">+${file.additions}</span> <span class="bad">−${file.deletions}</span></span>
${links.map(({ text, href }) => html`<a href="${href}">${text}<span class="unseen"> ${file.filename}</span></a>`)}</div>
${elsewhere.map((one) => html`<div>${remark(one)}</div>`)}
${
  file.patch
    ? html`<section><table class="lines" role="presentation"><tbody>${lines.map((line) => diffLine(line, index, here))}</tbody></table></section>`
    : html`<p class="soft">Not shown: not a text, or too long.</p>`
}</article>`
}

/** What a check says of a line. */
export const remark = (one: NewAnnotation): Markup => html`<div class="remark ${one.annotation_level}">
<strong>${WORDS[one.annotation_level]}${one.title ? `: ${one.title}` : ''}</strong>
<div class="words">${one.message}</div>
${one.raw_details ? html`<pre>${one.raw_details}</pre>` : ''}</div>`

/** A link to a line of a file at a commit. */
export const lineLink = (pages: string, sha: string, path: string, line: number): string =>
  `${pages}/blob/${sha}/${encoded(path)}#L${line}`

const WORDS = { failure: 'Mistake', warning: 'Warning', notice: 'Note' }
const SIGNS = { added: '+', removed: '-', same: ' ', hunk: '' }

function diffLine(line: DiffLine, index: number, annotations: readonly NewAnnotation[]): Markup {
  if (line.kind === 'hunk')
    return html`<tr class="hunk"><td class="at old"></td><td class="at"></td><td>${line.text}</td></tr>`
  const notes = line.now === undefined ? [] : annotations.filter(({ end_line }) => end_line === line.now)
  const id = line.now === undefined ? '' : html`id="diff-${index}-${line.now}"`
  return html`<tr class="${line.kind}" ${id}><td class="at old">${line.old ?? ''}</td><td class="at">${line.now ?? ''}</td><td>${SIGNS[line.kind]}${line.text}</td></tr>
${notes.map((one) => html`<tr><td class="at old"></td><td class="at"></td><td class="note">${remark(one)}</td></tr>`)}`
}

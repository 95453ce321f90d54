import type { Dirent } from 'node:fs'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CatalogProblem, fileProblem, quoted } from '../problem/problem.ts'
import { ID_CHARACTERS_MAX, Id } from '../schema/common.ts'
import { lookAlikeIn, nameOfLetter, withoutLookAlikes } from '../schema/letters.ts'

/** Largest YAML file: a product's description has at most 20,000 characters. */
export const FILE_BYTES_MAX = 256 * 1024
/** Most lines with tabs that are told of a file. */
const TABS_TOLD_MAX = 20
/** Most files in one folder of the catalog. */
export const FILES_MAX = 10_000

/** The ids in a folder such as `products`, by file name; whatever else lies there is a problem. */
export type Listing = { ids: string[]; problems: CatalogProblem[] }

/** Reads what lies in a folder of YAML files. A folder that is not there is an empty one. */
export async function listYamlFiles(folder: string, name: string): Promise<Listing> {
  const entries = (await entriesOf(join(folder, name))).filter((entry) => !entry.name.startsWith('.'))
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  const ids = entries.flatMap((entry) => (isYamlFile(entry) ? [entry.name.slice(0, -'.yaml'.length)] : []))
  const problems = entries.flatMap((entry) => entryProblem(entry, name))
  if (entries.length > FILES_MAX) {
    problems.push(fileProblem(name, `There are ${entries.length} files.`, `At most ${FILES_MAX} are read.`))
  }
  return { ids: ids.slice(0, FILES_MAX), problems: [...problems, ...twins(entries, name)] }
}

/** A text; or what is wrong, and the text with spaces where that is only tabs. */
type Text = { text: string } | { problems: CatalogProblem[]; spaced?: string }

/** Text of a file, or why it can't be read: too large, not a plain file, not UTF-8, hidden bytes, tabs. */
export async function readText(folder: string, file: string): Promise<Text> {
  const path = join(folder, file)
  const status = await lstat(path).catch(nothingThere)
  if (!status) return { problems: [fileProblem(file, `${file} is missing.`, 'Every catalog has one.')] }
  if (!status.isFile()) return { problems: [notPlain(file, status.isSymbolicLink())] }
  if (status.size > FILE_BYTES_MAX) {
    const found = `This file has ${Math.ceil(status.size / 1024)} KB.`
    return { problems: [fileProblem(file, found, `A catalog file has at most ${FILE_BYTES_MAX / 1024} KB.`)] }
  }
  return decoded(file, await readFile(path))
}

/** What lies in a folder; nothing when the folder is not there. */
export async function entriesOf(path: string): Promise<Dirent[]> {
  return (await readdir(path, { withFileTypes: true }).catch(nothingThere)) ?? []
}

/** The problem of something that is not a plain file. */
export function notPlain(file: string, isLink: boolean): CatalogProblem {
  if (!isLink) return fileProblem(file, 'This is not a file.', 'The catalog is made of plain files: move it elsewhere.')
  return fileProblem(file, 'This is a symbolic link.', 'The catalog is made of plain files: put the file itself here.')
}

/** Turns "not there" into nothing, for a `catch`; any other failure goes on. */
export function nothingThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}

function isYamlFile(entry: Dirent): boolean {
  return entry.isFile() && entry.name.endsWith('.yaml') && Id.safeParse(entry.name.slice(0, -'.yaml'.length)).success
}

function entryProblem(entry: Dirent, folder: string): CatalogProblem[] {
  const file = `${folder}/${entry.name}`
  if (isYamlFile(entry)) return []
  if (!entry.isFile()) return [notPlain(file, entry.isSymbolicLink())]
  const letter = lookAlikeIn(entry.name)
  if (letter) {
    const found = `The letter ${nameOfLetter(letter)} in this file's name only looks like another one.`
    return [fileProblem(file, found, `Rename it to ${quoted(withoutLookAlikes(entry.name))}.`)]
  }
  const [, stem = entry.name, extension = ''] = /^(.*?)(\.[^.]*)?$/.exec(entry.name) ?? []
  if (!/^\.ya?ml$/i.test(extension)) {
    return [fileProblem(file, 'This is not a YAML file.', `Only .yaml files belong in ${folder}.`)]
  }
  return [badName(file, entry.name, stem)]
}

function badName(file: string, name: string, stem: string): CatalogProblem {
  const id = stem
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  const found = `This file is called ${quoted(name)}.`
  if (stem.length > ID_CHARACTERS_MAX) {
    return fileProblem(file, found, `A name has at most ${ID_CHARACTERS_MAX} characters, not counting ".yaml".`)
  }
  const rule = 'A name is lower-case words joined by hyphens, and ends in ".yaml".'
  return fileProblem(file, found, id ? `${rule} Rename it to "${id}.yaml".` : rule)
}

/** Files whose names differ only in case, in the ending, or in letters and digits that look the same. */
function twins(entries: readonly Dirent[], folder: string): CatalogProblem[] {
  const seen = new Map<string, string>()
  const idsFirst = entries.toSorted((a, b) => Number(isYamlFile(b)) - Number(isYamlFile(a)))
  return idsFirst.flatMap(({ name }) => {
    const folded = foldedName(name)
    const twin = seen.get(folded)
    seen.set(folded, twin ?? name)
    if (twin === undefined) return []
    const found = `This file's name is too close to ${quoted(twin)}.`
    return [fileProblem(`${folder}/${name}`, found, 'Two names must not be taken for each other: rename one.')]
  })
}

function foldedName(name: string): string {
  const stem = withoutLookAlikes(name)
    .toLowerCase()
    .replace(/\.ya?ml$/, '')
  return stem
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll('0', 'o')
    .replaceAll(/[1i]/g, 'l')
}

function decoded(file: string, bytes: Buffer): Text {
  const text = bytes.toString('utf8')
  const lines = text.split(/\r?\n/)
  const at = (index: number, column: number, found: string, expected: string, mended: string | null = null) => {
    const span = { line: index + 1, column, endColumn: column + 1 }
    const repaired = mended === null ? null : { line: index + 1, replaces: 1, lines: [mended] }
    return { problems: [{ file, ...span, excerpt: lines[index] ?? '', found, expected, mended: repaired }] }
  }
  if (text.startsWith('\ufeff')) return at(0, 1, 'A byte order mark begins this file.', 'Save it as UTF-8 without BOM.')
  const undecodable = lines.findIndex((line) => line.includes('\ufffd'))
  if (undecodable >= 0 && !Buffer.from(text).equals(bytes)) {
    const column = (lines[undecodable] ?? '').indexOf('\ufffd') + 1
    return at(undecodable, column, 'This character is not UTF-8.', 'Save the file as UTF-8.')
  }
  const hidden = lines.findIndex((line) => /[^\P{Cc}\t]/u.test(line))
  if (hidden >= 0) {
    const column = (lines[hidden] ?? '').search(/[^\P{Cc}\t]/u) + 1
    return at(hidden, column, 'There is a control character here that nobody sees.', 'Remove it.')
  }
  const spaced = lines.map((line) => line.replace(/^\s+/, (indent) => indent.replaceAll('\t', '  ')))
  const problems = lines.flatMap((line, index) => {
    if (!/^ *\t/.test(line)) return []
    const column = line.indexOf('\t') + 1
    return at(index, column, 'A tab indents this line.', 'YAML is indented with spaces.', spaced[index]).problems
  })
  return problems.length > 0 ? { problems: problems.slice(0, TABS_TOLD_MAX), spaced: spaced.join('\n') } : { text }
}

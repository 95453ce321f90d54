import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CatalogProblem, fileProblem } from '../problem/problem.ts'
import { entriesOf, notPlain } from './files.ts'
import { svgFault } from './svg.ts'

/** Largest picture. */
export const IMAGE_BYTES_MAX = 4 * 1024 * 1024
/** Largest drawing: an SVG goes to the buyer as it is. */
export const SVG_BYTES_MAX = 256 * 1024
/** Longest side of a picture in pixels. */
export const IMAGE_PIXELS_MAX = 8000

const FORMATS: Record<string, string> = { png: 'png', jpg: 'jpeg', webp: 'webp' }

/** Every picture in the images folder by its path from the catalog folder, and what is wrong with them. */
export async function checkImages(folder: string): Promise<{ images: Set<string>; problems: CatalogProblem[] }> {
  const files = await filesBelow(folder, 'images')
  const problems = await Promise.all(files.map(({ file, kind }) => imageProblems(folder, file, kind)))
  return { images: new Set(files.map(({ file }) => file)), problems: problems.flat() }
}

type Found = { file: string; kind: 'file' | 'link' | 'other' }

async function filesBelow(folder: string, name: string): Promise<Found[]> {
  const entries = (await entriesOf(join(folder, name))).filter((entry) => !entry.name.startsWith('.'))
  const found = await Promise.all(
    entries.map(async (entry): Promise<Found[]> => {
      const file = `${name}/${entry.name}`
      if (entry.isDirectory()) return filesBelow(folder, file)
      return [{ file, kind: entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'other' }]
    }),
  )
  return found.flat()
}

async function imageProblems(folder: string, file: string, kind: Found['kind']): Promise<CatalogProblem[]> {
  if (kind !== 'file') return [notPlain(file, kind === 'link')]
  const extension = /\.(svg|png|jpg|webp)$/.exec(file)?.[1]
  if (!extension) return [fileProblem(file, 'This is not a picture that shops show.', 'Use svg, png, jpg or webp.')]
  const { size } = await lstat(join(folder, file))
  const limit = extension === 'svg' ? SVG_BYTES_MAX : IMAGE_BYTES_MAX
  if (size > limit) {
    return [fileProblem(file, `This picture has ${Math.ceil(size / 1024)} KB.`, `It has at most ${limit / 1024} KB.`)]
  }
  const bytes = await readFile(join(folder, file))
  return extension === 'svg' ? svgProblems(file, bytes) : rasterProblems(file, bytes, FORMATS[extension] ?? extension)
}

function svgProblems(file: string, bytes: Buffer): CatalogProblem[] {
  const text = bytes.toString('utf8')
  if (!Buffer.from(text).equals(bytes)) return [fileProblem(file, 'This is not UTF-8.', 'Save the picture as UTF-8.')]
  const fault = svgFault(text)
  if (!fault) return []
  const before = text.slice(0, fault.offset).split('\n')
  const line = before.length
  const column = (before.at(-1)?.length ?? 0) + 1
  const excerpt = text.split(/\r?\n/)[line - 1] ?? ''
  const endColumn = column + fault.length
  return [{ file, line, column, endColumn, excerpt, found: fault.found, expected: fault.expected, mended: null }]
}

/** Reads only the picture's head, so a picture that would unpack to gigabytes costs nothing. */
async function rasterProblems(file: string, bytes: Buffer, format: string): Promise<CatalogProblem[]> {
  const { default: sharp } = await import('sharp') // loaded only by catalogs that have such pictures
  const head = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined)
  if (head?.format !== format) {
    const found = head?.format ? `This file is in truth ${head.format}.` : 'This file is no picture that can be read.'
    return [fileProblem(file, found, `Its name says ${format}: export it again, or rename it.`)]
  }
  if (Math.max(head.width, head.height) <= IMAGE_PIXELS_MAX) return []
  const found = `This picture is ${head.width} by ${head.height} pixels.`
  return [fileProblem(file, found, `No side is longer than ${IMAGE_PIXELS_MAX} pixels.`)]
}

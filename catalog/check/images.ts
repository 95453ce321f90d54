import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { IMAGE_BYTES_MAX, IMAGE_PIXELS_MAX, PIXELS_MAX, SVG_BYTES_MAX } from '../picture/picture.ts'
import { type CatalogProblem, fileProblem } from '../problem/problem.ts'
import { entriesOf, notPlain } from './files.ts'
import { svgFault } from './svg.ts'

/** Pictures looked at together. */
const IMAGES_AT_ONCE = 4

const FORMATS: Record<string, string> = { png: 'png', jpg: 'jpeg', webp: 'webp' }

/** Every picture in the images folder by its path from the catalog folder, and what is wrong with them. */
export async function checkImages(folder: string): Promise<{ images: Set<string>; problems: CatalogProblem[] }> {
  const files = await filesBelow(folder, 'images')
  const problems: CatalogProblem[] = []
  for (let from = 0; from < files.length; from += IMAGES_AT_ONCE) {
    const some = files.slice(from, from + IMAGES_AT_ONCE)
    const found = await Promise.all(some.map(({ file, kind }) => imageProblems(folder, file, kind)))
    problems.push(...found.flat())
  }
  return { images: new Set(files.map(({ file }) => file)), problems }
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
  if (size === 0) return [fileProblem(file, 'This file is empty.', 'Export the picture again.')]
  if (extension === 'svg') return svgProblems(file, await readFile(join(folder, file)))
  return rasterProblems(folder, file, FORMATS[extension] ?? extension)
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

/** Reads only the picture's head: neither its bytes nor its pixels take memory. */
async function rasterProblems(folder: string, file: string, format: string): Promise<CatalogProblem[]> {
  const { default: sharp } = await import('sharp') // loaded only by catalogs that have such pictures
  const head = await sharp(join(folder, file), { limitInputPixels: false })
    .metadata()
    .catch(() => undefined)
  if (head?.format !== format) {
    const found = head?.format ? `This file is in truth ${head.format}.` : 'This file is no picture that can be read.'
    return [fileProblem(file, found, `Its name says ${format}: export it again, or rename it.`)]
  }
  const { width, height } = head
  const found = `This picture is ${width} by ${height} pixels.`
  if (Math.max(width, height) > IMAGE_PIXELS_MAX) {
    return [fileProblem(file, found, `No side is longer than ${IMAGE_PIXELS_MAX} pixels.`)]
  }
  if (width * height <= PIXELS_MAX) return []
  return [fileProblem(file, found, `It has at most ${PIXELS_MAX / 1_000_000} million pixels in all.`)]
}

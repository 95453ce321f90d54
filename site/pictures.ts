import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { drawPicture, RECIPE } from '../catalog/picture/picture.ts'

// Pictures are drawn once per content: the name in the cache and in the shop is a hash of the file and of how we draw.
// An SVG from a catalog is a program from a stranger, so it is never served as it is: it becomes pixels like the rest.

const FOLDER = '.tagsale/pictures'
const DRAWN_AT_ONCE_MAX = 2

/** A picture as a page shows it. Width and height are those of the largest size, in pixels. */
export type Picture = { src: string; srcset: string; width: number; height: number; names: string[] }

type Size = { width: number; height: number }

const byPath = new Map<string, Promise<Picture>>()
const byHash = new Map<string, Promise<Picture>>()
let running = 0
const waiting: (() => void)[] = []

/**
 * The picture of a file of the catalog, drawn if it is not in the cache. Files with the same bytes are one picture.
 * Throws when the file is no picture.
 */
export function pictureOf(folder: string, file: string): Promise<Picture> {
  const path = join(folder, file)
  return shared(byPath, path, () => inTurn(() => pictureFrom(path)))
}

/** The bytes of a drawn picture, by its name: `<hash>-<width>.webp`. */
export const pictureBytes = (name: string): Promise<Buffer> => readFile(join(FOLDER, name))

async function pictureFrom(path: string): Promise<Picture> {
  const bytes = await readFile(path)
  const hash = createHash('sha256').update(RECIPE).update(bytes).digest('hex').slice(0, 20)
  return shared(byHash, hash, async () => {
    const sizes = (await cachedSizes(hash)) ?? (await draw(hash, bytes, path))
    const names = sizes.map(({ width }) => `${hash}-${width}.webp`)
    const largest = sizes.at(-1)
    if (!largest) throw new Error(`${path} has no size`)
    const srcset = sizes.map(({ width }, place) => `/pictures/${names[place]} ${width}w`).join(', ')
    return { src: `/pictures/${names.at(-1)}`, srcset, ...largest, names }
  })
}

function shared(pictures: Map<string, Promise<Picture>>, key: string, make: () => Promise<Picture>): Promise<Picture> {
  const picture = pictures.get(key) ?? make()
  pictures.set(key, picture)
  return picture
}

async function cachedSizes(hash: string): Promise<Size[] | undefined> {
  try {
    return JSON.parse(await readFile(join(FOLDER, `${hash}.json`), 'utf8')) as Size[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Draws every size, then the list of sizes: where the list is, the pictures are. */
async function draw(hash: string, bytes: Buffer, path: string): Promise<Size[]> {
  await mkdir(FOLDER, { recursive: true })
  const sizes: Size[] = []
  for await (const { width, height, data } of drawPicture(bytes)) {
    await writeWhole(`${hash}-${width}.webp`, data)
    sizes.push({ width, height })
  }
  if (sizes.length === 0) throw new Error(`${path} has no pixels`)
  await writeWhole(`${hash}.json`, JSON.stringify(sizes))
  return sizes
}

/** Appears whole or not at all, also when two builds draw the same picture at once. */
async function writeWhole(name: string, content: string | Buffer): Promise<void> {
  const unfinished = join(FOLDER, `${name}.${randomUUID()}`)
  await writeFile(unfinished, content)
  await rename(unfinished, join(FOLDER, name))
}

async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (running >= DRAWN_AT_ONCE_MAX) await new Promise<void>((resolve) => waiting.push(resolve))
  running += 1
  try {
    return await work()
  } finally {
    running -= 1
    waiting.shift()?.()
  }
}

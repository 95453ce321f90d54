import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { nothingThere } from '../check/files.ts'
import type { Catalog } from '../offer.ts'
import { type CatalogProblem, fileProblem, quoted } from '../problem/problem.ts'

/** Any picture that a shop would show is drawn within one, in all its sizes. */
export const PAINT_SECONDS_MAX = 8
/** All pictures of one change; whoever brings more of them brings them in parts. */
const ALL_SECONDS_MAX = 240
const PAINTER = fileURLToPath(new URL('./painter.ts', import.meta.url))

/** `drawn` is a catalog of which pictures with the same bytes are known to be well; with `only`, no other files are looked at. */
type Options = { drawn?: Catalog | undefined; only?: ReadonlySet<string>; secondsMax?: number; allSecondsMax?: number }

/**
 * Draws a catalog's pictures as the shop does, in a process of its own, and says which it can't: a file may look like a picture from
 * its head, and end in the middle. Each takes `secondsMax` at most.
 */
export async function paintProblems(catalog: Catalog, options: Options = {}): Promise<CatalogProblem[]> {
  const { drawn, only, secondsMax = PAINT_SECONDS_MAX, allSecondsMax = ALL_SECONDS_MAX } = options
  const end = performance.now() + allSecondsMax * 1000
  const problems: CatalogProblem[] = []
  let painter: Painter | undefined
  try {
    for (const file of picturesOf(catalog).filter((name) => !only || only.has(name))) {
      const path = join(catalog.folder, file)
      if (drawn && (await isSame(path, join(drawn.folder, file)))) continue
      if (performance.now() > end) return [...problems, tooMany(file)]
      painter ??= startPainter()
      const fault = await painter.paint(path, secondsMax)
      if (fault === '') continue
      problems.push(problemOf(file, fault, secondsMax))
      if (fault === undefined) painter = undefined
    }
  } finally {
    painter?.stop()
  }
  return problems
}

/** Every picture that pages may show, once. */
function picturesOf({ products, assets }: Catalog): string[] {
  const previews = [...assets.values()].flatMap(({ preview }) => [preview?.picture ?? [], preview?.pages ?? []].flat())
  const all = [...[...products.values()].flatMap(({ images }) => images), ...previews]
  return [...new Set(all.map(({ file }) => file))].toSorted()
}

/** Two catalogs mostly have one copy of a file, under two names. */
async function isSame(path: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([path, other].map((each) => stat(each).catch(nothingThere)))
  if (!one || !two || one.size !== two.size) return false
  if (one.ino === two.ino && one.dev === two.dev) return true
  const [bytes, others] = await Promise.all([readFile(path), readFile(other)])
  return bytes.equals(others)
}

function problemOf(file: string, fault: string | undefined, secondsMax: number): CatalogProblem {
  if (fault !== undefined) {
    return fileProblem(file, `This picture can't be drawn: ${quoted(fault)}.`, 'Export it again, as a plain picture.')
  }
  const found = `This picture takes longer than ${secondsMax} seconds to draw, or too much memory.`
  return fileProblem(file, found, 'Export it with less in it.')
}

const tooMany = (file: string) =>
  fileProblem(file, `From here on, the pictures take longer than ${ALL_SECONDS_MAX} seconds.`, 'Bring them in parts.')

type Painter = {
  /** What is wrong with a picture, empty when nothing is; undefined when it took too long or the process died of it. */
  paint: (path: string, secondsMax: number) => Promise<string | undefined>
  stop: () => void
}

/** It knows none of our settings, and ends with us. */
function startPainter(): Painter {
  const child = spawn(process.execPath, [PAINTER], { env: {}, stdio: ['pipe', 'pipe', 'ignore'] })
  const stop = () => child.kill('SIGKILL')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = endOf(child)
  child.stdin.on('error', stop) // it died before it had read the path
  return {
    async paint(path, secondsMax) {
      const timer = setTimeout(stop, secondsMax * 1000)
      child.stdin.write(`${path}\n`)
      const answer = await Promise.race([lines.next(), ended])
      clearTimeout(timer)
      return answer?.done === false ? answer.value : undefined
    },
    stop,
  }
}

async function endOf(child: ChildProcess): Promise<undefined> {
  await once(child, 'close').catch(() => {}) // one that could not even be started has drawn nothing
}

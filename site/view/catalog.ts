import { loadCatalog } from '../../catalog/load.ts'
import type { Catalog } from '../../catalog/offer.ts'
import { formatProblem } from '../../catalog/problem/problem.ts'
import { config } from '../config.ts'

// Loaded whole, not through Astro's content collections: what a product costs, gives and has left follows from other
// files (bundles, assets, the shop), and a collection would parse and cache each entry a second time on its own.

let loading: Promise<Catalog> | undefined

/** The catalog this build is made from, read once. Throws every problem at once when it is not sound. */
export function readCatalog(): Promise<Catalog> {
  loading ??= loadSound(config.catalogFolder)
  return loading
}

async function loadSound(folder: string): Promise<Catalog> {
  const result = await loadCatalog(folder)
  if ('catalog' in result) return result.catalog
  throw new Error(
    `The catalog has mistakes.\n\n${result.problems.map((problem) => formatProblem(problem, folder)).join('\n')}`,
  )
}

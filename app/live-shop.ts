import { loadCatalog } from '../catalog/load.ts'
import type { Catalog } from '../catalog/offer.ts'
import type { CatalogProblem } from '../catalog/problem.ts'
import { buildStorefront, type StorefrontOptions } from './storefront.ts'

/** What is for sale now, and the pages that show it. The two change together, so no page shows another price. */
export type LiveShop = {
  catalog: () => Catalog
  storefront: () => string | undefined
  /** Reads the catalog again and, when all is well with it, builds and shows it. The last good one stays until then. */
  refresh: () => Promise<{ problems: CatalogProblem[] }>
}

/** Opens the catalog of a folder. The storefront is not built before the first `refresh`. */
export async function openShop(options: StorefrontOptions): Promise<LiveShop | { problems: CatalogProblem[] }> {
  const loaded = await loadCatalog(options.catalogFolder)
  if ('problems' in loaded) return loaded
  let live: { catalog: Catalog; storefront: string | undefined } = { catalog: loaded.catalog, storefront: undefined }
  let turn: Promise<unknown> = Promise.resolve()

  async function refresh() {
    const next = await loadCatalog(options.catalogFolder)
    if ('problems' in next) return next
    live = { catalog: next.catalog, storefront: await buildStorefront(options) }
    return { problems: [] }
  }
  return {
    catalog: () => live.catalog,
    storefront: () => live.storefront,
    refresh() {
      const result = turn.then(refresh)
      turn = result.catch(() => {})
      return result
    },
  }
}

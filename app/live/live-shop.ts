import { loadCatalog } from '../../catalog/load.ts'
import type { Catalog } from '../../catalog/offer.ts'
import type { CatalogProblem } from '../../catalog/problem/problem.ts'
import { buildStorefront, type StorefrontOptions } from './build-storefront.ts'

/** What is for sale now, and the pages that show it. The two change together, so no page shows another price. */
export type LiveShop = {
  catalog: () => Catalog
  storefront: () => string | undefined
  isOpen: () => boolean
  /** Reads a catalog's folder and, when all is well with it, builds and shows it. The last good one stays until then. */
  show: (catalogFolder: string) => Promise<{ problems: CatalogProblem[] }>
  /** Sells nothing more until something is shown again. Files that were bought are still known. */
  close: () => void
}

/** A shop that sells nothing, until the first `show`. `build` gives the folder of a catalog's storefront. */
export function openShop(options: Omit<StorefrontOptions, 'catalogFolder'>, build = buildStorefront): LiveShop {
  let live: { catalog: Catalog; storefront: string | undefined; isOpen: boolean } = {
    catalog: NOTHING_YET,
    storefront: undefined,
    isOpen: false,
  }
  let turn: Promise<unknown> = Promise.resolve()

  async function show(catalogFolder: string) {
    const next = await loadCatalog(catalogFolder)
    if ('problems' in next) return next
    live = { catalog: next.catalog, storefront: await build({ ...options, catalogFolder }), isOpen: true }
    return { problems: [] }
  }
  return {
    catalog: () => live.catalog,
    storefront: () => live.storefront,
    isOpen: () => live.isOpen,
    show(catalogFolder) {
      const result = turn.then(() => show(catalogFolder))
      turn = result.catch(() => {})
      return result
    },
    close() {
      live = { ...live, catalog: { ...live.catalog, products: new Map() }, isOpen: false }
    },
  }
}

const NOTHING_YET: Catalog = {
  folder: '',
  shop: {
    id: 'not-open',
    name: 'Our shop',
    tagline: 'It opens soon.',
    project: { name: 'This project', url: 'https://github.com' },
    contact: 'nobody@localhost',
    currencies: ['usd'],
    categories: [],
    shipping: [],
    releases: 'pull-request',
  },
  products: new Map(),
  assets: new Map(),
}

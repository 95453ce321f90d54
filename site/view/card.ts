import { type Catalog, offersOf } from '../../catalog/offer.ts'
import { isSoldOut, priceTexts, type Texts } from '../../catalog/price.ts'
import type { Image } from '../../catalog/schema/image.ts'
import type { Product } from '../../catalog/schema/product.ts'

/** One above, and two rows of three. */
const FEATURED_MAX = 7

/** A product in a list. */
export type Card = {
  href: string
  name: string
  summary: string
  price: Texts
  soldOut: boolean
  image: Image | null
}

/** The address of a product's page. */
export const productHref = (id: string): string => `/products/${id}/`
/** The address of a category's page. */
export const categoryHref = (id: string): string => `/categories/${id}/`

/** What a list shows of a product. */
export function cardOf(catalog: Catalog, product: Product): Card {
  const offers = offersOf(catalog, product)
  return {
    href: productHref(product.id),
    name: product.name,
    summary: product.summary,
    price: priceTexts(offers, catalog.shop.currencies),
    soldOut: offers.every(isSoldOut),
    image: product.images[0] ?? null,
  }
}

/** What is for sale, in one category or in all. */
export function liveProducts(catalog: Catalog, category?: string): Product[] {
  const live = [...catalog.products.values()].filter((product) => product.status === 'live')
  return category === undefined ? live : live.filter((product) => product.category === category)
}

/** Products that have a page: drafts have none, and a retired one keeps its address. */
export const shownProducts = (catalog: Catalog): Product[] =>
  [...catalog.products.values()].filter((product) => product.status !== 'draft')

/** A few products for the front page: one of each category in turn, so that a visitor sees what kinds there are. */
export function featuredProducts(catalog: Catalog): Product[] {
  const toHave = (product: Product) => !offersOf(catalog, product).every(isSoldOut)
  const queues = catalog.shop.categories.map(({ id }) => liveProducts(catalog, id).filter(toHave))
  const longest = Math.max(...queues.map((queue) => queue.length))
  const inTurn = Array.from({ length: longest }, (_, round) => queues.flatMap((queue) => queue[round] ?? []))
  return inTurn.flat().slice(0, FEATURED_MAX)
}

/** The categories that have something to sell, with how much. */
export const openCategories = (catalog: Catalog) =>
  catalog.shop.categories
    .map((category) => ({
      ...category,
      href: categoryHref(category.id),
      count: liveProducts(catalog, category.id).length,
    }))
    .filter(({ count }) => count > 0)

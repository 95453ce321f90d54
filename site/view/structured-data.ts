import { type Catalog, offersOf } from '../../catalog/offer.ts'
import { isSoldOut, leastAmounts } from '../../catalog/price.ts'
import { toDecimalText } from '../../catalog/schema/money.ts'
import type { Product } from '../../catalog/schema/product.ts'

/** A product as search engines read it (schema.org/Product), in the shop's first currency. */
export function productFacts(catalog: Catalog, product: Product, url: string, image: string | undefined): object {
  const currency = catalog.shop.currencies[0] ?? ''
  const offers = offersOf(catalog, product).flatMap((offer) => {
    const amount = leastAmounts(offer)[currency]
    if (amount === undefined) return []
    const inStock = product.status === 'live' && !isSoldOut(offer)
    return {
      '@type': 'Offer',
      sku: offer.id,
      url,
      price: toDecimalText({ amount, currency }),
      priceCurrency: currency.toUpperCase(),
      availability: `https://schema.org/${inStock ? 'InStock' : product.status === 'retired' ? 'Discontinued' : 'SoldOut'}`,
    }
  })
  return {
    '@context': 'https://schema.org',
    '@type': 'Product',
    name: product.name,
    description: product.summary,
    ...(image ? { image } : {}),
    offers,
  }
}

/** JSON that cannot end the script element it is printed in. */
export const scriptText = (facts: object): string => JSON.stringify(facts).replaceAll('<', '\\u003c')

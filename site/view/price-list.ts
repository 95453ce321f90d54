import { type Catalog, offersOf } from '../../catalog/offer.ts'
import { availableOf } from '../../catalog/price.ts'
import type { Amounts, Currency } from '../../catalog/schema/money.ts'
import { liveProducts, productHref } from './card.ts'

/** What the cart needs to know of one price id; amounts are minor units by currency. */
export type ListedPrice = {
  name: string
  href: string
  picture: string | null
  amounts?: Amounts
  minimum?: Amounts
  suggested?: Amounts
  ships: boolean
  /** How many there are; null when nothing limits it. */
  available: number | null
}

/** /prices.json: all that is for sale. What the buyer pays is decided by the app, from the same catalog. */
export type PriceList = {
  currencies: readonly Currency[]
  prices: Record<string, ListedPrice>
  zones: { countries: string[]; rates: { name: string; amounts: Amounts; days: [number, number] }[] }[]
}

/** The price list of a catalog. `pictureOf` gives the address of a product's first picture, by product id. */
export function priceListOf(catalog: Catalog, pictureOf: (product: string) => string | null): PriceList {
  const offers = liveProducts(catalog).flatMap((product) => offersOf(catalog, product))
  const prices = offers.map((offer): [string, ListedPrice] => [
    offer.id,
    {
      name: offer.name,
      href: productHref(offer.product.id),
      picture: pictureOf(offer.product.id),
      ...(offer.price.kind === 'fixed'
        ? { amounts: offer.price.amounts }
        : { minimum: offer.price.minimum, suggested: offer.price.suggested }),
      ships: offer.parcel !== null,
      available: availableOf(offer),
    },
  ])
  const zones = catalog.shop.shipping.map(({ countries, rates }) => ({
    countries,
    rates: rates.map(({ name, price, days }) => ({ name, amounts: price, days })),
  }))
  return { currencies: catalog.shop.currencies, prices: Object.fromEntries(prices), zones }
}

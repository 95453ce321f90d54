import type { Asset } from './schema/asset.ts'
import type { Amounts } from './schema/money.ts'
import type { Gives, Parcel, PayWhatYouWant, Product, Variant } from './schema/product.ts'
import type { ShopSettings } from './schema/shop.ts'

/** Everything the shop offers, read from its folder and checked. */
export type Catalog = {
  folder: string
  shop: ShopSettings
  products: ReadonlyMap<string, Product>
  assets: ReadonlyMap<string, Asset>
}

/** How many products there are, and how many of them are for sale, where that is another number: `13 products (11 for sale)`. */
export function productCount({ products }: Pick<Catalog, 'products'>): string {
  const live = [...products.values()].filter(({ status }) => status === 'live').length
  const all = `${products.size} product${products.size === 1 ? '' : 's'}`
  return live === products.size ? all : `${all} (${live} for sale)`
}

/** What a cart line names: `sticker-pack`, or `shirt/black-m` for a variant. */
export type PriceId = string

/** One thing that can be put into a cart, with everything that follows from variants and bundles worked out. */
export type Offer = {
  id: PriceId
  product: Product
  variant: Variant | null
  /** What a cart and a receipt call it: `Tern shirt (black, M)`. */
  name: string
  price: { kind: 'fixed'; amounts: Amounts } | ({ kind: 'pay-what-you-want' } & PayWhatYouWant)
  downloads: readonly string[]
  parcel: Parcel | null
  /** What it takes from limited stock when one is sold; empty when nothing it is made of is limited. */
  takes: readonly { price: PriceId; quantity: number; stock: number }[]
}

/** Every offer of a product: one for each variant, or one for the product itself. Parts of bundles come from the catalog. */
export function offersOf(catalog: Pick<Catalog, 'products'>, product: Product): Offer[] {
  if (!product.variants) return [offerOf(catalog, product, null)]
  return product.variants.map((variant) => offerOf(catalog, product, variant))
}

/** The offer with this price id, or nothing when the catalog has none. It may belong to a draft or retired product. */
export function findOffer(catalog: Pick<Catalog, 'products'>, price: PriceId): Offer | undefined {
  const [productId = '', variantId] = price.split('/')
  const product = catalog.products.get(productId)
  if (!product) return undefined
  return offersOf(catalog, product).find((offer) => (offer.variant?.id ?? undefined) === variantId)
}

function offerOf(catalog: Pick<Catalog, 'products'>, product: Product, variant: Variant | null): Offer {
  const id = variant ? `${product.id}/${variant.id}` : product.id
  const parts = (product.bundle ?? []).flatMap((part) => {
    const offer = findOffer(catalog, part.variant ? `${part.product}/${part.variant}` : part.product)
    return offer ? [{ offer, quantity: part.quantity }] : []
  })
  const gives = variant?.gives ?? product.gives
  // A number on the product is for all of its variants together, but for those with a number of their own.
  const limited =
    variant?.stock === undefined ? { price: product.id, stock: product.stock } : { price: id, stock: variant.stock }
  return {
    id,
    product,
    variant,
    name: variant ? `${product.name} (${Object.values(variant.options).join(', ')})` : product.name,
    price: priceOf(product, variant),
    downloads: [...new Set([...(gives?.downloads ?? []), ...parts.flatMap((part) => part.offer.downloads)])],
    parcel: parcelOf(gives, parts),
    takes: [
      ...(limited.stock === undefined ? [] : [{ price: limited.price, quantity: 1, stock: limited.stock }]),
      ...parts.flatMap(({ offer, quantity }) =>
        offer.takes.map((take) => ({ ...take, quantity: take.quantity * quantity })),
      ),
    ],
  }
}

function priceOf(product: Product, variant: Variant | null): Offer['price'] {
  if (product.payWhatYouWant) return { kind: 'pay-what-you-want', ...product.payWhatYouWant }
  return { kind: 'fixed', amounts: variant?.price ?? product.price ?? {} }
}

/** What a bundle's parts weigh together, and what a customs form says of them; an origin only where they share one. */
function parcelOf(gives: Gives | undefined, parts: { offer: Offer; quantity: number }[]): Parcel | null {
  const own = gives?.parcel ? [{ parcel: gives.parcel, quantity: 1 }] : []
  const all = [
    ...own,
    ...parts.flatMap(({ offer, quantity }) => (offer.parcel ? [{ parcel: offer.parcel, quantity }] : [])),
  ]
  if (all.length === 0) return null
  const [origin, ...others] = new Set(all.map(({ parcel }) => parcel.origin))
  return {
    weight: all.reduce((grams, { parcel, quantity }) => grams + parcel.weight * quantity, 0),
    customs: [...new Set(all.flatMap(({ parcel }) => parcel.customs ?? []))].join(', ') || undefined,
    origin: others.length === 0 ? origin : undefined,
  }
}

import { type Catalog, type Offer, offersOf, type PriceId } from './offer.ts'
import type { Asset } from './schema/asset.ts'
import type { Money } from './schema/money.ts'
import type { Product } from './schema/product.ts'
import type { ShopSettings } from './schema/shop.ts'

/**
 * What a change of a product is to buyers. `hidden`: they see nothing of it, before or after. `withdrawn`: no longer for sale, or
 * no longer shown. `removed` and `renamed`: its file is gone, and with it its address.
 */
export type ProductChangeKind = 'new' | 'changed' | 'withdrawn' | 'removed' | 'renamed' | 'hidden'

/** A price that differs, of one offer in one currency; `before` or `after` is missing where there is none. */
export type PriceChange = {
  offer: PriceId
  /** What sets the offer apart within its product, such as `PDF`; empty where there is one offer only. */
  label: string
  what: 'price' | 'minimum' | 'suggestion'
  before: Money | null
  after: Money | null
}

/** How many there are to sell; null means as many as are asked for. */
export type StockChange = { label: string; before: number | null; after: number | null }

export type ProductChange = {
  kind: ProductChangeKind
  id: string
  /** Its id so far, when it was renamed. */
  was?: string
  before: Product | null
  after: Product | null
  prices: PriceChange[]
  stock: StockChange[]
  /** Names of the other fields that differ. */
  fields: string[]
}

/** An asset that is new, gone or not as it was. */
export type AssetChange = { id: string; before: Asset | null; after: Asset | null }

export type CatalogChanges = { products: ProductChange[]; assets: AssetChange[]; shop: string[] }

/** Fields that have a place of their own in what is told. */
const TOLD_APART = new Set(['id', 'price', 'payWhatYouWant', 'stock', 'status'])

/**
 * What differs between two catalogs for buyers; nothing stands for "no catalog". `files` are the paths that differ, such as
 * `images/guide.svg`, so that a picture that was painted over counts too. Products come in the order of their ids.
 */
export function changesOf(
  before: Catalog | null,
  after: Catalog | null,
  files: ReadonlySet<string> = new Set(),
): CatalogChanges {
  const ids = new Set([...(before?.products.keys() ?? []), ...(after?.products.keys() ?? [])])
  const products = [...ids].toSorted().flatMap((id) => productChange(before, after, id, files))
  const assetIds = new Set([...(before?.assets.keys() ?? []), ...(after?.assets.keys() ?? [])])
  const assets = [...assetIds].toSorted().flatMap((id) => {
    const change = { id, before: before?.assets.get(id) ?? null, after: after?.assets.get(id) ?? null }
    return same(change.before, change.after) ? [] : [change]
  })
  return { products: withRenames(products), assets, shop: shopChanges(before?.shop, after?.shop) }
}

/** Whether two plain values are alike, whatever the order of their keys. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(ordered(a)) === JSON.stringify(ordered(b))
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, field]) => [key, ordered(field)])
}

function productChange(
  catalogBefore: Catalog | null,
  catalogAfter: Catalog | null,
  id: string,
  files: ReadonlySet<string>,
): ProductChange[] {
  const before = catalogBefore?.products.get(id) ?? null
  const after = catalogAfter?.products.get(id) ?? null
  const offersBefore = catalogBefore && before ? offersOf(catalogBefore, before) : []
  const offersAfter = catalogAfter && after ? offersOf(catalogAfter, after) : []
  const change = {
    kind: kindOf(before, after),
    ...{ id, before, after },
    prices: priceChanges(offersBefore, offersAfter),
    stock: before && after ? stockChanges(before, after) : [],
    fields: before && after ? fieldChanges(before, after, files) : [],
  }
  const differs = !before || !after || before.status !== after.status || change.fields.length > 0
  return differs || change.prices.length > 0 || change.stock.length > 0 ? [change] : []
}

function kindOf(before: Product | null, after: Product | null): ProductChangeKind {
  const was = before?.status ?? 'draft'
  if (!after) return was === 'draft' ? 'hidden' : 'removed'
  if (after.status === 'live') return was === 'live' ? 'changed' : 'new'
  if (was === 'live') return 'withdrawn'
  if (was === 'draft') return after.status === 'draft' ? 'hidden' : 'changed'
  return after.status === 'draft' ? 'withdrawn' : 'changed'
}

function fieldChanges(before: Product, after: Product, files: ReadonlySet<string>): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof Product)[]
  const differing = keys.filter((key) => !TOLD_APART.has(key) && !sameField(before, after, key))
  const isRepainted = after.images.some(({ file }) => files.has(file)) && !differing.includes('images')
  return [...differing, ...(isRepainted ? ['images'] : [])]
}

/** Prices and stock of variants are told by themselves. */
function sameField(before: Product, after: Product, key: keyof Product): boolean {
  if (key !== 'variants') return same(before[key], after[key])
  const bare = ({ variants = [] }: Product) => variants.map(({ price: _, stock: __, ...rest }) => rest)
  return same(bare(before), bare(after))
}

type Priced = Omit<PriceChange, 'before' | 'after'> & { money: Money }

function priceChanges(before: readonly Offer[], after: readonly Offer[]): PriceChange[] {
  const keyOf = ({ offer, what, money }: Priced) => `${offer} ${what} ${money.currency}`
  const was = new Map(before.flatMap(pricesOf).map((price) => [keyOf(price), price]))
  const is = new Map(after.flatMap(pricesOf).map((price) => [keyOf(price), price]))
  return [...new Set([...is.keys(), ...was.keys()])].flatMap((key) => {
    const [old, now] = [was.get(key), is.get(key)]
    const { offer, label, what } = (now ?? old) as Priced
    if (old?.money.amount === now?.money.amount) return []
    return [{ offer, label, what, before: old?.money ?? null, after: now?.money ?? null }]
  })
}

function pricesOf({ id, variant, price }: Offer): Priced[] {
  const label = variant ? Object.values(variant.options).join(', ') : ''
  const all = (what: Priced['what'], amounts: Record<string, number>) =>
    Object.entries(amounts).map(([currency, amount]) => ({ offer: id, label, what, money: { amount, currency } }))
  if (price.kind === 'fixed') return all('price', price.amounts)
  return [...all('minimum', price.minimum), ...all('suggestion', price.suggested)]
}

function stockChanges(before: Product, after: Product): StockChange[] {
  const was = stockOf(before)
  const is = stockOf(after)
  return [...is.keys()].flatMap((label) => {
    const change = { label, before: was.get(label) ?? null, after: is.get(label) ?? null }
    return change.before === change.after || !was.has(label) ? [] : [change]
  })
}

function stockOf(product: Product): Map<string, number | null> {
  const variants = product.variants ?? []
  return new Map([
    ['', product.stock ?? null],
    ...variants.map(({ options, stock }) => [Object.values(options).join(', '), stock ?? null] as const),
  ])
}

/** A product that went and one that came with all the same in it are one product under another id. */
function withRenames(changes: readonly ProductChange[]): ProductChange[] {
  const bare = (product: Product | null) => product && { ...product, id: '' }
  const gone = changes.filter(({ after }) => !after)
  const renames = changes
    .filter(({ before }) => !before)
    .flatMap((came) => {
      const was = gone.find(({ before }) => same(bare(before), bare(came.after)))
      return was ? [{ came, was }] : []
    })
  return changes.flatMap((change) => {
    if (renames.some(({ was }) => was === change)) return []
    const rename = renames.find(({ came }) => came === change)
    if (!rename) return [change]
    const kind = rename.was.kind === 'hidden' ? 'hidden' : 'renamed'
    return [{ ...change, kind, was: rename.was.id, before: rename.was.before, prices: [] }]
  })
}

function shopChanges(before: ShopSettings | undefined, after: ShopSettings | undefined): string[] {
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])] as (keyof ShopSettings)[]
  return keys.filter((key) => !same(before?.[key], after?.[key]))
}

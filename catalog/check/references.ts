import { withAddedKey, withValue } from '../problem/mend.ts'
import type { CatalogProblem } from '../problem/problem.ts'
import { quoted } from '../problem/problem.ts'
import { problemAt } from '../problem/report.ts'
import { allOf, type NearestWord } from '../problem/spelling.ts'
import type { AssetText } from '../schema/asset.ts'
import type { BundlePart, Gives, Product } from '../schema/product.ts'
import type { ShopSettings } from '../schema/shop.ts'
import type { Path, YamlFile } from '../yaml.ts'
import type { Entry } from './entry.ts'

export type ProductEntry = Entry<Omit<Product, 'id'>>

/** Every file that could be read. The ids are those of all files, readable or not, so that none seems to be missing. */
export type Entries = {
  shop: Entry<ShopSettings> | null
  products: ReadonlyMap<string, ProductEntry>
  assets: ReadonlyMap<string, Entry<AssetText>>
  productIds: readonly string[]
  assetIds: readonly string[]
  images: ReadonlySet<string>
  /** Guesses what was meant, within a bound for the whole catalog. */
  nearest: NearestWord
}

/** Problems of what a product points at: its category, pictures, downloads and parts must be there. */
export function referenceProblems(entries: Entries, product: ProductEntry): CatalogProblem[] {
  const { sound } = product
  return [
    ...categoryProblems(entries, product),
    ...(sound.images ?? []).flatMap(({ file }, index) =>
      missing(
        entries,
        product.yaml,
        ['images', index, 'file'],
        file,
        entries.images,
        `There is no picture ${quoted(file)}.`,
      ),
    ),
    ...allGives(product).flatMap(({ path, gives }) => downloadProblems(entries, product, path, gives)),
    ...(sound.bundle ?? []).flatMap((part, index) => partProblems(entries, product, part, ['bundle', index])),
  ]
}

/** The gives of a product and of each of its variants, with their places. */
export function allGives(product: ProductEntry): { path: Path; gives: Gives }[] {
  const own = product.sound.gives ? [{ path: ['gives'], gives: product.sound.gives }] : []
  const variants = product.sound.variants ?? []
  return [
    ...own,
    ...variants.flatMap(({ gives }, index) => (gives ? [{ path: ['variants', index, 'gives'], gives }] : [])),
  ]
}

function categoryProblems(entries: Entries, product: ProductEntry): CatalogProblem[] {
  const { shop } = entries
  const categories = shop?.sound.categories?.map((category) => category.id)
  const { category } = product.sound
  if (!categories || category === undefined || shop?.broken.has('categories')) return []
  const found = `There is no category ${quoted(category)} in shop.yaml.`
  return missing(
    entries,
    product.yaml,
    ['category'],
    category,
    categories,
    found,
    `The categories are ${allOf(categories)}.`,
  )
}

function downloadProblems(entries: Entries, product: ProductEntry, path: Path, { downloads = [] }: Gives) {
  return downloads.flatMap((id, index) => {
    const expected = `Add assets/${id}.yaml, or name another asset.`
    return missing(
      entries,
      product.yaml,
      [...path, 'downloads', index],
      id,
      entries.assetIds,
      `There is no asset ${quoted(id)}.`,
      expected,
    )
  })
}

function partProblems(entries: Entries, product: ProductEntry, part: BundlePart, path: Path): CatalogProblem[] {
  const found = `There is no product ${quoted(part.product)}.`
  const others = entries.productIds.filter((id) => id !== product.id)
  if (part.product === product.id) {
    const told = { found: 'This bundle is a part of itself.', expected: 'A bundle is made of other products.' }
    return [problemAt(product.yaml, [...path, 'product'], told)]
  }
  const unknown = missing(entries, product.yaml, [...path, 'product'], part.product, others, found)
  const target = entries.products.get(part.product)
  if (unknown.length > 0 || !target) return unknown
  if (target.sound.bundle || target.broken.has('bundle')) {
    const told = {
      found: `${quoted(part.product)} is a bundle itself.`,
      expected: 'Name the products that it is made of.',
    }
    return [problemAt(product.yaml, [...path, 'product'], told)]
  }
  return target.broken.has('variants') ? [] : partVariantProblems(entries, product, part, path, target)
}

function partVariantProblems(
  entries: Entries,
  product: ProductEntry,
  part: BundlePart,
  path: Path,
  target: ProductEntry,
) {
  const ids = (target.sound.variants ?? []).map((variant) => variant.id)
  const choices = ids.length > 0 ? `Its variants are ${allOf(ids)}.` : 'It has no variants: remove this line.'
  if (part.variant !== undefined) {
    const found = `${quoted(part.product)} has no variant ${quoted(part.variant)}.`
    return missing(entries, product.yaml, [...path, 'variant'], part.variant, ids, found, choices)
  }
  if (ids.length === 0) return []
  const mended = withAddedKey(product.yaml, path, { variant: ids[0] }, ['product', 'variant', 'quantity'])
  const found = `${quoted(part.product)} comes in variants, and this part names none.`
  return [problemAt(product.yaml, [...path, 'product'], { found, expected: choices, mended })]
}

/** One problem when an id is not among the known ones: with the one that was probably meant, or else with `expected`. */
export function missing(
  { nearest: guess }: Pick<Entries, 'nearest'>,
  yaml: YamlFile,
  path: Path,
  id: string,
  known: Iterable<string>,
  found: string,
  expected = 'Check its spelling, or add the file.',
): CatalogProblem[] {
  const ids = [...known]
  if (ids.includes(id)) return []
  const nearest = guess(id, ids)
  if (nearest === undefined) return [problemAt(yaml, path, { found, expected })]
  const mended = withValue(yaml, path, nearest)
  return [problemAt(yaml, path, { found, expected: `Did you mean "${nearest}"?`, mended })]
}

import { withAddedKey } from '../problem/mend.ts'
import { type CatalogProblem, quoted } from '../problem/problem.ts'
import { fieldName, problemAt, type Told } from '../problem/report.ts'
import { type Currency, toDecimalText } from '../schema/money.ts'
import { allPrices, KEY_ORDER, type PlacedPrice } from './product.ts'
import { allGives, type Entries, type ProductEntry } from './references.ts'

/** Problems of a product that is for sale: it has prices in all currencies, a picture, something to give, all approved. */
export function liveProblems(entries: Entries, product: ProductEntry): CatalogProblem[] {
  if (product.sound.status !== 'live') return []
  const currencies = entries.shop?.broken.has('currencies') ? [] : (entries.shop?.sound.currencies ?? [])
  return [
    ...missingPrice(product, currencies),
    ...allPrices(product).flatMap((price) => missingCurrencies(product, price, currencies)),
    ...missingImage(product),
    ...missingGoods(product),
    ...unapproved(entries, product),
    ...draftParts(entries, product),
  ]
}

function missingCurrencies({ yaml }: ProductEntry, { path, amounts }: PlacedPrice, currencies: readonly Currency[]) {
  const absent = currencies.filter((currency) => !Object.hasOwn(amounts, currency))
  return absent.map((currency) => {
    const example = toDecimalText({ amount: 1900, currency })
    return problemAt(yaml, path, {
      found: `"${fieldName(path)}" has no amount in ${currency}.`,
      expected: 'What is for sale has a price in every currency of the shop; fill in yours.',
      mended: withAddedKey(yaml, path, { [currency]: example }, currencies),
      on: 'key',
    })
  })
}

function missingPrice(product: ProductEntry, currencies: readonly Currency[]): CatalogProblem[] {
  const { sound, broken, yaml } = product
  if (sound.price || sound.payWhatYouWant || ['price', 'payWhatYouWant', 'variants'].some((key) => broken.has(key)))
    return []
  const expected = 'What is for sale has a price; fill in yours, "0.00" if it is free.'
  if (sound.variants?.some((variant) => variant.price)) {
    return variantsWithout(product, 'price', (id) => ({ found: `The variant ${id} has no price.`, expected }))
  }
  const codes = currencies.length > 0 ? currencies : ['eur']
  const price = Object.fromEntries(codes.map((code) => [code, toDecimalText({ amount: 1900, currency: code })]))
  const mended = withAddedKey(yaml, [], { price }, KEY_ORDER)
  return [problemAt(yaml, ['status'], { found: 'This product is live and has no price.', expected, mended })]
}

function missingImage({ sound, broken, yaml, id }: ProductEntry): CatalogProblem[] {
  if (broken.has('images') || (sound.images ?? []).length > 0) return []
  const images = [{ file: `images/${id}.svg`, alt: 'What the picture shows' }]
  const isEmpty = yaml.nodesAt(['images']).key !== null
  return [
    problemAt(yaml, isEmpty ? ['images'] : ['status'], {
      found: 'This product is live and has no picture.',
      expected: 'What is for sale shows at least one picture.',
      mended: isEmpty ? null : withAddedKey(yaml, [], { images }, KEY_ORDER),
    }),
  ]
}

function missingGoods(product: ProductEntry): CatalogProblem[] {
  const { sound, broken, yaml } = product
  if (sound.gives || sound.bundle || ['gives', 'bundle', 'variants'].some((key) => broken.has(key))) return []
  const expected = 'Say what it gives: downloads, a parcel, or both.'
  if (sound.variants?.some((variant) => variant.gives)) {
    const found = (id: string) => `The buyer of the variant ${id} gets nothing.`
    return variantsWithout(product, 'gives', (id) => ({ found: found(id), expected }))
  }
  const mended = withAddedKey(yaml, [], { gives: { parcel: { weight: 250 } } }, KEY_ORDER)
  return [problemAt(yaml, ['status'], { found: 'This product is live and its buyer gets nothing.', expected, mended })]
}

function variantsWithout({ sound, yaml }: ProductEntry, key: 'price' | 'gives', told: (id: string) => Told) {
  return (sound.variants ?? []).flatMap((variant, index) =>
    variant[key] ? [] : [problemAt(yaml, ['variants', index], told(quoted(variant.id)))],
  )
}

/** Downloads that are for sale and not approved: the product's own, and those of its parts that aren't for sale themselves. */
function unapproved(entries: Entries, product: ProductEntry): CatalogProblem[] {
  const own = allGives(product).flatMap(({ path, gives }) =>
    (gives.downloads ?? []).map((asset, index) => ({ path: [...path, 'downloads', index], asset })),
  )
  const parts = (product.sound.bundle ?? []).flatMap((part, index) => {
    const target = entries.products.get(part.product)
    if (target?.sound.status !== 'retired') return []
    const assets = allGives(target).flatMap(({ gives }) => gives.downloads ?? [])
    return assets.map((asset) => ({ path: ['bundle', index, 'product'], asset }))
  })
  return [...own, ...parts].flatMap(({ path, asset }) => {
    const review = entries.assets.get(asset)?.sound.review
    if (review === undefined || review === 'approved') return []
    const found = `The asset ${quoted(asset)} is not approved: its review says "${review}".`
    const expected = `A live product gives approved assets only (see assets/${asset}.yaml).`
    return [problemAt(product.yaml, path, { found, expected })]
  })
}

function draftParts(entries: Entries, product: ProductEntry): CatalogProblem[] {
  return (product.sound.bundle ?? []).flatMap((part, index) => {
    if (entries.products.get(part.product)?.sound.status !== 'draft') return []
    const found = `${quoted(part.product)} is a draft.`
    const expected = 'A live bundle is made of live or retired products.'
    return [problemAt(product.yaml, ['bundle', index, 'product'], { found, expected })]
  })
}

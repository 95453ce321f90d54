import { withAddedKey, withValue } from '../problem/mend.ts'
import { type CatalogProblem, quoted } from '../problem/problem.ts'
import { fieldName, problemAt } from '../problem/report.ts'
import { allOf } from '../problem/spelling.ts'
import { leastCharge } from '../schema/charge.ts'
import { type Amounts, type Currency, toDecimalText } from '../schema/money.ts'
import type { Path, YamlFile } from '../yaml.ts'
import { allGives, type ProductEntry } from './references.ts'

/** Problems of a product in itself, whatever its status: twice the same, prices at odds, a bundle that is more than one. */
export function productProblems(product: ProductEntry, currencies: readonly Currency[] | undefined): CatalogProblem[] {
  return [
    ...repeated(product, ['tags'], product.sound.tags ?? []),
    ...repeatedVariants(product),
    ...pricingProblems(product),
    ...bundleProblems(product),
    ...suggestionProblems(product),
    ...allGives(product).flatMap(({ path, gives }) => repeated(product, [...path, 'downloads'], gives.downloads ?? [])),
    ...allPrices(product).flatMap((price) => tooLittle(product, price)),
    ...(currencies ? allPrices(product).flatMap((price) => foreignCurrencies(product, price, currencies)) : []),
  ]
}

/** A price and its path in the file. */
export type PlacedPrice = { path: Path; amounts: Amounts }

/** Every price of a product with its place: its own, its variants', its minimum and suggestion. */
export function allPrices({ sound }: ProductEntry): PlacedPrice[] {
  const named = sound.payWhatYouWant
  const prices: { path: Path; amounts: Amounts | undefined }[] = [
    { path: ['price'], amounts: sound.price },
    { path: ['payWhatYouWant', 'minimum'], amounts: named?.minimum },
    { path: ['payWhatYouWant', 'suggested'], amounts: named?.suggested },
    ...(sound.variants ?? []).map(({ price }, index) => ({ path: ['variants', index, 'price'], amounts: price })),
  ]
  return prices.flatMap(({ path, amounts }) => (amounts ? [{ path, amounts }] : []))
}

function foreignCurrencies({ yaml }: ProductEntry, { path, amounts }: PlacedPrice, currencies: readonly Currency[]) {
  const foreign = Object.keys(amounts).filter((currency) => !currencies.includes(currency))
  return foreign.map((currency) =>
    problemAt(yaml, [...path, currency], {
      found: `The shop does not sell in ${currency}.`,
      expected: `Its currencies are ${allOf(currencies)}: remove this line, or add ${currency} to shop.yaml.`,
      on: 'key',
    }),
  )
}

/** Whoever buys one of it could not pay. */
function tooLittle({ yaml }: ProductEntry, { path, amounts }: PlacedPrice): CatalogProblem[] {
  return Object.entries(amounts).flatMap(([currency, amount]) => {
    if (amount === 0 || amount >= leastCharge(currency)) return []
    const [text, least] = [amount, leastCharge(currency)].map((minor) => toDecimalText({ amount: minor, currency }))
    const found = `${text} ${currency} is less than Stripe charges.`
    const expected = `It is at least ${least}, or "${toDecimalText({ amount: 0, currency })}" for free.`
    return [
      problemAt(yaml, [...path, currency], { found, expected, mended: withValue(yaml, [...path, currency], least) }),
    ]
  })
}

/** The keys of a product in the order of its schema, for added lines. */
export const KEY_ORDER =
  'name summary description category tags status images price payWhatYouWant variants bundle stock gives'.split(' ')

function pricingProblems({ sound, yaml }: ProductEntry): CatalogProblem[] {
  if (!sound.payWhatYouWant) return []
  const rule = 'With payWhatYouWant the buyer names the price: keep one of the two.'
  const own = sound.price
    ? [problemAt(yaml, ['price'], { found: 'There are price and payWhatYouWant.', expected: rule, on: 'key' })]
    : []
  const variants = (sound.variants ?? []).flatMap((variant, index) => {
    if (!variant.price) return []
    const found = `The variant ${quoted(variant.id)} has a price, and the product payWhatYouWant.`
    return [problemAt(yaml, ['variants', index, 'price'], { found, expected: rule, on: 'key' })]
  })
  return [...own, ...variants]
}

function bundleProblems({ sound, broken, yaml }: ProductEntry): CatalogProblem[] {
  if (!sound.bundle) return []
  const problems = []
  if (sound.variants) {
    const expected = 'A bundle has no variants of its own: name the variant of each part.'
    problems.push(problemAt(yaml, ['variants'], { found: 'This bundle has variants.', expected, on: 'key' }))
  }
  if (
    !sound.price &&
    !sound.payWhatYouWant &&
    !broken.has('price') &&
    !broken.has('payWhatYouWant') &&
    sound.status !== 'live'
  ) {
    const expected = 'A bundle is sold for a price of its own.'
    const mended = withAddedKey(yaml, [], { price: { eur: '19.00' } }, KEY_ORDER)
    problems.push(problemAt(yaml, ['bundle'], { found: 'This bundle has no price.', expected, mended, on: 'key' }))
  }
  const seen = new Set<string>()
  for (const [index, part] of sound.bundle.entries()) {
    const name = part.variant ? `${part.product}/${part.variant}` : part.product
    const told = { found: `${quoted(name)} is in this bundle twice.`, expected: 'Name it once, with a quantity.' }
    if (seen.has(name)) problems.push(problemAt(yaml, ['bundle', index, 'product'], told))
    seen.add(name)
  }
  return problems
}

function suggestionProblems({ sound, yaml }: ProductEntry): CatalogProblem[] {
  const { minimum = {}, suggested = {} } = sound.payWhatYouWant ?? {}
  return Object.entries(minimum).flatMap(([currency, amount]) => {
    const proposal = suggested[currency]
    if (proposal === undefined || proposal >= amount) return []
    const least = toDecimalText({ amount, currency })
    const path = ['payWhatYouWant', 'suggested', currency]
    const found = `The suggestion of ${toDecimalText({ amount: proposal, currency })} ${currency} is below the minimum.`
    return [
      problemAt(yaml, path, { found, expected: `It is at least ${least}.`, mended: withValue(yaml, path, least) }),
    ]
  })
}

function repeatedVariants(product: ProductEntry): CatalogProblem[] {
  const variants = product.sound.variants ?? []
  const names = Object.keys(variants[0]?.options ?? {})
  const choices = new Set<string>()
  const odd = variants.flatMap((variant, index) => {
    const place = ['variants', index, 'options']
    const own = Object.keys(variant.options)
    if (own.length !== names.length || own.some((name) => !names.includes(name))) {
      const found = `The options of ${quoted(variant.id)} are ${allOf(own)}.`
      const expected = `Every variant has the same options; those of the first are ${allOf(names)}.`
      return [problemAt(product.yaml, place, { found, expected, on: 'key' })]
    }
    const choice = JSON.stringify(names.map((name) => variant.options[name]))
    if (choices.has(choice)) {
      const found = `The variant ${quoted(variant.id)} has the same options as one before it.`
      return [
        problemAt(product.yaml, place, { found, expected: 'Each variant differs in at least one option.', on: 'key' }),
      ]
    }
    choices.add(choice)
    return []
  })
  return [...repeatedIds(product, ['variants'], variants), ...odd]
}

type InFile = { yaml: YamlFile }

/** A problem for each word of a list that was there before. `key` is where in an entry the word stands. */
export function repeated({ yaml }: InFile, path: Path, words: readonly string[], ...key: string[]): CatalogProblem[] {
  return words.flatMap((word, index) => {
    if (words.indexOf(word) === index) return []
    const found = `${quoted(word)} is in "${fieldName(path)}" twice.`
    return [problemAt(yaml, [...path, index, ...key], { found, expected: 'Each one is there once.' })]
  })
}

/** A problem for each entry of a list whose id was there before. */
export function repeatedIds(file: InFile, path: Path, entries: readonly { id: string }[]): CatalogProblem[] {
  const ids = entries.map(({ id }) => id)
  return repeated(file, path, ids, 'id')
}

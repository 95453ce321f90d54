import { withAddedKey, withAppended } from '../problem/mend.ts'
import { type CatalogProblem, quoted } from '../problem/problem.ts'
import { problemAt } from '../problem/report.ts'
import { currencyProblem } from '../schema/charge.ts'
import { toDecimalText } from '../schema/money.ts'
import type { ShopSettings } from '../schema/shop.ts'
import type { Entry } from './entry.ts'
import { repeated, repeatedIds } from './product.ts'
import { allGives, type Entries } from './references.ts'

/** Products that a sentence names before it says "and others". */
const NAMED_MAX = 3

/** Problems of the shop's file in itself, and of its shipping as far as products need it. */
export function shopProblems(entries: Entries): CatalogProblem[] {
  const { shop } = entries
  if (!shop) return []
  const { categories = [], currencies = [], shipping = [], assetRepositories = [] } = shop.sound
  return [
    ...repeated(shop, ['currencies'], currencies),
    ...repeatedIds(shop, ['categories'], categories),
    ...repeatedIds(shop, ['shipping'], shipping),
    ...repeated(shop, ['assetRepositories'], assetRepositories),
    ...countriesTwice(shop),
    ...rateProblems(shop),
    ...missingShipping(entries, shop),
  ]
}

function countriesTwice({ sound, yaml }: Entry<ShopSettings>): CatalogProblem[] {
  const zones = new Map<string, string>()
  return (sound.shipping ?? []).flatMap((zone, index) =>
    zone.countries.flatMap((country, position) => {
      const first = zones.get(country)
      zones.set(country, first ?? zone.id)
      if (first === undefined) return []
      const found = `${country} is in the shipping zone ${quoted(first)} already.`
      const path = ['shipping', index, 'countries', position]
      return [problemAt(yaml, path, { found, expected: 'A country is in one zone, once.' })]
    }),
  )
}

function rateProblems({ sound, broken, yaml }: Entry<ShopSettings>): CatalogProblem[] {
  const currencies = sound.currencies ?? []
  if (broken.has('currencies')) return []
  return (sound.shipping ?? []).flatMap((zone, index) =>
    zone.rates.flatMap((rate, position) => {
      const path = ['shipping', index, 'rates', position, 'price']
      const absent = currencies.filter((currency) => !Object.hasOwn(rate.price, currency))
      const foreign = Object.keys(rate.price).filter((currency) => !currencies.includes(currency))
      return [
        ...absent.map((currency) => {
          const added = { [currency]: toDecimalText({ amount: 500, currency }) }
          const found = `The rate ${quoted(rate.name)} of ${quoted(zone.id)} has no price in ${currency}.`
          const expected = 'A rate has a price in every currency of the shop; fill in yours.'
          return problemAt(yaml, path, {
            found,
            expected,
            mended: withAddedKey(yaml, path, added, currencies),
            on: 'key',
          })
        }),
        ...foreign.map((currency) => {
          const found = `The shop does not sell in ${currency}.`
          const expected = `Remove it here${!currencyProblem(currency) ? `, or add ${currency} to currencies` : ''}.`
          return problemAt(yaml, [...path, currency], { found, expected, on: 'key' })
        }),
      ]
    }),
  )
}

/** Parcels need somewhere to go: told once, in the shop's file, naming the products. */
function missingShipping(entries: Entries, shop: Entry<ShopSettings>): CatalogProblem[] {
  if (shop.broken.has('shipping') || (shop.sound.shipping ?? []).length > 0) return []
  const shipped = [...entries.products.values()].filter(
    (product) => product.sound.status === 'live' && allGives(product).some(({ gives }) => gives.parcel),
  )
  if (shipped.length === 0) return []
  const names = shipped.slice(0, NAMED_MAX).map((product) => quoted(product.id))
  const more = shipped.length > NAMED_MAX ? ` and ${shipped.length - NAMED_MAX} more` : ''
  const price = Object.fromEntries(
    (shop.sound.currencies ?? ['eur']).map((currency) => [currency, toDecimalText({ amount: 490, currency })]),
  )
  const zone = {
    id: 'europe',
    name: 'Europe',
    countries: ['DE', 'FR'],
    rates: [{ name: 'Parcel', price, days: [3, 7] }],
  }
  const isEmpty = shop.yaml.nodesAt(['shipping']).key !== null
  return [
    problemAt(shop.yaml, isEmpty ? ['shipping'] : ['name'], {
      found: `Parcels have nowhere to go: shop.yaml has no shipping, and ${names.join(', ')}${more} must be sent.`,
      expected: 'Parcels need at least one shipping zone.',
      mended: isEmpty ? null : withAppended(shop.yaml, { shipping: [zone] }),
      on: 'key',
    }),
  ]
}

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadCatalog } from '../../catalog/load.ts'
import { findOffer, offersOf, productCount } from '../../catalog/offer.ts'

const loaded = await loadCatalog(join(import.meta.dirname, '../fixtures/bad-catalogs/_good'))
if ('problems' in loaded) throw new Error('the good catalog is not good')
const { catalog } = loaded

test('a product without variants is one offer', () => {
  const offer = findOffer(catalog, 'guide')
  expect(offer).toMatchObject({ id: 'guide', name: 'Field guide', downloads: ['guide-pdf'], parcel: null, takes: [] })
  expect(offer?.price).toEqual({ kind: 'fixed', amounts: { eur: 1900, usd: 2100 } })
})

test('each variant is an offer, with what it leaves out taken from its product', () => {
  const shirt = catalog.products.get('shirt')
  if (!shirt) throw new Error('no shirt')
  const offers = offersOf(catalog, shirt)
  expect(offers.map(({ id, name }) => [id, name])).toEqual([
    ['shirt/black-m', 'Tern shirt (black, M)'],
    ['shirt/black-l', 'Tern shirt (black, L)'],
  ])
  expect(offers.map(({ price }) => price)).toEqual([
    { kind: 'fixed', amounts: { eur: 2500, usd: 2700 } },
    { kind: 'fixed', amounts: { eur: 2600, usd: 2800 } },
  ])
  expect(offers.map(({ takes }) => takes)).toEqual([[{ price: 'shirt/black-m', quantity: 1, stock: 10 }], []])
  expect(offers[0]?.parcel).toEqual({ weight: 200, customs: 'Cotton shirt', origin: 'PT' })
})

test('a bundle gives what its parts give, and takes them from stock', () => {
  const offer = findOffer(catalog, 'set')
  expect(offer).toMatchObject({
    price: { kind: 'fixed', amounts: { eur: 4000, usd: 4400 } },
    downloads: ['guide-pdf'],
    parcel: { weight: 200, customs: 'Cotton shirt' },
    takes: [{ price: 'shirt/black-m', quantity: 1, stock: 10 }],
  })
})

test('products are counted as files, and for sale, where that is not the same', () => {
  const product = catalog.products.get('guide')
  if (!product) throw new Error('no guide')
  const some = (...statuses: ('draft' | 'live' | 'retired')[]) =>
    productCount({ products: new Map(statuses.map((status, n) => [String(n), { ...product, status }])) })
  expect([some('live'), some('live', 'live'), some('live', 'draft', 'retired')]).toEqual([
    ...['1 product', '2 products', '3 products (1 for sale)'],
  ])
})

test('what the catalog does not have is no offer', () => {
  for (const price of ['nothing', 'shirt', 'shirt/red', 'guide/black-m', '', 'guide/']) {
    expect(findOffer(catalog, price)).toBeUndefined()
  }
})

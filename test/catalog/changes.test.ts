import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { changesOf, type ProductChange } from '../../catalog/changes.ts'
import { loadCatalog } from '../../catalog/load.ts'
import type { Catalog } from '../../catalog/offer.ts'
import type { Product, ProductStatus } from '../../catalog/schema/product.ts'

let catalog: Catalog
beforeAll(async () => {
  const loaded = await loadCatalog(join(import.meta.dirname, '../fixtures/catalog'))
  if ('problems' in loaded) throw new Error('the sample catalog has problems')
  catalog = loaded.catalog
})

const product = (id: string) => catalog.products.get(id) as Product
const withProduct = (id: string, changes: Partial<Product>): Catalog => ({
  ...catalog,
  products: new Map([...catalog.products, [id, { ...product(id), ...changes, id }]]),
})
const without = (id: string): Catalog => {
  return { ...catalog, products: new Map([...catalog.products].filter(([key]) => key !== id)) }
}
const only = (changes: ProductChange[]): ProductChange => {
  expect(changes).toHaveLength(1)
  return changes[0] as ProductChange
}

test('the same catalog has no changes, whatever the order of its keys', () => {
  const reversed = Object.fromEntries(Object.entries(product('guide')).reverse()) as Product
  expect(changesOf(catalog, withProduct('guide', reversed))).toEqual({ products: [], assets: [], shop: [] })
})

test('a price is told before and after, for each currency and variant that it is of', () => {
  const change = only(changesOf(catalog, withProduct('guide', { price: { eur: 2500, usd: 2100 } })).products)
  expect(change).toMatchObject({ kind: 'changed', id: 'guide', fields: [], stock: [] })
  expect(change.prices).toEqual([
    {
      offer: 'guide/pdf',
      label: 'PDF',
      what: 'price',
      before: { amount: 1900, currency: 'eur' },
      after: { amount: 2500, currency: 'eur' },
    },
    {
      offer: 'guide/epub',
      label: 'EPUB',
      what: 'price',
      before: { amount: 1900, currency: 'eur' },
      after: { amount: 2500, currency: 'eur' },
    },
  ])
})

test('a currency that goes, and what buyers may name', () => {
  const gone = only(changesOf(catalog, withProduct('sticker', { price: { eur: 300 } })).products)
  expect(gone.prices).toMatchObject([{ before: { currency: 'usd' }, after: null }])
  const named = { minimum: { eur: 300, usd: 200 }, suggested: { eur: 1000, usd: 1200 } }
  const change = only(changesOf(catalog, withProduct('support', { payWhatYouWant: named })).products)
  expect(change.prices.map(({ what, before, after }) => [what, before?.amount, after?.amount])).toEqual([
    ['minimum', 200, 300],
    ['suggestion', 1000, 1200],
  ])
})

test('stock is told by itself, and other fields by name', () => {
  const change = only(changesOf(catalog, withProduct('sticker', { stock: 9, name: 'Sticky' })).products)
  expect(change).toMatchObject({ stock: [{ label: '', before: 5, after: 9 }], fields: ['name'], prices: [] })
})

test.each<[ProductStatus | null, ProductStatus | null, ProductChange['kind']]>([
  [null, 'live', 'new'],
  [null, 'draft', 'hidden'],
  ['draft', 'live', 'new'],
  ['retired', 'live', 'new'],
  ['live', 'retired', 'withdrawn'],
  ['live', 'draft', 'withdrawn'],
  ['retired', 'draft', 'withdrawn'],
  ['draft', 'retired', 'changed'],
  ['live', null, 'removed'],
  ['retired', null, 'removed'],
  ['draft', null, 'hidden'],
])('from %s to %s is %s', (before, after, kind) => {
  const at = (status: ProductStatus | null) => (status ? withProduct('sticker', { status }) : without('sticker'))
  expect(only(changesOf(at(before), at(after)).products).kind).toBe(kind)
})

test('a file under another name is a rename, not two products', () => {
  const products = new Map([...without('sticker').products, ['decal', { ...product('sticker'), id: 'decal' }]])
  const change = only(changesOf(catalog, { ...catalog, products }).products)
  expect(change).toMatchObject({ kind: 'renamed', id: 'decal', was: 'sticker', prices: [] })
})

test('a picture that was painted over changes the products that show it', () => {
  const changed = changesOf(catalog, catalog, new Set(['images/any.svg'])).products
  expect(changed.length).toBe(catalog.products.size)
  expect(changed[0]).toMatchObject({ kind: 'changed', fields: ['images'] })
})

test('the first catalog brings everything, and the last takes it', () => {
  const first = changesOf(null, catalog)
  expect(first.products.filter(({ kind }) => kind === 'new').length).toBe(8)
  expect(first.assets.map(({ before }) => before)).toEqual([null, null, null])
  expect(changesOf(catalog, null).products.every(({ kind }) => kind === 'removed')).toBe(true)
})

test('settings of the shop by key, assets with both sides', () => {
  const shop = { ...catalog.shop, name: 'New', contact: 'new@example.org' }
  const guide = { ...catalog.assets.get('guide-pdf'), license: 'MIT' } as never
  const changes = changesOf(catalog, { ...catalog, shop, assets: new Map([...catalog.assets, ['guide-pdf', guide]]) })
  expect(changes.shop).toEqual(['name', 'contact'])
  expect(changes.assets).toMatchObject([
    { id: 'guide-pdf', before: { license: 'CC-BY-NC-4.0' }, after: { license: 'MIT' } },
  ])
})

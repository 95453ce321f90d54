import { expect, test } from 'vitest'
import { loadCatalog } from '../../catalog/load.ts'
import { type Catalog, findOffer, type Offer, offersOf } from '../../catalog/offer.ts'
import { availableOf, isSoldOut, moneyOrFree, moneyTexts, priceTexts } from '../../catalog/price.ts'
import { waitBeforeLook } from '../../site/scripts/waiting.ts'
import { cardOf, featuredProducts, liveProducts, openCategories, shownProducts } from '../../site/view/card.ts'
import { durationText, shownPictures } from '../../site/view/preview.ts'
import { priceListOf } from '../../site/view/price-list.ts'
import { productPage } from '../../site/view/product-page.ts'
import { countriesOf } from '../../site/view/shipping.ts'
import { productFacts, scriptText } from '../../site/view/structured-data.ts'
import { optionNames, variantRows } from '../../site/view/variants.ts'

const catalog = await load()

async function load(): Promise<Catalog> {
  const loaded = await loadCatalog(new URL('catalog', import.meta.url).pathname)
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems, null, 2))
  return loaded.catalog
}

function offer(id: string): Offer {
  const found = findOffer(catalog, id)
  if (!found) throw new Error(`no offer ${id}`)
  return found
}

function product(id: string) {
  const found = catalog.products.get(id)
  if (!found) throw new Error(`no product ${id}`)
  return found
}

test('what is left is the smallest of all that one sale takes, counted once each', () => {
  expect(availableOf(offer('guide/pdf'))).toBeNull()
  expect(availableOf(offer('sticker'))).toBe(40)
  expect(isSoldOut(offer('poster'))).toBe(true)
  const takes = [
    { price: 'a', quantity: 2, stock: 9 },
    { price: 'b', quantity: 1, stock: 7 },
    { price: 'a', quantity: 1, stock: 9 },
  ]
  expect(availableOf({ takes })).toBe(3)
})

test('a price says From only where it can be more', () => {
  const texts = (id: string) => priceTexts(offersOf(catalog, product(id)), ['eur', 'usd'])
  expect(texts('sticker')).toEqual({ eur: '€4.00', usd: '$4.50' })
  expect(texts('guide')).toEqual({ eur: 'From €19.00', usd: 'From $21.00' })
  expect(texts('shirt')).toEqual({ eur: '€25.00', usd: '$28.00' })
  expect(texts('support')).toEqual({ eur: 'Name your price', usd: 'Name your price' })
  const free = { ...offer('sticker'), price: { kind: 'fixed', amounts: { eur: 0 } } } as const
  expect(priceTexts([free], ['eur', 'usd'])).toEqual({ eur: 'Free' })
})

test('a price of nothing is Free, in the cart as on the cards', () => {
  expect(moneyOrFree({ amount: 0, currency: 'eur' })).toBe('Free')
  expect(moneyOrFree({ amount: 1, currency: 'eur' })).toBe('€0.01')
})

test('money keeps the shop’s order of currencies and leaves out what has no price', () => {
  expect(Object.entries(moneyTexts({ usd: 100, eur: 90, jpy: 150 }, ['eur', 'jpy', 'chf']))).toEqual([
    ['eur', '€0.90'],
    ['jpy', '¥150'],
  ])
})

test('variants stand in rows by the option with the fewest values', () => {
  const rows = variantRows(offersOf(catalog, product('shirt')))
  expect(rows.map(({ label, choices }) => [label, ...choices.map((choice) => choice.label)])).toEqual([
    ['black', 'S', 'M', 'L'],
    ['sand', 'S', 'M'],
  ])
  expect(optionNames(offersOf(catalog, product('shirt')))).toBe('Size and colour')
  expect(variantRows(offersOf(catalog, product('guide'))).map(({ label }) => label)).toEqual([null])
})

test('drafts are shown nowhere, and what is retired only on its own page', () => {
  expect(shownProducts(catalog).map(({ id }) => id)).toContain('old-mug')
  expect(shownProducts(catalog).map(({ id }) => id)).not.toContain('next-thing')
  expect(liveProducts(catalog).map(({ id }) => id)).toEqual(['guide', 'poster', 'shirt', 'sticker', 'support'])
})

test('the front page shows each kind of thing in turn, and nothing that is sold out', () => {
  expect(featuredProducts(catalog).map(({ id }) => id)).toEqual(['guide', 'shirt', 'support', 'sticker'])
  expect(openCategories(catalog).map(({ id, count }) => [id, count])).toEqual([
    ['books', 2],
    ['things', 3],
  ])
})

test('a card of something sold out says so', () => {
  expect(cardOf(catalog, product('poster'))).toMatchObject({ href: '/products/poster/', soldOut: true })
  expect(cardOf(catalog, product('shirt'))).toMatchObject({ soldOut: false })
})

test('the form asks only for what the sale needs', () => {
  const form = (id: string) => productPage(catalog, product(id)).form
  expect(form('guide')).toMatchObject({
    price: 'guide/pdf',
    quantityMax: null,
    shipTo: null,
    email: null,
    amount: null,
  })
  expect(form('sticker')).toMatchObject({
    price: 'sticker',
    quantityMax: 40,
    shipTo: { required: true },
    choices: null,
  })
  expect(form('support').amount).toEqual({
    minimum: { eur: '€0.00', usd: '$0.00' },
    suggested: { eur: '10.00', usd: '12.00' },
    least: { eur: 0, usd: 0 },
  })
  expect(form('support').email).toBe('when-free')
})

test('the form chooses the first variant that can be had', () => {
  const stocked = offersOf(catalog, product('shirt')).map((one) => one.id)
  expect(stocked[1]).toBe('shirt/m-black')
  const choices = productPage(catalog, product('shirt')).form.choices
  expect(choices?.rows[0]?.choices.map(({ soldOut }) => soldOut)).toEqual([false, true, false])
  expect(choices?.pricesDiffer).toBe(false)
})

test('what you get names the files with their licence, and with which variant each comes', () => {
  expect(productPage(catalog, product('guide')).parts).toEqual([
    {
      title: 'Wren guide, PDF',
      kind: 'Book',
      facts: ['2 pages', '4 min 5 s', 'large print'],
      detail: 'guide.pdf, yours to download. Licence: CC-BY-4.0',
      preview: {
        heading: 'A look inside',
        images: [
          { file: 'images/inside/cover.png', alt: 'The cover' },
          { file: 'images/inside/first.png', alt: 'The first page' },
        ],
      },
      with: null,
    },
    {
      title: 'Wren guide, EPUB',
      kind: 'Book',
      facts: [],
      detail: 'guide.epub, yours to download. Licence: CC-BY-4.0',
      preview: null,
      with: 'PDF and EPUB',
    },
  ])
  expect(productPage(catalog, product('shirt')).parts).toMatchObject([
    { kind: 'Post', detail: '200 g packed, sent to your door. Made in Portugal.' },
  ])
})

test.each([
  ['1:32:10', '1 h 32 min'],
  ['2:00:00', '2 h'],
  ['45:30', '45 min'],
  ['4:05', '4 min 5 s'],
  ['0:30', '30 s'],
  ['0:00', '0 s'],
])('a duration of %s is said as %s', (duration, said) => expect(durationText(duration)).toBe(said))

test('pictures are shown of products that have a page and of the files they give', () => {
  const shown = shownPictures(catalog)
  expect(shown).toContain('images/inside/first.png')
  expect(shown).not.toContain('images/secret.svg')
})

test('countries are listed by name', () => {
  expect(countriesOf(catalog.shop).map(({ name }) => name)).toEqual(['Austria', 'France', 'Germany', 'United States'])
})

test('the price list holds what is for sale and nothing else', () => {
  const list = priceListOf(catalog, () => null)
  expect(Object.keys(list.prices)).toEqual([
    'guide/pdf',
    'guide/both',
    'poster',
    'shirt/s-black',
    'shirt/m-black',
    'shirt/l-black',
    'shirt/s-sand',
    'shirt/m-sand',
    'sticker',
    'support',
  ])
})

test('facts for search engines tell what is in stock, and cannot end their script', () => {
  const facts = productFacts(catalog, product('shirt'), 'https://shop.example/products/shirt/', undefined)
  const { offers } = facts as { offers: { price: string; availability: string }[] }
  expect(offers.slice(0, 2)).toMatchObject([
    { price: '25.00', availability: 'https://schema.org/InStock' },
    { price: '25.00', availability: 'https://schema.org/SoldOut' },
  ])
  expect(scriptText({ name: '</script><script>' })).toBe('{"name":"\\u003c/script>\\u003cscript>"}')
})

test('looking again slows down from two seconds to ten, and stops after ten minutes', () => {
  expect(waitBeforeLook(0, 0)).toBe(2_000)
  expect(waitBeforeLook(3, 8_000)).toBe(3_906)
  expect(waitBeforeLook(50, 300_000)).toBe(10_000)
  expect(waitBeforeLook(70, 600_000)).toBeNull()
})

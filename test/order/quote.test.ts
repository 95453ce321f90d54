import { beforeAll, describe, expect, test } from 'vitest'
import { type CartRequest, type Quote, quote, shortages } from '../../app/order/quote.ts'
import { loadCatalog } from '../../catalog/load.ts'
import type { Catalog } from '../../catalog/offer.ts'
import { FIXTURE_CATALOG } from '../support/shop.ts'

let catalog: Catalog
beforeAll(async () => {
  const loaded = await loadCatalog(FIXTURE_CATALOG)
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  catalog = loaded.catalog
})

const line = (price: string, quantity = 1, amount?: string) => ({ price, quantity, amount })
function priced(...lines: CartRequest['lines']): Quote {
  const result = quote(catalog, { lines, shipTo: 'DE' })
  return 'problems' in result ? expect.unreachable(JSON.stringify(result.problems)) : result
}
function problemsOf(request: CartRequest) {
  const result = quote(catalog, request)
  return 'problems' in result ? result.problems : expect.unreachable('it was priced')
}

describe('a cart is priced from the catalog alone', () => {
  test('with everything that a later reader needs, copied', () => {
    expect(quote(catalog, { lines: [line('guide/pdf', 2)] })).toEqual({
      currency: 'eur',
      lines: [
        {
          id: 'line-1',
          price: 'guide/pdf',
          name: 'The Heron Guide (PDF)',
          quantity: 2,
          unitAmount: 1900,
          assets: [
            {
              id: 'guide-pdf',
              title: 'The Heron Guide (PDF)',
              release: { repository: 'heron/goods', tag: 'guide-v1', file: 'heron-guide.pdf' },
              sha256: '2c105371d774cf817bd09261694449a7f917e85f5a9d720d31022832ed3f4018',
            },
          ],
          parcel: null,
          takes: [],
        },
      ],
      shipTo: null,
      shipping: null,
      subtotal: 3800,
      stock: [],
    })
  })
  test("in the buyer's currency, where the shop sells in it", () => {
    expect(quote(catalog, { lines: [line('guide/pdf')], currency: 'usd' })).toMatchObject({ subtotal: 2100 })
  })
  test("with a variant's own price", () => expect(priced(line('guide/both')).subtotal).toBe(2400))
  test('whatever the buyer says that a thing of fixed price should cost', () =>
    expect(priced(line('guide/pdf', 1, '0.01')).subtotal).toBe(1900))
  test('with as many lines and quantities as there are', () => {
    const { lines, subtotal } = priced(line('guide/pdf', 3), line('sticker', 4), line('sampler'))
    expect(lines.map(({ id }) => id)).toEqual(['line-1', 'line-2', 'line-3'])
    expect(subtotal).toBe(3 * 1900 + 4 * 300)
  })
})

describe('the buyer names the price, where that is offered', () => {
  test.each([
    [undefined, 1000],
    ['2.00', 200],
    ['2', 200],
    ['1234.5', 123450],
  ])('%s is %i', (amount, cents) => expect(priced(line('support', 1, amount)).subtotal).toBe(cents))

  const form = 'an amount in eur is digits and at most 2 decimals, such as "19.00", and never below zero.'
  test.each([
    ['1.99', 'The least that is asked for it is €2.00.'],
    ['0', 'The least that is asked for it is €2.00.'],
    ['-5', form],
    ['5.001', form],
    ['1e3', form],
    ['0x10', form],
    ['', form],
    ['five', form],
    ['١٢', form],
    ['Infinity', form],
  ])('%j is refused: %s', (amount, detail) =>
    expect(problemsOf({ lines: [line('support', 1, amount)] })).toEqual([{ line: 0, detail }]),
  )
})

describe('what can not be bought is said, all of it, by line', () => {
  test.each(['nothing', 'old-mug', 'guide', 'guide/docx', 'sticker/red', 'constructor', '__proto__', ''])(
    '%j is not for sale',
    (price) => {
      const detail = 'This is not for sale (any more).'
      expect(problemsOf({ lines: [line('guide/pdf'), line(price)] })).toEqual([{ line: 1, detail }])
    },
  )
  test('several lines at once', () => {
    const lines = [line('nothing'), line('guide/pdf'), line('support', 1, '1.00')]
    expect(problemsOf({ lines }).map((problem) => problem.line)).toEqual([0, 2])
  })
  test('a currency that the shop does not take', () => {
    const detail = 'This shop sells in eur, usd.'
    for (const currency of ['gbp', '', 'EUR', 'toString'])
      expect(problemsOf({ lines: [line('guide/pdf')], currency })).toEqual([{ line: null, detail }])
  })
  test('a product without a price in that currency', () => {
    const guide = catalog.products.get('support') ?? expect.unreachable()
    const shop = { ...catalog.shop, currencies: ['eur', 'jpy'] }
    const products = new Map([['support', guide]])
    expect(quote({ ...catalog, shop, products }, { lines: [line('support')], currency: 'jpy' })).toEqual({
      problems: [{ line: 0, detail: 'This has no price in jpy.' }],
    })
  })
  test('more than one payment can be', () => {
    const detail = 'This is more than one payment can be.'
    expect(priced(line('support', 1, '999999.99')).subtotal).toBe(99_999_999)
    expect(problemsOf({ lines: [line('support', 1, '1000000.00')] })).toEqual([{ line: null, detail }])
    const posted = [line('support', 1, '999993.00'), line('sticker')]
    expect(problemsOf({ lines: posted, shipTo: 'FR' })).toEqual([{ line: null, detail }]) // with the dearest way to ship
  })
})

test('an order copies so much of the catalog, and no more, unless what is bought is one thing', () => {
  const assets = new Map(catalog.assets)
  const [asset] = assets.values()
  if (!asset) throw new Error('the catalog has assets')
  const ids = Array.from({ length: 100 }, (_, n) => `part-${n}`)
  for (const id of ids) assets.set(id, { ...asset, id })
  const guide = catalog.products.get('leaflet')
  if (!guide) throw new Error('the catalog has a leaflet')
  const products = new Map(catalog.products).set('leaflet', { ...guide, gives: { downloads: ids } })
  const heavy = { ...catalog, assets, products }
  expect(quote(heavy, { lines: [line('leaflet')] })).toMatchObject({ lines: [{ assets: { length: 100 } }] })
  const many = { lines: Array.from({ length: 50 }, () => line('leaflet')) }
  expect(quote(heavy, many)).toEqual({
    problems: [{ line: null, detail: 'This is more than one order can hold. Please make two of it.' }],
  })
  expect(quote(catalog, { lines: Array.from({ length: 50 }, () => line('guide/both')) })).not.toHaveProperty('problems')
})

describe('shipping', () => {
  test('is priced for the zone of the country', () => {
    expect(quote(catalog, { lines: [line('sticker')], shipTo: 'FR' })).toMatchObject({
      shipTo: 'FR',
      shipping: {
        countries: ['FR', 'DE'],
        rates: [
          { name: 'Letter', amount: 350, days: [3, 6] },
          { name: 'Parcel', amount: 690, days: [2, 4] },
        ],
      },
    })
  })
  test('needs a country', () => {
    expect(problemsOf({ lines: [line('sticker')] })).toEqual([{ line: null, detail: 'Say which country it goes to.' }])
  })
  test('goes where the shop ships, and nowhere else', () => {
    const detail = 'This shop does not ship to that country.'
    expect(problemsOf({ lines: [line('bundle')], shipTo: 'US' })).toEqual([{ line: null, detail }])
  })
  test('is left out, country and all, where nothing is shipped', () => {
    expect(quote(catalog, { lines: [line('guide/pdf')], shipTo: 'US' })).toMatchObject({ shipTo: null, shipping: null })
  })
})

describe('the stock', () => {
  const short = (taken: Record<string, number>, ...lines: CartRequest['lines']) =>
    shortages(priced(...lines).stock, new Map(Object.entries(taken)))

  test('counts all lines that take the same thing together, bundles with their parts', () => {
    expect(priced(line('sticker', 2), line('guide/pdf'), line('bundle', 3), line('sticker')).stock).toEqual([
      { price: 'sticker', name: 'Sticker', quantity: 2 + 3 * 2 + 1, stock: 5, lines: [0, 2, 3] },
    ])
  })
  test("a bundle takes its part's stock, under the part's name", () => {
    const { lines, stock } = priced(line('bundle', 2))
    expect(lines[0]?.takes).toEqual([{ price: 'sticker', quantity: 4 }])
    expect(stock).toEqual([{ price: 'sticker', name: 'Sticker', quantity: 4, stock: 5, lines: [0] }])
  })
  test('a line that takes the same thing twice is named once', () => {
    const bundle = catalog.products.get('bundle') ?? expect.unreachable()
    const twice = { ...bundle, bundle: [...(bundle.bundle ?? []), { product: 'sticker', quantity: 1 }] }
    const products = new Map([...catalog.products, ['bundle', twice]])
    const result = quote({ ...catalog, products }, { lines: [line('bundle')], shipTo: 'DE' }) as Quote
    expect(result.stock).toMatchObject([{ quantity: 3, lines: [0] }])
  })
  test('what is enough, to the last one, is no shortage', () => {
    expect(short({}, line('sticker', 5))).toEqual([])
    expect(short({ sticker: 2, pin: 9 }, line('sticker', 3))).toEqual([])
    expect(short({ 'guide/pdf': 1000 }, line('guide/pdf', 99))).toEqual([])
  })
  test.each([
    [{ sticker: 5 }, 1, 'Sticker is sold out.'],
    [{ sticker: 7 }, 1, 'Sticker is sold out.'],
    [{ sticker: 4 }, 2, 'Only 1 of Sticker is left.'],
    [{ sticker: 2 }, 4, 'Only 3 of Sticker are left.'],
    [{}, 99, 'Only 5 of Sticker are left.'],
  ])('with %o taken, %i more is a shortage', (taken, quantity, detail) => {
    expect(short(taken as Record<string, number>, line('sticker', quantity))).toEqual([{ line: 0, detail }])
  })
  test.each([
    ['more than half of what is there is not for one', { held: {}, lost: 0, least: 1 }, [3, 4]],
    ['but for so many pieces', { held: {}, lost: 0, least: 4 }, [4, 5]],
    ['what is held already counts', { held: { sticker: 2 }, lost: 0, least: 1 }, [1, 2]],
    ['and a hold that came to nothing makes it less', { held: {}, lost: 1, least: 4 }, [2, 3]],
    ['down to one', { held: {}, lost: 9, least: 4 }, [1, 2]],
  ])('%s', (_, { held, ...hold }, [may = 0, not = 0]) => {
    const own = { ...hold, held: new Map(Object.entries(held as Record<string, number>)) }
    const reserved = own.held
    const problems = (quantity: number) => shortages(priced(line('sticker', quantity)).stock, reserved, own)
    expect(problems(may)).toEqual([])
    expect(problems(not)).toHaveLength(1)
  })
  test('a shortage is said at each line that it comes from', () => {
    const detail = 'Only 5 of Sticker are left.'
    expect(short({}, line('sticker', 3), line('guide/pdf'), line('sticker', 3))).toEqual([
      { line: 0, detail },
      { line: 2, detail },
    ])
  })
})

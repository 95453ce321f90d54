import { type Catalog, type Offer, offersOf } from '../../catalog/offer.ts'
import { availableOf, canBeFree, isFree, isSoldOut, moneyTexts, priceTexts, type Texts } from '../../catalog/price.ts'
import type { AssetKind } from '../../catalog/schema/asset.ts'
import type { Image } from '../../catalog/schema/image.ts'
import { type Amounts, toDecimalText } from '../../catalog/schema/money.ts'
import type { Product } from '../../catalog/schema/product.ts'
import { categoryHref } from './card.ts'
import { LINE_QUANTITY_MAX } from './offer.ts'
import { factsOf, type PartPreview, previewOf } from './preview.ts'
import { countriesOf } from './shipping.ts'
import { optionNames, variantRows } from './variants.ts'

const KINDS: Record<AssetKind, string> = {
  book: 'Book',
  video: 'Video',
  audio: 'Audio',
  archive: 'Archive',
  software: 'Software',
  image: 'Picture',
  document: 'Document',
}

/** One way to have it, as the form offers it. */
export type Choice = { id: string; price: string; label: string; texts: Texts; soldOut: boolean }
/** Something the buyer gets, and with which variants (null: with all). */
export type Part = {
  title: string
  kind: string
  /** What is known of it at a glance: `128 pages`, `1 h 32 min`, its tags. */
  facts: string[]
  detail: string
  preview: PartPreview | null
  with: string | null
}

/** Everything a product's page prints. */
export type ProductPage = {
  product: Product
  category: { name: string; href: string } | null
  images: readonly Image[]
  price: Texts
  soldOut: boolean
  forSale: boolean
  parts: Part[]
  form: BuyForm
}

/** The fields of the form that buys it. */
export type BuyForm = {
  currency: string
  choices: { heading: string; pricesDiffer: boolean; rows: { label: string | null; choices: Choice[] }[] } | null
  price: string
  /** What the buyer may name; `least` is the minimum in minor units, for the script. */
  amount: { minimum: Texts; suggested: Texts; least: Amounts } | null
  quantityMax: number | null
  shipTo: { required: boolean; countries: { code: string; name: string }[] } | null
  email: 'required' | 'when-free' | null
}

/** Works out what a product's page shows; drafts have no page. */
export function productPage(catalog: Catalog, product: Product): ProductPage {
  const offers = offersOf(catalog, product)
  const category = catalog.shop.categories.find(({ id }) => id === product.category)
  const soldOut = offers.every(isSoldOut)
  return {
    product,
    category: category ? { name: category.name, href: categoryHref(category.id) } : null,
    images: product.images,
    price: priceTexts(offers, catalog.shop.currencies),
    soldOut,
    forSale: product.status === 'live' && !soldOut,
    parts: partsOf(catalog, offers),
    form: formOf(catalog, offers),
  }
}

function formOf(catalog: Catalog, offers: readonly Offer[]): BuyForm {
  const { currencies } = catalog.shop
  const first = offers.find((offer) => !isSoldOut(offer)) ?? offers[0]
  const ships = offers.some((offer) => offer.parcel)
  return {
    currency: currencies[0] ?? '',
    choices: choicesOf(offers, currencies),
    price: first?.id ?? '',
    amount: amountOf(offers, currencies),
    quantityMax: ships ? quantityMax(offers) : null,
    shipTo: ships ? { required: offers.every((offer) => offer.parcel), countries: countriesOf(catalog.shop) } : null,
    email: offers.every(isFree) ? 'required' : offers.some(canBeFree) ? 'when-free' : null,
  }
}

function choicesOf(offers: readonly Offer[], currencies: readonly string[]): BuyForm['choices'] {
  if (offers.length < 2) return null
  const rows = variantRows(offers).map(({ label, choices }) => ({
    label,
    choices: choices.map(({ offer, label }) => ({
      id: `choice-${offer.variant?.id}`,
      price: offer.id,
      label,
      texts: priceTexts([offer], currencies),
      soldOut: isSoldOut(offer),
    })),
  }))
  const prices = new Set(rows.flatMap(({ choices }) => choices.map(({ texts }) => JSON.stringify(texts))))
  return { heading: optionNames(offers), pricesDiffer: prices.size > 1, rows }
}

function amountOf(offers: readonly Offer[], currencies: readonly string[]): BuyForm['amount'] {
  const price = offers[0]?.price
  if (price?.kind !== 'pay-what-you-want') return null
  const suggested = Object.entries(price.suggested).map(
    ([currency, amount]) => [currency, toDecimalText({ amount, currency })] as const,
  )
  const minimum = moneyTexts(price.minimum, currencies)
  return { minimum, suggested: Object.fromEntries(suggested), least: price.minimum }
}

function quantityMax(offers: readonly Offer[]): number {
  return Math.min(LINE_QUANTITY_MAX, Math.max(...offers.map((offer) => availableOf(offer) ?? LINE_QUANTITY_MAX)))
}

function partsOf(catalog: Catalog, offers: readonly Offer[]): Part[] {
  const parts = new Map<string, { part: Omit<Part, 'with'>; offers: Offer[] }>()
  for (const offer of offers) {
    for (const part of [...filesOf(catalog, offer), ...parcelOf(offer)]) {
      const key = JSON.stringify(part)
      const found = parts.get(key)
      if (found) found.offers.push(offer)
      else parts.set(key, { part, offers: [offer] })
    }
  }
  return [...parts.values()].map(({ part, offers: having }) => ({
    ...part,
    with: having.length === offers.length ? null : having.map(variantName).join(', '),
  }))
}

function filesOf(catalog: Catalog, offer: Offer): Omit<Part, 'with'>[] {
  return offer.downloads.flatMap((id) => {
    const asset = catalog.assets.get(id)
    if (!asset) return []
    const detail = `${asset.release.file}, yours to download. Licence: ${asset.license}`
    return [{ title: asset.title, kind: KINDS[asset.kind], facts: factsOf(asset), detail, preview: previewOf(asset) }]
  })
}

function parcelOf(offer: Offer): Omit<Part, 'with'>[] {
  if (!offer.parcel) return []
  const made = offer.parcel.origin
    ? ` Made in ${new Intl.DisplayNames('en', { type: 'region' }).of(offer.parcel.origin)}.`
    : ''
  const detail = `${offer.parcel.weight} g packed, sent to your door.${made}`
  return [{ title: 'A parcel', kind: 'Post', facts: [], detail, preview: null }]
}

const variantName = (offer: Offer): string => Object.values(offer.variant?.options ?? {}).join(', ')

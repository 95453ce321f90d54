import { type Catalog, offersOf } from '../../catalog/offer.ts'
import type { Asset } from '../../catalog/schema/asset.ts'
import type { Image } from '../../catalog/schema/image.ts'
import { shownProducts } from './card.ts'

/** Pictures of a file before it is bought: first pages side by side, or one that shows what is in it. */
export type PartPreview = { heading: string; images: readonly Image[] }

/** What is known of a file at a glance: how much it is, and its tags in words. */
export function factsOf({ preview, tags }: Pick<Asset, 'preview' | 'tags'>): string[] {
  const { pageCount, duration } = preview ?? {}
  return [
    ...(pageCount === undefined ? [] : [pageCount === 1 ? '1 page' : `${pageCount.toLocaleString('en')} pages`]),
    ...(duration === undefined ? [] : [durationText(duration)]),
    ...tags.map((tag) => tag.replaceAll('-', ' ')),
  ]
}

/** `1:32:10` as people say it: `1 h 32 min`; seconds only of what is shorter than ten minutes. */
export function durationText(duration: string): string {
  const [seconds = 0, minutes = 0, hours = 0] = duration.split(':').map(Number).toReversed()
  const isShort = hours === 0 && minutes < 10
  const parts = [hours && `${hours} h`, minutes && `${minutes} min`, isShort && seconds && `${seconds} s`]
  return parts.filter(Boolean).join(' ') || '0 s'
}

/** The pictures of a file's preview, or nothing when it has none. */
export function previewOf({ preview }: Pick<Asset, 'preview'>): PartPreview | null {
  const { pages = [], picture } = preview ?? {}
  const images = [...(picture ? [picture] : []), ...pages]
  if (images.length === 0) return null
  return { heading: pages.length > 0 ? 'A look inside' : 'A first look', images }
}

/** Every picture that the shop shows: those of products that have a page, and of the files that they give. */
export function shownPictures(catalog: Catalog): Set<string> {
  const products = shownProducts(catalog)
  const assets = new Set(
    products.flatMap((product) => offersOf(catalog, product).flatMap(({ downloads }) => downloads)),
  )
  const previews = [...assets].flatMap((id) => {
    const asset = catalog.assets.get(id)
    return (asset && previewOf(asset)?.images) ?? []
  })
  return new Set([...products.flatMap(({ images }) => images), ...previews].map(({ file }) => file))
}

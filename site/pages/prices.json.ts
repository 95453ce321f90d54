import type { APIRoute } from 'astro'
import { pictureOf } from '../pictures.ts'
import { liveProducts } from '../view/card.ts'
import { readCatalog } from '../view/catalog.ts'
import { priceListOf } from '../view/price-list.ts'

export const GET: APIRoute = async () => {
  const catalog = await readCatalog()
  const pictures = new Map<string, string>()
  for (const { id, images } of liveProducts(catalog)) {
    const picture = images[0] ? await pictureOf(catalog.folder, images[0].file) : undefined
    if (picture?.names[0]) pictures.set(id, `/pictures/${picture.names[0]}`)
  }
  return Response.json(priceListOf(catalog, (product) => pictures.get(product) ?? null))
}

import type { APIRoute, GetStaticPaths } from 'astro'
import { categoryHref, liveProducts, openCategories, productHref } from '../view/card.ts'
import { readCatalog } from '../view/catalog.ts'

/** A sitemap holds whole addresses, so there is one only where TAGSALE_SITE_URL says where the shop is. */
export const getStaticPaths = (() =>
  import.meta.env.SITE ? [{ params: { sitemap: 'sitemap' } }] : []) satisfies GetStaticPaths

export const GET: APIRoute = async ({ site }) => {
  const catalog = await readCatalog()
  const categories = openCategories(catalog).map(({ id }) => categoryHref(id))
  const products = liveProducts(catalog).map(({ id }) => productHref(id))
  const urls = ['/', ...categories, ...products].map((path) => `<url><loc>${new URL(path, site).href}</loc></url>`)
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls.join('')}</urlset>
`
  return new Response(xml, { headers: { 'content-type': 'application/xml' } })
}

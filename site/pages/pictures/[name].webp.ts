import type { APIRoute, GetStaticPaths } from 'astro'
import { pictureBytes, pictureOf } from '../../pictures.ts'
import { readCatalog } from '../../view/catalog.ts'
import { shownPictures } from '../../view/preview.ts'

export const getStaticPaths = (async () => {
  const catalog = await readCatalog()
  const pictures = await Promise.all([...shownPictures(catalog)].map((file) => pictureOf(catalog.folder, file)))
  const names = new Set(pictures.flatMap((picture) => picture.names))
  return [...names].map((name) => ({ params: { name: name.replace(/\.webp$/, '') } }))
}) satisfies GetStaticPaths

export const GET: APIRoute = async ({ params }) =>
  new Response(new Uint8Array(await pictureBytes(`${params.name}.webp`)), { headers: { 'content-type': 'image/webp' } })

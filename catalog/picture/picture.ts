import type { Sharp } from 'sharp'

// What a picture of a catalog must be, and how the shop draws it. The check draws it in the same way (painted.ts): what it
// calls well can be built.

/** Largest picture. */
export const IMAGE_BYTES_MAX = 4 * 1024 * 1024
/** Largest drawing. */
export const SVG_BYTES_MAX = 256 * 1024
/** Longest side of a picture in pixels. */
export const IMAGE_PIXELS_MAX = 8000
/** Most pixels of a picture as it comes: each layer of a drawing may take four bytes for each of them. */
export const PIXELS_MAX = 50_000_000

const WIDTHS = [480, 960]
const QUALITY = 80
const SVG_DENSITY_MAX = 2400

/** Part of the name of what was drawn; another one when the same file is drawn differently. */
export const RECIPE = `1 webp ${WIDTHS} ${QUALITY}`

/** A picture in one of its sizes, as WebP. */
export type DrawnPicture = { width: number; height: number; data: Buffer }

/** Draws a picture in every size that pages show, the smallest first. Throws when it is none, or has too many pixels. */
export async function* drawPicture(bytes: Buffer): AsyncGenerator<DrawnPicture> {
  const { default: sharp } = await import('sharp')
  const source = await sharp(bytes, { limitInputPixels: PIXELS_MAX }).metadata()
  const isVector = source.format === 'svg'
  const widths = isVector ? WIDTHS : WIDTHS.filter((width) => width < source.width)
  if (!isVector && widths.length < WIDTHS.length) widths.push(source.width)
  for (const width of widths) {
    const density = isVector ? Math.min(SVG_DENSITY_MAX, Math.max(1, (72 * width) / source.width)) : 72
    const image: Sharp = sharp(bytes, { density, limitInputPixels: PIXELS_MAX }).autoOrient().resize({ width })
    const drawn = image.webp({ quality: QUALITY, smartSubsample: true })
    const { data, info } = await drawn.toBuffer({ resolveWithObject: true })
    yield { width: info.width, height: info.height, data }
  }
}

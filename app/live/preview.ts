import { spawn } from 'node:child_process'
import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { nothingThere, readText } from '../../catalog/check/files.ts'
import { svgFault } from '../../catalog/check/svg.ts'
import { type Offer, offersOf } from '../../catalog/offer.ts'
import { PAINT_SECONDS_MAX } from '../../catalog/picture/painted.ts'
import { IMAGE_BYTES_MAX } from '../../catalog/picture/picture.ts'
import { isSoldOut, leastAmounts, priceTexts } from '../../catalog/price.ts'
import { Product } from '../../catalog/schema/product.ts'
import { ShopSettings } from '../../catalog/schema/shop.ts'
import { parseYaml } from '../../catalog/yaml.ts'
import type { Config } from '../config.ts'

const PAINTER = fileURLToPath(new URL('./paint.ts', import.meta.url))
const CARD = { width: 360, height: 400 }
const LINE_CHARACTERS = 34
const NAME_LINES_MAX = 2

/**
 * Draws a product's card as an SVG, from a catalog that was fetched for a check: name, price and first picture, light or dark as
 * the reader has it. Nothing when there is no such catalog or product, or when it can't be read. What stands in the catalog is
 * a stranger's: text is escaped, and the picture is painted anew, so that nothing of its file is passed on.
 */
export async function drawPreview(
  { DATA_FOLDER }: Pick<Config, 'DATA_FOLDER'>,
  tree: string,
  id: string,
): Promise<string | undefined> {
  const folder = join(DATA_FOLDER, 'catalogs', tree)
  const read = await readFileOf(folder, `products/${id}.yaml`, Product)
  if (!read) return undefined
  const product = { ...read, id }
  const shop = await readFileOf(folder, 'shop.yaml', ShopSettings)
  const image = product.images[0]
  return card(product.name, priceWords(product, shop), image && (await paint(folder, image.file)))
}

/** One file of a catalog by itself: nothing else in it is read for a card. */
async function readFileOf<Schema extends z.ZodType>(folder: string, file: string, schema: Schema) {
  const source = await readText(folder, file)
  const parsed = 'text' in source ? parseYaml(file, source.text) : undefined
  return parsed && 'yaml' in parsed ? schema.safeParse(parsed.yaml.value).data : undefined
}

/** The price as the shop's own cards have it, in the shop's first currency. */
function priceWords(product: Product, shop: ShopSettings | undefined): string {
  const alone = { products: new Map([[product.id, product]]) }
  const offers = offersOf(alone, product)
  if (offers.every(isSoldOut)) return 'Sold out'
  const currencies = shop?.currencies ?? Object.keys(leastAmounts(offers[0] as Offer))
  return Object.values(priceTexts(offers, currencies))[0] ?? ''
}

/** A picture as PNG in base64; nothing when it is no picture that the shop takes. */
async function paint(folder: string, file: string): Promise<string | undefined> {
  const status = await lstat(join(folder, file)).catch(nothingThere)
  if (!status?.isFile() || status.size > IMAGE_BYTES_MAX) return undefined
  const bytes = await readFile(join(folder, file))
  if (file.endsWith('.svg') && svgFault(bytes.toString('utf8'))) return undefined
  const painted = await runPainter(bytes)
  return painted?.toString('base64')
}

/** Paints a picture in a process that ends after PAINT_SECONDS_MAX at the latest, and that knows none of our settings. */
async function runPainter(bytes: Buffer): Promise<Buffer | undefined> {
  const signal = AbortSignal.timeout(PAINT_SECONDS_MAX * 1000)
  const painter = spawn(process.execPath, [PAINTER], {
    env: {},
    signal,
    killSignal: 'SIGKILL',
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = new Promise<boolean>((resolve) => {
    painter.once('close', (code) => resolve(code === 0))
    painter.once('error', () => resolve(false)) // a picture that is none, or takes too long, leaves the card blank
  })
  painter.stdin.on('error', () => painter.kill('SIGKILL')) // it ended before it had read all
  painter.stdin.end(bytes)
  const [isWell, painted] = await Promise.all([ended, buffer(painter.stdout)])
  return isWell ? painted : undefined
}

function card(title: string, price: string, picture: string | undefined): string {
  const { width, height } = CARD
  const name = lines(title)
  const texts = name.map((line, index) => `<text class="name" x="20" y="${306 + index * 24}">${escaped(line)}</text>`)
  const priceLine = `<text class="price" x="20" y="${312 + name.length * 24}">${escaped(price)}</text>`
  const image = picture
    ? `<image x="0" y="0" width="${width}" height="270" preserveAspectRatio="xMidYMid slice" href="data:image/png;base64,${picture}"/>`
    : `<rect class="blank" width="${width}" height="270"/>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}, ${escaped(price)}</title>`,
    `<style>${STYLE}</style>`,
    `<clipPath id="card"><rect width="${width}" height="${height}" rx="12"/></clipPath>`,
    `<g clip-path="url(#card)"><rect class="paper" width="${width}" height="${height}"/>${image}</g>`,
    ...texts,
    priceLine,
    '</svg>',
  ].join('\n')
}

const STYLE = `text{font-family:system-ui,sans-serif;fill:#16222d}.name{font-size:18px;font-weight:600}.price{font-size:16px}
.paper{fill:#fff;stroke:#d5dbe1;stroke-width:2px}.blank{fill:#e6eaee}
@media(prefers-color-scheme:dark){text{fill:#e8eef3}.paper{fill:#16222d;stroke:#3a4853}.blank{fill:#26333e}}`

/** Breaks a name into at most two lines, at blanks where it has some. */
function lines(text: string): string[] {
  const all: string[] = []
  for (const word of text.split(' ').flatMap((one) => one.match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'gu')) ?? [])) {
    const last = all.at(-1)
    if (last !== undefined && last.length + word.length < LINE_CHARACTERS) all[all.length - 1] = `${last} ${word}`
    else all.push(word)
  }
  if (all.length <= NAME_LINES_MAX) return all
  return [...all.slice(0, NAME_LINES_MAX - 1), `${all[NAME_LINES_MAX - 1]}…`]
}

function escaped(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  // XML has no control characters, not even escaped ones.
  return text.replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, ' ').replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign)
}

import { lstat } from 'node:fs/promises'
import { descriptionProblems } from './check/description.ts'
import { type Entry, readEntry } from './check/entry.ts'
import { listYamlFiles, nothingThere, readText } from './check/files.ts'
import { checkImages } from './check/images.ts'
import { liveProblems } from './check/live.ts'
import { productProblems } from './check/product.ts'
import { type Entries, type ProductEntry, referenceProblems } from './check/references.ts'
import { shopProblems } from './check/shop.ts'
import type { Catalog } from './offer.ts'
import { type CatalogProblem, fileProblem, inReadingOrder } from './problem.ts'
import { Asset } from './schema/asset.ts'
import { EDITOR_SCHEMAS } from './schema/json-schema.ts'
import { Product } from './schema/product.ts'
import { Shop } from './schema/shop.ts'
import { parseYaml, type YamlFile } from './yaml.ts'

/** Files read at the same time. */
const FILES_AT_ONCE = 64

/**
 * Reads a catalog's folder: `shop.yaml`, `products/*.yaml`, `assets/*.yaml` and the pictures in `images/`. Gives the
 * catalog, or every problem of all files at once in reading order. Throws only when the disk fails.
 */
export async function loadCatalog(folder: string): Promise<{ catalog: Catalog } | { problems: CatalogProblem[] }> {
  const status = await lstat(folder).catch(nothingThere)
  if (!status?.isDirectory()) {
    return {
      problems: [fileProblem('.', 'There is no catalog in this folder.', 'Name the folder that has shop.yaml in it.')],
    }
  }
  const { entries, problems } = await readEntries(folder)
  problems.push(...crossProblems(entries))
  if (problems.length > 0) return { problems: inReadingOrder(problems) }
  return { catalog: catalogOf(folder, entries) }
}

/** Everything that is right or wrong in each file by itself. */
async function readEntries(folder: string): Promise<{ entries: Entries; problems: CatalogProblem[] }> {
  const [products, assets, images] = await Promise.all([
    listYamlFiles(folder, 'products'),
    listYamlFiles(folder, 'assets'),
    checkImages(folder),
  ])
  const problems = [...products.problems, ...assets.problems, ...images.problems]
  const keep = <Value>(read: Read<Value>): Entry<Value>[] => {
    problems.push(...read.problems)
    return read.entry ? [read.entry] : []
  }
  const byId = <Value>(reads: Read<Value>[]) => new Map(reads.flatMap(keep).map((entry) => [entry.id, entry]))
  const readProduct = (id: string) =>
    readFileEntry(folder, `products/${id}.yaml`, (yaml) => readEntry(yaml, id, Product, EDITOR_SCHEMAS.product))
  const readAsset = (id: string) =>
    readFileEntry(folder, `assets/${id}.yaml`, (yaml) => readEntry(yaml, id, Asset, EDITOR_SCHEMAS.asset))
  const shop = await readFileEntry(folder, 'shop.yaml', (yaml) => readEntry(yaml, 'shop', Shop, EDITOR_SCHEMAS.shop))
  const entries: Entries = {
    shop: keep(shop)[0] ?? null,
    products: byId(await inBatches(products.ids, readProduct)),
    assets: byId(await inBatches(assets.ids, readAsset)),
    productIds: products.ids,
    assetIds: assets.ids,
    images: images.images,
  }
  return { entries, problems }
}

type Read<Value> = { entry: Entry<Value> | null; problems: CatalogProblem[] }

async function readFileEntry<Value>(
  folder: string,
  file: string,
  read: (yaml: YamlFile) => { entry: Entry<Value>; problems: CatalogProblem[] },
): Promise<Read<Value>> {
  const source = await readText(folder, file)
  if ('problems' in source) return { entry: null, ...source }
  const parsed = parseYaml(file, source.text)
  return 'problems' in parsed ? { entry: null, ...parsed } : read(parsed.yaml)
}

async function inBatches<Item, Result>(
  items: readonly Item[],
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let from = 0; from < items.length; from += FILES_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + FILES_AT_ONCE).map(run))))
  }
  return results
}

/** What only shows when the files are seen together, and what a schema can't say. */
function crossProblems(entries: Entries): CatalogProblem[] {
  const currencies = entries.shop?.broken.has('currencies') ? undefined : entries.shop?.sound.currencies
  const ofProduct = (product: ProductEntry): CatalogProblem[] => [
    ...referenceProblems(entries, product),
    ...productProblems(product, currencies),
    ...liveProblems(entries, product),
    ...(product.sound.description ? descriptionProblems(product.yaml, product.sound.description) : []),
  ]
  return [...shopProblems(entries), ...[...entries.products.values()].flatMap(ofProduct)]
}

function catalogOf(folder: string, { shop, products, assets }: Entries): Catalog {
  if (!shop?.whole) throw new Error('a catalog without problems has a shop')
  return { folder, shop: shop.whole, products: wholes(products), assets: wholes(assets) }
}

function wholes<Value>(entries: ReadonlyMap<string, Entry<Value>>): Map<string, Value & { id: string }> {
  const pairs = [...entries.values()].flatMap(({ id, whole }) => (whole ? [[id, { ...whole, id }] as const] : []))
  return new Map(pairs)
}

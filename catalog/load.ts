import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { assetProblems } from './check/asset.ts'
import { descriptionProblems } from './check/description.ts'
import { type Entry, readEntry } from './check/entry.ts'
import { listYamlFiles, nothingThere, readText } from './check/files.ts'
import { checkImages } from './check/images.ts'
import { liveProblems } from './check/live.ts'
import { productProblems } from './check/product.ts'
import { type Entries, type ProductEntry, referenceProblems } from './check/references.ts'
import { shopProblems } from './check/shop.ts'
import type { Catalog } from './offer.ts'
import { type CatalogProblem, fileProblem, inReadingOrder } from './problem/problem.ts'
import { createNearestWord } from './problem/spelling.ts'
import { AssetText, assetFrom } from './schema/asset.ts'
import { EDITOR_SCHEMAS } from './schema/json-schema.ts'
import { Product } from './schema/product.ts'
import { ShopSettings } from './schema/shop.ts'
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
  if (await isInside(folder)) return { problems: [fileProblem('.', INSIDE, 'Name that folder.')] }
  const { entries, problems } = await readEntries(folder)
  problems.push(...crossProblems(entries))
  if (problems.length > 0) return { problems: inReadingOrder(problems) }
  return { catalog: catalogOf(folder, entries) }
}

const INSIDE = 'There is no shop.yaml in this folder, but there is one in its folder "catalog".'

/** Whether the folder of the whole repository was named, and not the catalog in it. */
async function isInside(folder: string): Promise<boolean> {
  const [here, below] = await Promise.all(
    ['shop.yaml', 'catalog/shop.yaml'].map((file) => lstat(join(folder, file)).catch(nothingThere)),
  )
  return !here && below !== undefined
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
    readFileEntry(folder, `assets/${id}.yaml`, (yaml) => readEntry(yaml, id, AssetText, EDITOR_SCHEMAS.asset))
  const shop = await readFileEntry(folder, 'shop.yaml', (yaml) =>
    readEntry(yaml, 'shop', ShopSettings, EDITOR_SCHEMAS.shop),
  )
  const entries: Entries = {
    shop: keep(shop)[0] ?? null,
    products: byId(await inBatches(products.ids, readProduct)),
    assets: byId(await inBatches(assets.ids, readAsset)),
    productIds: products.ids,
    assetIds: assets.ids,
    images: images.images,
    nearest: createNearestWord(),
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
  const text = 'text' in source ? source.text : source.spaced
  const tabs = 'problems' in source ? source.problems : []
  if (text === undefined) return { entry: null, problems: tabs }
  const parsed = parseYaml(file, text)
  const { entry, problems } = 'problems' in parsed ? { entry: null, ...parsed } : read(parsed.yaml)
  return { entry: tabs.length > 0 ? null : entry, problems: [...tabs, ...problems] }
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
  return [
    ...shopProblems(entries),
    ...[...entries.products.values()].flatMap(ofProduct),
    ...[...entries.assets.values()].flatMap((asset) => assetProblems(entries, asset)),
  ]
}

function catalogOf(folder: string, { shop, products, assets }: Entries): Catalog {
  if (!shop?.whole) throw new Error('a catalog without problems has a shop')
  return {
    folder,
    shop: shop.whole,
    products: wholes(products, (id, product) => ({ ...product, id })),
    assets: wholes(assets, assetFrom),
  }
}

function wholes<Value, Result>(
  entries: ReadonlyMap<string, Entry<Value>>,
  make: (id: string, whole: Value) => Result,
): Map<string, Result> {
  return new Map([...entries.values()].flatMap(({ id, whole }) => (whole ? [[id, make(id, whole)] as const] : [])))
}

import type { AssetChange, CatalogChanges } from '../../../catalog/changes.ts'
import { readText } from '../../../catalog/check/files.ts'
import { type Catalog, offersOf } from '../../../catalog/offer.ts'
import { type CatalogProblem, fileProblem, quoted } from '../../../catalog/problem/problem.ts'
import { problemAt } from '../../../catalog/problem/report.ts'
import type { Asset } from '../../../catalog/schema/asset.ts'
import type { Product } from '../../../catalog/schema/product.ts'
import { type Path, parseYaml } from '../../../catalog/yaml.ts'
import { inParallel } from '../../github/catalog/blobs.ts'
import { NoAccessError } from '../../github/client.ts'
import { describeReleaseFile, ReleaseFileError } from '../../github/release.ts'
import type { Parts } from '../../parts.ts'
import type { LookedUpAsset } from './findings.ts'

/** Most assets that are looked up for one change; each costs GitHub a request or two. */
export const ASSETS_LOOKED_UP_MAX = 60
const LOOKS_AT_ONCE = 4
/** Most repositories whose files are told of in one check. */
const REPOSITORIES_MAX = 10
/** Fields that decide which files a buyer gets. */
const GIVING = new Set(['gives', 'variants', 'bundle'])
/** Most notes about one change. */
const WARNINGS_MAX = 100

/** Whose pull request it is: what our App sees in a private repository is told to nobody who may not look into it. */
export type Author = { login: string; isFork: boolean }
type LookParts = Pick<Parts, 'github' | 'githubApp' | 'now'>

/**
 * What GitHub has of each asset that is new or changed, or that a product newly gives. Throws a ReleaseFileError when GitHub
 * gives no answer: then it is not known, and the check must be tried again. Where the author may not read a repository, only
 * approved assets are compared, and what was found there is told to nobody.
 */
export async function lookAtAssets(
  parts: LookParts,
  { before, after, changes }: { before: Catalog | 'none'; after: Catalog; changes: CatalogChanges },
  author: Author,
): Promise<{ facts: LookedUpAsset[]; unseen: number }> {
  const assets = assetsOf(after, changes)
  const repositories = new Set(assets.map(({ release }) => release.repository.toLowerCase()))
  const known = await repositoriesKnownTo(parts, repositories, before, author)
  const told = assets.map((asset) => ({ asset, isTold: known.has(asset.release.repository.toLowerCase()) }))
  const worth = told.filter(({ asset, isTold }) => isTold || asset.review === 'approved')
  const looked = worth.slice(0, ASSETS_LOOKED_UP_MAX)
  const facts = await inParallel(looked, LOOKS_AT_ONCE, async ({ asset, isTold }): Promise<LookedUpAsset> => {
    return { asset, isTold, file: await fileOf(parts, asset) }
  })
  return { facts, unseen: told.filter(({ isTold }) => isTold).length - looked.filter(({ isTold }) => isTold).length }
}

function assetsOf(after: Catalog, changes: CatalogChanges): Asset[] {
  const ids = new Set(changes.assets.flatMap(({ id, after }) => (after ? [id] : [])))
  for (const { kind, after: product, fields } of changes.products) {
    const givesMore = kind === 'new' || fields.some((field) => GIVING.has(field))
    if (product?.status !== 'live' || !givesMore) continue
    for (const { downloads } of offersOf(after, product)) for (const id of downloads) ids.add(id)
  }
  return [...ids].toSorted().flatMap((id) => after.assets.get(id) ?? [])
}

/** In lower case. Apps that were let into the shop's repository know those that it has files from. */
async function repositoriesKnownTo(
  parts: LookParts,
  asked: ReadonlySet<string>,
  before: Catalog | 'none',
  { login, isFork }: Author,
): Promise<ReadonlySet<string>> {
  if (login.endsWith('[bot]')) {
    const assets = before === 'none' || isFork ? [] : [...before.assets.values()]
    return new Set(assets.map(({ release }) => release.repository.toLowerCase()))
  }
  const known = new Set<string>()
  for (const repository of [...asked].slice(0, REPOSITORIES_MAX)) {
    if (await mayRead(parts, repository, login)) known.add(repository)
  }
  return known
}

/** https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user */
async function mayRead({ githubApp }: LookParts, repository: string, username: string): Promise<boolean> {
  const { octokit, names } = await githubApp.forRepository(repository, { metadata: 'read' })
  try {
    const { data } = await octokit.rest.repos.getCollaboratorPermissionLevel({ ...names, username })
    return data.permission !== 'none'
  } catch (error) {
    if (error instanceof NoAccessError || (error as { status?: number }).status === 404) return false
    throw error
  }
}

async function fileOf(
  parts: Pick<Parts, 'github' | 'githubApp' | 'now'>,
  { release }: Asset,
): Promise<LookedUpAsset['file']> {
  try {
    const mayAsk = () => parts.githubApp.mayCheck(release.repository)
    return await describeReleaseFile({ ...parts, mayAsk }, release)
  } catch (error) {
    if (!(error instanceof ReleaseFileError) || error.reason !== 'missing') throw error
    return { missing: error.message }
  }
}

/**
 * Assets whose file is not there, or has other bytes: a mistake when this change brings an approved one, else worth a note. Each on its own line.
 */
export async function wrongFiles(
  after: Catalog,
  facts: readonly LookedUpAsset[],
  changed: readonly AssetChange[],
): Promise<{ problems: CatalogProblem[]; warnings: CatalogProblem[] }> {
  const isChanged = new Set(changed.map(({ id }) => id))
  const problems: CatalogProblem[] = []
  const warnings: CatalogProblem[] = []
  for (const look of facts) {
    const { asset } = look
    const told = faultOf(look)
    if (!told) continue
    const path = told.on ? ['release'] : ['release', 'sha256']
    const problem = await problemIn(after.folder, `assets/${asset.id}.yaml`, path, told)
    const isMistake = isChanged.has(asset.id) && asset.review === 'approved'
    ;(isMistake ? problems : warnings).push(problem)
  }
  return { problems, warnings }
}

/** What is wrong with an asset's file at GitHub: it is not there, or has other bytes than the asset says. */
function faultOf({ asset, file, isTold }: LookedUpAsset): { found: string; expected: string; on?: 'key' } | undefined {
  const { repository, tag, file: name } = asset.release
  const place = `${quoted(name)} in release ${quoted(tag)} of ${quoted(repository)}`
  if (!isTold) {
    if ('sha256' in file && file.sha256 === asset.sha256) return undefined
    const expected =
      'Publish the release with these bytes, mend what is named here, or install the App on that repository.'
    return { found: `Our App can't confirm ${place} with this SHA-256.`, expected, on: 'key' }
  }
  if ('missing' in file) {
    return {
      found: `There is no file ${place}, or our App may not see it.`,
      expected: 'Publish the release with this file first, mend the name here, or install the App on that repository.',
      on: 'key',
    }
  }
  if (asset.sha256 === null || asset.sha256 === file.sha256) return undefined
  if (file.sha256 === null) {
    const found = `GitHub knows no SHA-256 of ${place}, as of all that was uploaded before June 2025.`
    return { found, expected: 'Upload the file again, so that its bytes can be compared.' }
  }
  const expected = 'Look at the file, then write the SHA-256 of the bytes that buyers shall get.'
  return { found: `${place} has the SHA-256 ${file.sha256}, and not this one.`, expected }
}

/** Notes on what a catalog may hold and had better not: links to products that are not there, and alternative texts that say nothing. */
export async function warningsOf(after: Catalog, changes: CatalogChanges): Promise<CatalogProblem[]> {
  const touched = new Set(changes.products.flatMap(({ id, was }) => [id, ...(was ? [was] : [])]))
  const found: Promise<CatalogProblem>[] = []
  for (const product of after.products.values()) {
    if (product.status === 'draft') continue
    for (const target of linkedProducts(product.description)) {
      const isThere = (after.products.get(target)?.status ?? 'draft') !== 'draft'
      if (!isThere && (touched.has(product.id) || touched.has(target))) found.push(deadLink(after, product, target))
    }
    if (touched.has(product.id)) found.push(...emptyTexts(after, product))
    if (found.length >= WARNINGS_MAX) break
  }
  return (await Promise.all(found)).slice(0, WARNINGS_MAX)
}

/** Ids of the products that a description links to. */
export function linkedProducts(description: string): string[] {
  const links = description.matchAll(
    /(?:\]\(\s*<?|^\s{0,3}\[[^\]\n]{1,100}\]:\s*<?)\/products\/([a-z0-9-]{1,60})(?=[/)>\s#?]|$)/gm,
  )
  return [...new Set([...links].map((match) => match[1] ?? ''))]
}

async function deadLink(after: Catalog, product: Product, target: string): Promise<CatalogProblem> {
  const file = `products/${product.id}.yaml`
  const told = {
    found: `This text links to /products/${target}/, where buyers will find nothing.`,
    expected: 'Link to a product that is live or retired, or take the link out.',
  }
  const source = await readText(after.folder, file)
  const lines = 'text' in source ? source.text.split(/\r?\n/) : []
  const index = lines.findIndex((line) => line.includes(`/products/${target}`))
  if (index < 0) return problemIn(after.folder, file, ['description'], told)
  const excerpt = lines[index] ?? ''
  const column = excerpt.indexOf(`/products/${target}`) + 1
  const span = { line: index + 1, column, endColumn: column + `/products/${target}`.length }
  return { file, ...span, excerpt, ...told, mended: null }
}

/** A file's name, or the word "picture", tells nobody what a picture shows. */
function emptyTexts(after: Catalog, product: Product): Promise<CatalogProblem>[] {
  return product.images.flatMap(({ alt }, index) => {
    const saysNothing = /^[\W_]*$/u.test(alt.normalize('NFD').replaceAll(/\p{L}/gu, 'a')) || NO_TEXT.test(alt.trim())
    if (!saysNothing) return []
    const told = {
      found: `The alternative text ${quoted(alt)} does not say what the picture shows.`,
      expected: 'Say it in a few words, for people who do not see it.',
    }
    return [problemIn(after.folder, `products/${product.id}.yaml`, ['images', index, 'alt'], told)]
  })
}

const NO_TEXT = /^(?:an? |the )?(?:image|picture|photo|img|alt|text|untitled|todo|x+)\d*\.?$|\.(?:svg|png|jpe?g|webp)$/i

/** A problem at its place in a file; of the whole file when it can't be read any more. */
async function problemIn(
  folder: string,
  file: string,
  path: Path,
  told: { found: string; expected: string; on?: 'key' },
): Promise<CatalogProblem> {
  const source = await readText(folder, file)
  const parsed = 'text' in source ? parseYaml(file, source.text) : undefined
  if (parsed && 'yaml' in parsed) return problemAt(parsed.yaml, path, told)
  return fileProblem(file, told.found, told.expected)
}

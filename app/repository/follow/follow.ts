import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Catalog } from '../../../catalog/offer.ts'
import { moveBranch, writeCommit } from '../../github/branch.ts'
import { fetchCatalogAt } from '../../github/catalog/catalog-at.ts'
import { fetchHead } from '../../github/head.ts'
import { filesOf, SHOWN_WITH_RELEASE_MAX, wholeFiles } from '../../github/release.ts'
import type { Repository } from '../../github/repository-name.ts'
import type { Parts } from '../../parts.ts'
import { changedFiles, type FoundRelease, followersOf, planUpdates, type ReleaseUpdate } from './plan.ts'
import { proposeRelease, retireOlder, type ShopSide } from './pull.ts'
import { messageOf } from './words.ts'

/** Releases that are looked through, newest first. */
const RELEASES_MAX = 1000
/** Releases whose further pages of files are fetched. */
const LONG_RELEASES_MAX = 20
/** How often the default branch may move while we write to it, before the job is left for later. */
const READ_AGAIN_MAX = 5
const PAGE = 100

type FollowParts = Pick<Parts, 'config' | 'githubApp' | 'log' | 'readApart'>
type Repositories = { shop: string; repository: string }

const READS = { contents: 'read', metadata: 'read' } as const
const WRITES = { contents: 'write', metadata: 'read', pull_requests: 'write' } as const

/**
 * Brings a repository's releases to the assets that follow it, as shop.yaml says: by a pull request for each release, or
 * by a commit on the default branch. Asked twice, it does nothing the second time. Throws Octokit's errors, a
 * GitHubBusyError, or a NoAccessError: the job comes again.
 */
export async function followReleases(parts: FollowParts, { shop, repository }: Repositories): Promise<void> {
  const entered = await parts.githubApp.forRepository(shop, WRITES)
  for (let time = 0; time < READ_AGAIN_MAX; time++) {
    const seen = await readShop(parts, entered)
    if (!seen || followersOf(seen.catalog, repository).length === 0) return
    const releases = planUpdates(seen.catalog, repository, await releasesOf(parts, repository))
    if (releases.length === 0) return
    const side = await shopSide(parts, entered, seen, releases)
    if (seen.catalog.shop.releases === 'pull-request') return propose(side, releases, repository)
    if (await updateAtOnce(side, releases)) return
  }
  throw new Error(`the default branch of ${shop} moved ${READ_AGAIN_MAX} times while it was being updated`)
}

type SeenShop = { catalog: Catalog; folder: string; branch: string; commit: string }

/** The catalog on the default branch now. A broken one has an issue of its own, and nothing is built on it. */
async function readShop(parts: FollowParts, shop: Repository): Promise<SeenShop | undefined> {
  const head = await fetchHead(shop)
  if (!head) return undefined
  const fetched = await fetchCatalogAt(parts.config.DATA_FOLDER, shop, head.commit)
  if ('none' in fetched) return undefined
  const loaded = await parts.readApart(fetched.folder)
  if ('catalog' in loaded) return { ...head, catalog: loaded.catalog, folder: fetched.folder }
  parts.log.info({ shop: shop.name, commit: head.commit }, 'releases wait until the catalog is mended')
  return undefined
}

/** The side of the shop, with the text of every asset that follows: an older proposal may have more than these releases. */
async function shopSide(
  parts: FollowParts,
  shop: Repository,
  { catalog, folder, branch, commit }: SeenShop,
  [release]: readonly ReleaseUpdate[],
): Promise<ShopSide> {
  const texts = new Map<string, string>()
  for (const { id } of followersOf(catalog, release?.repository ?? '')) {
    texts.set(id, await readFile(join(folder, 'assets', `${id}.yaml`), 'utf8'))
  }
  return { ...shop, base: branch, commit, texts, githubUrl: parts.config.GITHUB_URL }
}

async function propose(shop: ShopSide, releases: readonly ReleaseUpdate[], repository: string): Promise<void> {
  const proposed = new Map<ReleaseUpdate, { number: number; isNew: boolean }>()
  for (const release of releases) {
    const pull = await proposeRelease(shop, release)
    if (pull) proposed.set(release, pull)
  }
  await retireOlder(shop, proposed, repository)
}

/** One commit for everything; false when the branch moved meanwhile. */
async function updateAtOnce(shop: ShopSide, releases: readonly ReleaseUpdate[]): Promise<boolean> {
  const { base, commit, texts } = shop
  const updates = releases.flatMap((release) => release.updates)
  const change = { parent: commit, message: messageOf(releases), files: changedFiles(updates, texts) }
  return moveBranch(shop, base, await writeCommit(shop, change))
}

/** What a repository has published, as far as RELEASES_MAX goes. */
async function releasesOf(parts: FollowParts, repository: string): Promise<FoundRelease[]> {
  const entered = await parts.githubApp.forRepository(repository, READS)
  const found: FoundRelease[] = []
  let long = 0
  const { octokit, names } = entered
  const query = { ...names, per_page: PAGE }
  for await (const { data } of octokit.paginate.iterator(octokit.rest.repos.listReleases, query)) {
    for (const release of data) {
      if (release.assets.length >= SHOWN_WITH_RELEASE_MAX) long += 1
      found.push({
        tag: release.tag_name,
        isDraft: release.draft,
        isPrerelease: release.prerelease,
        files: long > LONG_RELEASES_MAX ? wholeFiles(release.assets) : await filesOf(entered, release),
      })
    }
    if (found.length >= RELEASES_MAX) break
  }
  return found
}

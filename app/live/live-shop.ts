import pLimit from 'p-limit'
import type { Logger } from 'pino'
import type { Catalog } from '../../catalog/offer.ts'
import { type CatalogProblem, fileProblem } from '../../catalog/problem/problem.ts'
import { exists } from '../github/catalog/blobs.ts'
import { CatalogRefusedError } from '../github/catalog/catalog-tree.ts'
import { isOpen } from '../shop/shop.ts'
import type { Store } from '../store/store.ts'
import { BuildError } from './build-storefront.ts'
import type { CatalogReader } from './reader.ts'
import type { CatalogSource } from './source.ts'

/** What maintainers merged gets more time than what strangers propose: a busy machine is no mistake of theirs. */
const READ_SECONDS_MAX = 120
/** After a failure to show what is live, it is tried again; later each time. */
const TRY_AGAIN_SECONDS = 5
const TRY_AGAIN_SECONDS_MAX = 300
/** What was told may never have been heard, so a process looks by itself too. */
const LOOK_EVERY_SECONDS = 60

/** What this process shows. The store says what is live; what is here follows it, and can be lost without harm. */
export type LiveShop = {
  /** The catalog that is charged now; without products while nothing is sold. */
  catalog: () => Catalog
  /** The same, whether or not anything is sold; nothing before the first one is shown. */
  known: () => Catalog | undefined
  /** The name of the catalog's content; nothing before the first one is shown. */
  tree: () => string | undefined
  /** The folder of the pages that show it, made again where it was lost; nothing while there are none. */
  storefront: () => Promise<string | undefined>
  isOpen: () => boolean
  /** Reads a catalog and makes its pages, so that it can be shown at once. What stands in the way of its pages is a problem too. */
  prepare: (catalogFolder: string) => Promise<{ catalog: Catalog } | { problems: CatalogProblem[] }>
  /** Reads a catalog, as `prepare` does, and makes no pages. */
  read: (catalogFolder: string) => ReturnType<CatalogReader>
  /** Shows what the store says is live, fetched and built where this machine lacks it. Rejects when that fails: the last one stays. */
  follow: () => Promise<void>
}

type Parts = { store: Pick<Store, 'shop'>; source: Pick<CatalogSource, 'bring'>; log: Pick<Logger, 'error'> }
type Shown = { tree: string | undefined; isOpen: boolean; catalog: Catalog; storefront: string; selling: Catalog }

/** How a catalog is read, and what gives the folder of its storefront. */
type Making = { read: CatalogReader; build: (catalogFolder: string) => Promise<string> }

/** A shop that shows nothing, until it follows the store. */
export function createLiveShop({ store, source, log }: Parts, { read: readFolder, build }: Making): LiveShop {
  let shown = NOTHING_SHOWN
  let last: { catalog: Catalog } | undefined
  const inTurn = pLimit(1)
  const restored = oneTry(
    () => inTurn(follow),
    (error) => log.error({ err: error }, 'the pages were lost, and can not be made again; it is tried again'),
  )

  /** A folder of a catalog never changes, so the last one that was read is not read again. */
  async function read(folder: string) {
    if (last?.catalog.folder === folder) return last
    const loaded = await readFolder(folder, READ_SECONDS_MAX).catch(tooSlow)
    if ('catalog' in loaded) last = loaded
    return loaded
  }

  async function prepare(folder: string) {
    const loaded = await read(folder)
    return 'problems' in loaded ? loaded : built(loaded.catalog, build)
  }

  /** At once, whatever is being built meanwhile. */
  async function closeIfClosed(): Promise<void> {
    if (!isOpen(await store.shop())) shown = { ...shown, ...shownAs(shown.catalog, false) }
  }

  async function follow(): Promise<void> {
    const state = await store.shop()
    const { live } = state
    if (!live) {
      shown = NOTHING_SHOWN
      return
    }
    if (shown.tree !== live.tree || !(await isThere(shown.storefront))) {
      const folder = await source.bring(live)
      if (folder === undefined) throw new Error(`the catalog of ${live.commit} is not to be had any more`)
      const prepared = await prepare(folder)
      if ('problems' in prepared) throw new Error(cantSell(live.commit, prepared.problems))
      shown = { ...shown, catalog: prepared.catalog, tree: live.tree, storefront: prepared.storefront }
    }
    shown = { ...shown, ...shownAs(shown.catalog, isOpen(await store.shop())) }
  }

  return {
    catalog: () => shown.selling,
    known: () => (shown.tree === undefined ? undefined : shown.catalog),
    tree: () => shown.tree,
    isOpen: () => shown.isOpen,
    read,
    prepare: (folder) => inTurn(() => prepare(folder)),
    async follow() {
      await closeIfClosed()
      await inTurn(follow)
    },
    async storefront() {
      if (!(await isThere(shown.storefront)) && !(await restored())) return undefined
      return shown.storefront || undefined
    },
  }
}

function tooSlow(error: unknown): { problems: CatalogProblem[] } {
  if (!(error instanceof CatalogRefusedError)) throw error
  return { problems: [fileProblem('.', error.found, error.expected)] }
}

const cantSell = (commit: string, problems: readonly CatalogProblem[]) =>
  `this version can't sell from ${commit}, which was live: ${problems.map(({ found, expected }) => `${found} ${expected}`)[0]}`

async function built(catalog: Catalog, build: (catalogFolder: string) => Promise<string>) {
  const storefront = await build(catalog.folder).catch(buildProblem)
  return typeof storefront === 'string' ? { catalog, storefront } : { problems: [storefront] }
}

/** What a build says of a catalog; it may also be the machine's fault. Other failures are no words about the catalog. */
function buildProblem(error: unknown): CatalogProblem {
  if (!(error instanceof BuildError)) throw error
  return fileProblem('.', 'The pages of the shop could not be built.', error.words)
}

/** Whether it worked, one try for all who ask while it is under way; where it failed, for those too who ask soon after. */
function oneTry(act: () => Promise<unknown>, onFailure: (error: unknown) => void): () => Promise<boolean> {
  let trying: Promise<boolean> | undefined
  const end = () => {
    trying = undefined
  }
  return () => {
    trying ??= act().then(
      () => {
        end()
        return true
      },
      (error: unknown) => {
        onFailure(error)
        setTimeout(end, TRY_AGAIN_SECONDS * 1000).unref()
        return false
      },
    )
    return trying
  }
}

/** Follows the store from now on: at once, after every change of the shop's facts, every minute, and again where that failed. */
export async function startFollowing({
  store,
  shop,
  log,
}: {
  store: Pick<Store, 'watch'>
  shop: LiveShop
  log: Pick<Logger, 'error'>
}): Promise<{ stop: () => void }> {
  let again: NodeJS.Timeout | undefined
  let pause = TRY_AGAIN_SECONDS
  let isStopped = false
  const followIn = (seconds: number) => {
    clearTimeout(again)
    if (!isStopped) again = setTimeout(() => void follow(), seconds * 1000).unref()
  }
  const follow = async () => {
    clearTimeout(again)
    await shop.follow().then(
      () => {
        pause = TRY_AGAIN_SECONDS
        followIn(LOOK_EVERY_SECONDS)
      },
      (error: unknown) => {
        if (isStopped) return
        log.error({ err: error }, 'what is live can not be shown here; it is tried again')
        followIn(pause)
        pause = Math.min(2 * pause, TRY_AGAIN_SECONDS_MAX)
      },
    )
  }
  const unwatch = store.watch((changed) => void (changed.shop && follow()))
  await follow()
  return {
    stop: () => {
      isStopped = true
      unwatch()
      clearTimeout(again)
    },
  }
}

/** What was bought is still known while nothing is sold. */
const shownAs = (catalog: Catalog, open: boolean): Pick<Shown, 'catalog' | 'selling' | 'isOpen'> => ({
  catalog,
  selling: open ? catalog : { ...catalog, products: new Map() },
  isOpen: open,
})

/** Before there is a storefront, none is missing. */
const isThere = async (storefront: string): Promise<boolean> => storefront === '' || exists(storefront)

const NOTHING_YET: Catalog = {
  folder: '',
  shop: {
    id: 'not-open',
    name: 'Our shop',
    tagline: 'It opens soon.',
    project: { name: 'This project', url: 'https://github.com' },
    contact: 'nobody@localhost',
    currencies: ['usd'],
    categories: [],
    shipping: [],
    releases: 'pull-request',
  },
  products: new Map(),
  assets: new Map(),
}

const NOTHING_SHOWN: Shown = { ...shownAs(NOTHING_YET, false), tree: undefined, storefront: '' }

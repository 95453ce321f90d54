import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import type { Logger } from 'pino'
import { exists } from '../github/catalog/blobs.ts'
import { catalogFolder, moveInto } from '../github/catalog/catalog-at.ts'
import { refreshShopJob } from '../job/repository-jobs.ts'
import type { CatalogSource, Found } from './source.ts'

/** How facts name a source that is no repository: those have an owner. */
const NAME = 'folder'
/** What a catalog is made of; the folder may hold anything else beside it, as the sample's does. */
const CATALOGS = /^(shop\.yaml|(products|assets|images)(\/.*)?)$/

type Options = { folder: string; dataFolder: string; log: Pick<Logger, 'error' | 'info'> }

/**
 * A folder of this machine as the catalog's source. Its content's hash stands for commit and tree. What needs a person goes to
 * the log: there is no other place for it.
 */
export function folderSource({ folder, dataFolder, log }: Options): CatalogSource {
  const current = async (): Promise<Found> => {
    const draft = await draftOf(folder, dataFolder)
    try {
      const tree = await hashOf(draft)
      const copy = catalogFolder(dataFolder, tree)
      await moveInto(draft, copy)
      return { head: { repository: NAME, commit: tree, by: null }, tree, folder: copy }
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  }
  return {
    name: async () => NAME,
    current,
    async bring({ tree }) {
      const copy = catalogFolder(dataFolder, tree)
      if (!(await exists(copy))) await current()
      return (await exists(copy)) ? copy : undefined
    },
    tell: async ({ mark, title, body }) => log.error({ mark, body }, title),
    settle: async (mark, why) => log.info({ mark }, why),
    missed: ({ isLongAgo }) => [Promise.resolve(isLongAgo ? [refreshShopJob] : [])],
    checks: async () => [],
  }
}

/** A copy, so that an edit in the middle of reading makes nothing half. */
async function draftOf(folder: string, dataFolder: string): Promise<string> {
  const catalogs = dirname(catalogFolder(dataFolder, 'any'))
  await mkdir(catalogs, { recursive: true })
  const draft = await mkdtemp(join(catalogs, '.draft-'))
  const filter = (path: string) => path === folder || CATALOGS.test(relative(folder, path).split(sep).join('/'))
  await cp(folder, draft, { recursive: true, filter })
  return draft
}

async function hashOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const hash = createHash('sha256')
  for (const path of paths.toSorted()) {
    const bytes = await readFile(path)
    hash.update(`${relative(folder, path)}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}

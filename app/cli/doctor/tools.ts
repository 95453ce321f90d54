import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { loadCatalog } from '../../../catalog/load.ts'
import type { Catalog } from '../../../catalog/offer.ts'
import { fetchCatalogAt } from '../../github/catalog/catalog-at.ts'
import { connectGitHub } from '../../github/client.ts'
import { fetchHead } from '../../github/head.ts'
import { connectStripe } from '../../stripe/client.ts'
import { type Finding, fault, type Settings, type Tools, unseen } from './check.ts'

type Told = { settings: Settings; problems: readonly string[]; now: () => Date }
type Found = Catalog | { none: Finding }

/** What the checks look with, for these settings. Nothing is connected before it is asked for. */
export function createTools({ settings, problems, now }: Told): Tools {
  const log = pino({ level: 'silent' })
  const github = once(() => {
    const { GITHUB_APP_ID = 0, GITHUB_PRIVATE_KEY = '', GITHUB_API_URL: baseUrl } = settings
    return connectGitHub({ appId: GITHUB_APP_ID, privateKey: GITHUB_PRIVATE_KEY, ...(baseUrl ? { baseUrl } : {}), log })
  })
  const stripe = once(() => {
    const { STRIPE_SECRET_KEY = '', STRIPE_API_URL = 'https://api.stripe.com' } = settings
    return connectStripe({ STRIPE_SECRET_KEY, STRIPE_API_URL })
  })
  return { problems, now, log, github, stripe, catalog: once(() => findCatalog(settings, github)) }
}

/** As the shop finds it: in the folder that is named, else in the repository. */
async function findCatalog({ SHOP_REPOSITORY, CATALOG_FOLDER }: Settings, github: Tools['github']): Promise<Found> {
  if (CATALOG_FOLDER) return readCatalog(CATALOG_FOLDER, CATALOG_FOLDER)
  if (!SHOP_REPOSITORY) {
    return { none: unseen('the App finds the catalog by itself', 'Set SHOP_REPOSITORY, to have it looked at here.') }
  }
  const folder = await mkdtemp(join(tmpdir(), 'tagsale-doctor-'))
  try {
    const { githubApp } = await github()
    const repository = await githubApp.forRepository(SHOP_REPOSITORY, { contents: 'read', metadata: 'read' })
    const head = await fetchHead(repository)
    const fetched = head ? await fetchCatalogAt(folder, repository, head.commit) : { none: true }
    if ('none' in fetched) {
      return {
        none: fault(
          `${SHOP_REPOSITORY} has no catalog on its default branch`,
          'Merge the pull request that the App opened there.',
        ),
      }
    }
    return await readCatalog(fetched.folder, SHOP_REPOSITORY)
  } catch {
    return { none: unseen(`the catalog of ${SHOP_REPOSITORY} can't be read: see Installation`) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function readCatalog(folder: string, name: string): Promise<Found> {
  const loaded = await loadCatalog(folder)
  if ('catalog' in loaded) return loaded.catalog
  const count = loaded.problems.length
  return {
    none: fault(
      `the catalog of ${name} has ${count} problem${count === 1 ? '' : 's'}`,
      'npx tagsale check shows them, and how to mend them.',
    ),
  }
}

/** Made when first asked for, and then always the same. */
function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { loadCatalog } from '../catalog/load.ts'
import { printProblems } from '../catalog/problem/problem.ts'
import { type Config, ConfigError } from './config.ts'
import { connectGitHub } from './github/client.ts'
import { createHttp } from './http/api.ts'
import { buildStorefront } from './live/build-storefront.ts'
import { folderSource } from './live/folder-source.ts'
import { createLiveShop } from './live/live-shop.ts'
import { type CatalogReader, createCatalogReader } from './live/reader.ts'
import { createNotices } from './log.ts'
import { connectMail } from './mail/send.ts'
import type { Parts } from './parts.ts'
import { repositorySource } from './repository/repository-source.ts'
import type { Store } from './store/store.ts'
import { connectStripe } from './stripe/client.ts'
import { startWorker } from './worker.ts'

/** What differs between a process and a test: time, and what makes the pages. */
export type Surroundings = {
  store: Store
  log: Logger
  now?: () => Date
  /** Reads the catalog that is to be live; apart from where buyers are served, unless said otherwise. */
  read?: CatalogReader
  /** Gives the folder of a catalog's storefront. */
  build?: (catalogFolder: string) => Promise<string>
}

/** Puts the app together from its settings, over a store; `close` lets connections go. Rejects when the GitHub App's key is none. */
export async function openParts(
  config: Config,
  surroundings: Surroundings,
): Promise<{ parts: Parts; close: () => void }> {
  const { store, log, now = () => new Date(), read = createCatalogReader() } = surroundings
  const { build = storefrontBuilder(config) } = surroundings
  const github = await connectGitHub({
    appId: config.GITHUB_APP_ID,
    privateKey: config.GITHUB_PRIVATE_KEY,
    baseUrl: config.GITHUB_API_URL,
    log: log.child({}, { level: 'silent' }),
    now,
    limiter: store.limiter,
  })
  const source = await openSource({ config, store, log, githubApp: github.githubApp })
  const sendMail = connectMail({ url: config.SMTP_URL, from: config.MAIL_FROM })
  const stripe = connectStripe(config)
  const shop = createLiveShop({ store, source, log }, { read, build })
  const notices = createNotices(log)
  const readApart = createCatalogReader()
  const parts = {
    config,
    source,
    shop,
    store,
    stripe,
    ...github,
    readApart,
    sendMail,
    notices,
    now,
    random: randomBytes,
    log,
  }
  return { parts, close: sendMail.close }
}

/** The one place that knows both. A folder with mistakes is refused at once: whoever starts the shop reads why. */
async function openSource({ config, store, log, githubApp }: Pick<Parts, 'config' | 'store' | 'log' | 'githubApp'>) {
  const { CATALOG_FOLDER: folder, DATA_FOLDER: dataFolder } = config
  if (!folder) return repositorySource({ config, store, githubApp })
  const loaded = await loadCatalog(folder)
  if ('problems' in loaded) throw new ConfigError([printProblems(loaded.problems, folder)])
  return folderSource({ folder, dataFolder, log })
}

/** The whole app over its parts: its routes, and the work behind them. Used by the process and by every flow test. */
export function createApp(parts: Parts) {
  const http = createHttp(parts)
  return { fetch: http.fetch, routes: http.routes, startWorker: () => startWorker(parts) }
}

const storefrontBuilder =
  ({ SHOP_URL, DATA_FOLDER }: Config) =>
  (catalogFolder: string): Promise<string> =>
    buildStorefront({ catalogFolder, siteUrl: SHOP_URL, buildsFolder: join(DATA_FOLDER, 'site') })

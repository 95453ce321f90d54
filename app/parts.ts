import type { Logger } from 'pino'
import type Stripe from 'stripe'
import type { Config } from './config.ts'
import type { BuyersGitHub, GitHubApp } from './github/client.ts'
import type { LiveShop } from './live/live-shop.ts'
import type { CatalogReader } from './live/reader.ts'
import type { CatalogSource } from './live/source.ts'
import type { Notices } from './log.ts'
import type { Random } from './order/id.ts'
import type { Store } from './store/store.ts'

/** A mail, ready to send. `id` makes its Message-ID, so that a copy sent twice is recognised as one. */
export type Mail = { id: string; to: string; replyTo?: string; subject: string; text: string; html: string }

/** What the app is made of. Functions name the parts they use: `Pick<Parts, 'store' | 'now'>`. */
export type Parts = {
  config: Config
  /** What is for sale here and now; it may be another catalog a moment later. */
  shop: LiveShop
  /** Where the catalog comes from. */
  source: CatalogSource
  store: Store
  stripe: Stripe
  /** The App where a buyer waits. */
  github: BuyersGitHub
  /** Reads strangers' catalogs, apart from where buyers are served. */
  readApart: CatalogReader
  /** The App at work in repositories: checks, pull requests, issues. */
  githubApp: GitHubApp
  sendMail: (mail: Mail) => Promise<void>
  /** What is wrong around this process. */
  notices: Notices
  now: () => Date
  random: Random
  log: Logger
}

import type { Logger } from 'pino'
import type { ProbotOctokit } from 'probot'
import type Stripe from 'stripe'
import type { Catalog } from '../catalog/offer.ts'
import type { Config } from './config.ts'
import type { GitHubApp } from './github/client.ts'
import type { LiveShop } from './live/live-shop.ts'
import type { Random } from './order/id.ts'
import type { Store } from './store/store.ts'

/** A mail, ready to send. `id` makes its Message-ID, so that a copy sent twice is recognised as one. */
export type Mail = { id: string; to: string; subject: string; text: string; html: string }

/** What the app is made of. Functions name the parts they use: `Pick<Parts, 'store' | 'now'>`. */
export type Parts = {
  config: Config
  /** The catalog that is live now; it may be another one a moment later. */
  catalog: () => Catalog
  /** The folder of the storefront that is live now; nothing before it is built. */
  storefront: () => string | undefined
  /** Shows another catalog, or nothing. */
  liveShop: Pick<LiveShop, 'isOpen' | 'show' | 'close'>
  store: Store
  stripe: Stripe
  /** A client with access to this repository (`owner/name`), as the App's installation. */
  github: (repository: string) => Promise<ProbotOctokit>
  /** The App at work in repositories: checks, pull requests, issues. */
  githubApp: GitHubApp
  sendMail: (mail: Mail) => Promise<void>
  now: () => Date
  random: Random
  log: Logger
}

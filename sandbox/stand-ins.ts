import { randomBytes } from 'node:crypto'
import { access, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Catalog } from '../catalog/offer.ts'
import { type ReleaseSeed, startGitHub } from './github.ts'
import { startMail } from './mail.ts'
import { catalogFiles } from './process/working-copy.ts'
import { startStripe } from './stripe.ts'

const RELEASES = fileURLToPath(new URL('./releases', import.meta.url))
const GITHUB_APP_ID = 4242
/** What README's "Go live" has a maintainer subscribe to. */
export const STRIPE_EVENTS = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'payment_intent.canceled',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'charge.dispute.closed',
]
const CHECKOUTS_PER_MINUTE = '100000' // a person, or a test, trying things is no attack
/** Who may do everything at GitHub's stand-in, and who comes from outside. */
export const MAINTAINER = 'maintainer'
const CONTRIBUTOR = 'contributor'

/** Where a browser or a script finds each of them. */
export type Addresses = { stripe: string; github: string; inbox: string }
export type StandIns = {
  addresses: Addresses & { shop: string }
  /** The settings that make the app speak to them; `githubApp` are those of its GitHub App, where one is installed. */
  settings: Record<string, string>
  /** The repository with the catalog, and a token of its maintainer's. */
  repository: string
  token: string
  /** How many files for sale have only a few words in their place. */
  placeholders: number
  close: () => Promise<void>
}

/** Settings of the sandbox that a restart must find again. */
type Kept = {
  linkSecret: string
  storeKey: string
  githubSecret: string
  webhook?: { address: string; secret: string }
}

type Options = {
  port: number
  folder: string
  logLevel: string
  /** What the repository at GitHub begins with; without it, an organisation that never sold anything. */
  catalog: Catalog | undefined
}

/**
 * Starts Stripe's, GitHub's and the mail server's stand-ins on the ports above the shop's, or on others where those are
 * taken, and tells them where the shop's webhooks go. What they know is kept in the folder.
 */
export async function startStandIns(options: Options): Promise<StandIns> {
  const { port, folder, catalog } = options
  const shopUrl = `http://localhost:${port}`
  const kept = await keptSecrets(folder)
  const stripe = await onFreePort(port + 1, (free) =>
    startStripe({ port: free, stateFile: join(folder, 'stripe.json') }),
  )
  const mail = await onFreePort(port + 3, (free) =>
    startMail({ httpPort: free, stateFile: join(folder, 'mails.json') }),
  )
  const github = await startCodeHost(options, { url: `${shopUrl}/webhooks/github`, secret: kept.githubSecret })
  const webhook = await keptWebhook(folder, kept, `${shopUrl}/webhooks/stripe`, stripe)
  return {
    addresses: { shop: shopUrl, stripe: stripe.url, github: github.url, inbox: mail.url },
    settings: {
      TAGSALE_MODE: 'sandbox',
      PORT: String(port),
      SHOP_URL: shopUrl,
      DATA_FOLDER: folder,
      STRIPE_SECRET_KEY: stripe.key,
      STRIPE_API_URL: stripe.url,
      STRIPE_WEBHOOK_SECRET: webhook.secret,
      GITHUB_API_URL: github.url,
      GITHUB_URL: github.url,
      ...github.settings,
      SMTP_URL: mail.smtpUrl,
      MAIL_FROM: catalog ? `${catalog.shop.name} <${catalog.shop.contact}>` : 'shop@localhost.example',
      LINK_SECRET: kept.linkSecret,
      STORE_KEY: kept.storeKey,
      CHECKOUTS_PER_MINUTE,
      CHECKOUTS_PER_MINUTE_PER_ADDRESS: CHECKOUTS_PER_MINUTE,
      LOG_LEVEL: options.logLevel,
    },
    repository: github.repository,
    token: github.token,
    placeholders: github.placeholders,
    close: async () => {
      await Promise.all([stripe.close(), github.close(), mail.close()])
    },
  }
}

/** GitHub's stand-in: with the shop's repository and its App installed, or with an organisation that has neither. */
async function startCodeHost({ port, folder, catalog }: Options, webhook: { url: string; secret: string }) {
  const releases = catalog ? await releasesOf(catalog) : []
  const owner = releases[0]?.repository.split('/')[0] ?? catalog?.shop.id ?? 'tern-project'
  const repository = `${owner}/${catalog ? 'shop' : 'tern'}`
  const files = catalog
    ? await catalogFiles(catalog.folder)
    : { 'README.md': '# Tern\n\nA project that needs a shop.\n' }
  const owners = [...new Set([owner, ...releases.map((release) => release.repository.split('/')[0] ?? '')])]
  const github = await onFreePort(port + 2, (free) =>
    startGitHub({
      port: free,
      folder: join(folder, 'github'),
      ...(catalog && {
        app: { id: GITHUB_APP_ID, webhook, callbackUrls: [`http://localhost:${port}/desk/sign-in/callback`] },
      }),
      users: [MAINTAINER, CONTRIBUTOR],
      organizations: owners.map((login) => ({
        login,
        email: `shop@${login}.example`,
        members: [{ login: MAINTAINER, role: 'admin' }],
      })),
      repositories: [{ name: repository, private: false, files }, ...releaseRepositories(releases, repository)],
      releases,
    }),
  )
  return {
    url: github.url,
    repository,
    token: github.tokenFor(MAINTAINER),
    placeholders: releases.filter(({ bytes }) => typeof bytes !== 'string').length,
    settings: catalog && {
      GITHUB_APP_ID: String(github.appId),
      GITHUB_PRIVATE_KEY: github.privateKey,
      GITHUB_WEBHOOK_SECRET: webhook.secret,
      GITHUB_CLIENT_ID: github.client.id,
      GITHUB_CLIENT_SECRET: github.client.secret,
      SHOP_REPOSITORY: repository,
    },
    close: github.close,
  }
}

/** Where the files lie. A repository needs a first commit before anybody can publish a release in it. */
function releaseRepositories(releases: readonly ReleaseSeed[], shop: string) {
  const names = new Set(releases.map(({ repository }) => repository))
  const files = { 'README.md': '# Files for sale\n\nThey lie in the releases.\n' }
  return [...names].filter((name) => name !== shop).map((name) => ({ name, private: true, files }))
}

/** Secrets of the sandbox, made once. */
async function keptSecrets(folder: string): Promise<Kept> {
  const text = await readFile(settingsFile(folder), 'utf8').catch(() => undefined)
  const secret = () => randomBytes(32).toString('base64url')
  const known = text ? (JSON.parse(text) as Partial<Kept>) : {}
  const kept = { linkSecret: secret(), storeKey: secret(), githubSecret: secret(), ...known }
  await writeFile(settingsFile(folder), JSON.stringify(kept), { mode: 0o600 })
  return kept
}

/** A webhook endpoint is registered when the shop's address is new to Stripe's stand-in. */
async function keptWebhook(
  folder: string,
  kept: Kept,
  address: string,
  stripe: { url: string; key: string },
): Promise<{ address: string; secret: string }> {
  if (kept.webhook?.address === address) return kept.webhook
  const events = STRIPE_EVENTS.map((event) => ['enabled_events[]', event])
  const answer = await fetch(`${stripe.url}/v1/webhook_endpoints`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stripe.key}` },
    body: new URLSearchParams([['url', address], ...events]),
  })
  const { secret } = (await answer.json()) as { secret: string }
  const webhook = { address, secret }
  const file = settingsFile(folder)
  await writeFile(`${file}.new`, JSON.stringify({ ...kept, webhook }), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return webhook
}

const settingsFile = (folder: string) => join(folder, 'settings.json')

/** The files of the sample shop, and for the assets of another catalog a few words in their place. */
async function releasesOf(catalog: Catalog): Promise<ReleaseSeed[]> {
  return Promise.all(
    [...catalog.assets.values()].map(async ({ title, release: { repository, tag, file }, sha256 }) => {
      const path = join(RELEASES, repository, tag, file)
      const isThere = await access(path).then(
        () => true,
        () => false,
      )
      if (isThere) return { repository, tag, file, bytes: path }
      const words = `This stands in for ${file}, "${title}", of release ${tag} of ${repository}.\n`
      return { repository, tag, file, bytes: Buffer.from(words), sha256: sha256 ?? undefined }
    }),
  )
}

async function onFreePort<Started>(port: number, start: (port: number) => Promise<Started>): Promise<Started> {
  try {
    return await start(port)
  } catch (error) {
    // Taken, or past the last port that there is.
    if (!['EADDRINUSE', 'ERR_SOCKET_BAD_PORT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    return start(0)
  }
}

import { randomBytes } from 'node:crypto'
import { access, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Catalog } from '../../catalog/offer.ts'
import { type Config, type Mode, parseConfig } from '../config.ts'
import { STRIPE_EVENTS } from '../intake.ts'
import { type ReleaseSeed, startGitHub } from '../sandbox/github.ts'
import { startMail } from '../sandbox/mail.ts'
import { startStripe } from '../sandbox/stripe.ts'
import { connectStripe } from '../stripe/client.ts'

const RELEASES = fileURLToPath(new URL('../sandbox/releases', import.meta.url))
const GITHUB_APP_ID = 4242
const CHECKOUTS_PER_MINUTE = 100_000 // a person, or a test, trying things is no attack
const SANDBOX: Mode = 'sandbox'

/** Where a browser or a script finds each of them. */
export type Addresses = { stripe: string; github: string; inbox: string }
export type StandIns = {
  addresses: Addresses
  /** The settings that make the app speak to them. */
  config: Config
  /** How many files for sale have only a few words in their place. */
  placeholders: number
  close: () => Promise<void>
}

/** Settings of the sandbox that a restart must find again. */
type Kept = { linkSecret: string; webhook?: { address: string; secret: string } }

/**
 * Starts Stripe's, GitHub's and the mail server's stand-ins on the ports above the shop's, or on others where those are
 * taken, and tells Stripe's where the shop's webhooks go. What they know is kept in the folder.
 */
export async function startStandIns({
  port,
  folder,
  logLevel,
  catalog,
}: {
  port: number
  folder: string
  logLevel: Config['LOG_LEVEL']
  catalog: Catalog
}): Promise<StandIns> {
  const stripe = await onFreePort(port + 1, (free) =>
    startStripe({ port: free, stateFile: join(folder, 'stripe.json') }),
  )
  const releases = await releasesOf(catalog)
  const github = await onFreePort(port + 2, (free) => startGitHub({ port: free, app: { id: GITHUB_APP_ID }, releases }))
  const mail = await onFreePort(port + 3, (free) =>
    startMail({ httpPort: free, stateFile: join(folder, 'mails.jsonl') }),
  )
  const settings = {
    PORT: port,
    SHOP_URL: `http://localhost:${port}`,
    CATALOG_FOLDER: catalog.folder,
    DATA_FOLDER: folder,
    STRIPE_SECRET_KEY: stripe.key,
    STRIPE_API_URL: stripe.url,
    GITHUB_APP_ID: github.appId,
    GITHUB_PRIVATE_KEY: github.privateKey,
    GITHUB_API_URL: github.url,
    SMTP_URL: mail.smtpUrl,
    MAIL_FROM: `${catalog.shop.name} <${catalog.shop.contact}>`,
    CHECKOUTS_PER_MINUTE,
    CHECKOUTS_PER_MINUTE_PER_ADDRESS: CHECKOUTS_PER_MINUTE,
    LOG_LEVEL: logLevel,
  }
  const { linkSecret, webhook } = await keptSettings(folder, settings)
  const config = parseConfig({ ...settings, LINK_SECRET: linkSecret, STRIPE_WEBHOOK_SECRET: webhook.secret }, SANDBOX)
  return {
    addresses: { stripe: stripe.url, github: github.url, inbox: mail.url },
    config,
    placeholders: releases.filter(({ bytes }) => typeof bytes !== 'string').length,
    close: async () => {
      await Promise.all([stripe.close(), github.close(), mail.close()])
    },
  }
}

/** Secrets of the sandbox, made once; a webhook endpoint is registered when the shop's address is new to Stripe's stand-in. */
async function keptSettings(
  folder: string,
  settings: { SHOP_URL: string; STRIPE_SECRET_KEY: string; STRIPE_API_URL: string },
): Promise<Required<Kept>> {
  const file = join(folder, 'settings.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  const kept: Kept = text ? JSON.parse(text) : { linkSecret: randomBytes(32).toString('base64url') }
  const address = `${settings.SHOP_URL}/webhooks/stripe`
  if (kept.webhook?.address === address) return { ...kept, webhook: kept.webhook }
  const endpoint = await connectStripe(settings).webhookEndpoints.create({
    url: address,
    enabled_events: [...STRIPE_EVENTS],
  })
  const all = { ...kept, webhook: { address, secret: endpoint.secret ?? '' } }
  await writeFile(`${file}.new`, JSON.stringify(all), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return all
}

/** The files of the sample shop, and for the assets of another catalog a few words in their place. */
async function releasesOf(catalog: Catalog): Promise<ReleaseSeed[]> {
  return Promise.all(
    [...catalog.assets.values()].map(async ({ title, release: { repository, tag, file } }) => {
      const path = join(RELEASES, repository, tag, file)
      const bytes = await access(path).then(
        () => path,
        () => Buffer.from(`This stands in for ${file}, "${title}", of release ${tag} of ${repository}.\n`),
      )
      return { repository, tag, file, bytes }
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

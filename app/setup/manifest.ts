import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { SIGN_IN_CALLBACK } from '../link.ts'
import type { Random } from '../order/id.ts'

const DECLARATION = new URL('../../.github/app.yml', import.meta.url)
const APP_NAME_CHARACTERS_MAX = 34
const SUFFIX_CHARACTERS = 4

const Declaration = z.strictObject({
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
})

/** What the App asks for: its permissions and the events it is told of, as .github/app.yml has them. */
export type AppDeclaration = { permissions: Record<string, 'read' | 'write'>; events: string[] }

/** Reads .github/app.yml, the one place that says what the App asks for. Throws when it isn't what it must be. */
export async function readAppDeclaration(): Promise<AppDeclaration> {
  const { default_permissions, default_events } = Declaration.parse(parse(await readFile(DECLARATION, 'utf8')))
  return { permissions: default_permissions, events: default_events }
}

/** A form field of GitHub's: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest */
export type AppManifest = {
  name: string
  url: string
  hook_attributes: { url: string; active: true }
  redirect_url: string
  callback_urls: string[]
  setup_url: string
  public: false
  default_permissions: AppDeclaration['permissions']
  default_events: string[]
}

/** Where GitHub sends webhooks, for a shop at this address. */
export const webhookAddress = (shopUrl: string): string => `${shopUrl}/webhooks/github`

/** The manifest of the App of the shop at this address. */
export function manifestFor(shopUrl: string, name: string, { permissions, events }: AppDeclaration): AppManifest {
  return {
    name,
    url: shopUrl,
    hook_attributes: { url: webhookAddress(shopUrl), active: true },
    redirect_url: `${shopUrl}/setup/github/callback`,
    callback_urls: [`${shopUrl}${SIGN_IN_CALLBACK}`],
    setup_url: `${shopUrl}/desk`,
    public: false,
    default_permissions: permissions,
    default_events: events,
  }
}

/** A name that says which shop it is, and that is likely free: names of Apps are unique on all of GitHub. */
export function suggestName(shopUrl: string, random: Random): string {
  const suffix = Buffer.from(random(SUFFIX_CHARACTERS)).toString('hex').slice(0, SUFFIX_CHARACTERS)
  const host = new URL(shopUrl).hostname.replace(/^www\./, '').replace(/[^a-z0-9]+/g, '-')
  const room = APP_NAME_CHARACTERS_MAX - SUFFIX_CHARACTERS - 1
  return `${host.slice(0, room).replaceAll(/^-+|-+$/g, '') || 'shop'}-${suffix}`
}

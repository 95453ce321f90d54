import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Config, parseConfig } from '../../app/config.ts'
import { createHttp } from '../../app/http/api.ts'
import type { Parts } from '../../app/parts.ts'
import { memoryLimiter } from '../../app/store/limits.ts'
import type { TestShop } from '../support/shop.ts'

/** The HTTP interface of a test shop with some parts changed, called without a server. */
export function requestsTo(
  shop: TestShop,
  changes: Partial<Omit<Parts, 'config'>> & { config?: Partial<Config> } = {},
) {
  const { config, ...parts } = changes
  const store = { ...shop.parts.store, limiter: memoryLimiter } // each begins to count anew
  const http = createHttp({ ...shop.parts, store, ...parts, config: { ...shop.parts.config, ...config } })
  return async (address: string, init?: RequestInit): Promise<Response> => http.request(address, init)
}
export type Requests = ReturnType<typeof requestsTo>

export const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
export const form = (fields: Record<string, string>, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers,
  body: new URLSearchParams(fields),
})
export const asBrowser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

/** Settings with which a shop may be live. */
export const SETTINGS = {
  SHOP_URL: 'https://shop.example.org',
  LINK_SECRET: 'a secret of thirty-two characters',
  STORE_KEY: 'a secret of thirty-two characters',
  STRIPE_SECRET_KEY: 'rk_test_0123456789',
  STRIPE_WEBHOOK_SECRET: 'whsec_0123456789',
  GITHUB_APP_ID: '7',
  GITHUB_PRIVATE_KEY: '-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----',
  GITHUB_WEBHOOK_SECRET: 'sixteen characters',
  SMTP_URL: 'smtps://user:password@mail.example.org',
  MAIL_FROM: 'Heron Shop <shop@heron.example.org>',
}
export const configOf = (changes: object = {}): Config => parseConfig({ ...SETTINGS, ...changes })

/** A storefront as small as it can be: the pages that the app fills in, and a file that never changes. */
export async function smallStorefront() {
  const root = await mkdtemp(path.join(tmpdir(), 'tagsale-site-'))
  const folder = path.join(root, 'assets', 'site') // a path on the disk says nothing about an address
  const files = {
    'index.html': '<!doctype html><title>Heron Shop</title>',
    'long/index.html': `<!doctype html><title>A long page</title>${'<p>Herons</p>'.repeat(1000)}`,
    '404.html': '<!doctype html><title>Not here</title>',
    'order/index.html': '<!doctype html><main><!--tagsale:order--></main>',
    'thanks/index.html': '<!doctype html><title>Thanks</title><main><!--tagsale:order--></main>',
    'problem/index.html': '<!doctype html><main><!--tagsale:problem--></main>',
    'assets/page.abc123.css': 'main { color: black }',
  }
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), content)
  }
  return { folder, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) }
}

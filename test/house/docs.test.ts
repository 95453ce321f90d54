import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { createApp } from '../../app/app.ts'
import { parseConfig, VARIABLES } from '../../app/config.ts'
import type { Parts } from '../../app/parts.ts'
import { Product } from '../../catalog/schema/product.ts'
import { filesBelow, ROOT, read } from './source.ts'

const readme = read('README.md')
const scripts = JSON.parse(read('package.json')).scripts as Record<string, string>

test('every environment variable is described in .env.example, and nothing else is', () => {
  const described = [...read('.env.example').matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map((match) => match[1])
  const site = ['site/config.ts', 'astro.config.mjs'].flatMap((path) =>
    [...read(path).matchAll(/process\.env\.(TAGSALE_\w+)/g)].map((match) => match[1]),
  )
  expect(described.toSorted()).toEqual([...VARIABLES, ...site].toSorted())
})

test('only app/config.ts and the site’s own configuration read the environment', () => {
  const readers = filesBelow(['app', 'catalog', 'site'], ['.ts', '.astro']).filter((path) =>
    /process\.env/.test(read(path)),
  )
  // The storefront's build is a process of its own, and is given its settings that way.
  expect(readers).toEqual(['app/config.ts', 'app/live/build-storefront.ts', 'site/config.ts'])
})

test('every route is named in the architecture', () => {
  const config = parseConfig({
    SHOP_URL: 'http://localhost',
    LINK_SECRET: 'x'.repeat(32),
    STORE_KEY: 'x'.repeat(32),
    STRIPE_SECRET_KEY: 'sk_test_12345678',
    STRIPE_WEBHOOK_SECRET: 'whsec_12345678',
    GITHUB_APP_ID: 1,
    GITHUB_PRIVATE_KEY: '-----BEGIN PRIVATE KEY-----',
    GITHUB_WEBHOOK_SECRET: 'sixteen characters',
    SMTP_URL: 'smtp://localhost',
    MAIL_FROM: 'a@example.org',
  })
  const { routes } = createApp({ config, store: {} } as unknown as Parts)
  const paths = new Set(routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`))
  const architecture = read('.github/ARCHITECTURE.md')
  expect([...paths].filter((route) => !architecture.includes(`\`${route}\``))).toEqual([])
})

test("the README's commands are the ones that exist, and CI runs them", () => {
  const named = [...readme.matchAll(/npm (?:run )?(start|test|serve|check)\b/g)].map((match) => match[1] as string)
  expect(named).toEqual(expect.arrayContaining(['start', 'test', 'serve', 'check']))
  expect(named.filter((name) => !(name in scripts))).toEqual([])
  expect(readme).toContain('npm ci && npm start')
  expect(readme).toContain('npm ci && npm test')
  const options = [...readme.matchAll(/npm start -- (--[a-z-]+)/g)].map((match) => match[1] as string)
  expect(options.filter((option) => !read('sandbox/start.ts').includes(`  ${option} `))).toEqual([])
  const subcommands = [...`${readme}${read('catalog/README.md')}`.matchAll(/npx tagsale ([a-z]+)/g)]
  expect(subcommands.filter(([, name]) => !read('app/cli/tagsale.ts').includes(`  tagsale ${name}`))).toEqual([])
  expect(read('.ci/run')).toMatch(/^npm ci$[\s\S]*^npm test\b/m)
})

test("the README's product is one that the catalog would take", () => {
  const yaml = /^ {4}# catalog\/products\/[\s\S]*?(?=^\S)/m.exec(readme)?.[0] ?? ''
  const { success, error } = Product.safeParse(parse(yaml.replaceAll(/^ {4}/gm, '')))
  expect([success, error?.message]).toEqual([true, undefined])
})

test('links between the documents lead somewhere', () => {
  const documents = ['README.md', 'CHANGELOG.md', 'catalog/README.md', ...filesBelow(['.github'], ['.md'])]
  const broken = documents.flatMap((path) =>
    [...read(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] as string)
      .filter((target) => !existsSync(join(ROOT, path, '..', target)))
      .map((target) => `${path} → ${target}`),
  )
  expect(broken).toEqual([])
})

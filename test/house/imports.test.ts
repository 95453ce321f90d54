import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { filesBelow, type Import, importsOf, ROOT, read } from './source.ts'

// Who may import whom, as .github/ARCHITECTURE.md draws it. Arrows point at what is pure and at the catalog; nobody imports
// the wiring or the start; two outside parties meet only where a subject needs both.

const CATALOG = ['catalog/']
const CORE = [...CATALOG, 'app/order/', 'app/job/', 'app/shop/']
const COMMON = [...CORE, 'app/link.ts']
/** The wiring and the start. */
const STARTS = ['app/main.ts', 'app/app.ts', 'app/cli/']
const EVERYTHING = ['app/', ...CATALOG]

/** The first rule whose folder or file fits decides; a file without one is refused. Types alone may come from more. */
const RULES: { of: string; may: string[]; types?: string[] }[] = [
  { of: 'catalog/', may: CATALOG },
  { of: 'app/order/', may: [...CATALOG, 'app/order/', 'app/job/job.ts'] },
  { of: 'app/job/', may: ['app/job/'], types: ['app/order/event.ts', 'app/order/id.ts'] },
  { of: 'app/shop/', may: [...CATALOG, 'app/shop/'] },
  { of: 'app/link.ts', may: CORE },
  { of: 'app/config.ts', may: CORE },
  { of: 'app/log.ts', may: [] },
  {
    of: 'app/parts.ts',
    may: CORE,
    types: ['app/github/client.ts', 'app/live/live-shop.ts', 'app/live/reader.ts', 'app/log.ts'],
  },
  { of: 'app/account/', may: [...COMMON, 'app/account/', 'app/github/'] },
  { of: 'app/store/', may: [...CORE, 'app/store/'], types: ['app/account/person.ts'] },
  { of: 'app/mail/', may: [...COMMON, 'app/mail/'] },
  { of: 'app/stripe/', may: [...CORE, 'app/stripe/'] },
  { of: 'app/github/', may: [...CORE, 'app/github/', 'app/store/limits.ts'] },
  { of: 'app/fulfillment/', may: [...COMMON, 'app/fulfillment/', 'app/github/', 'app/mail/'] },
  { of: 'app/desk/', may: [...COMMON, 'app/desk/', 'app/account/', 'app/stripe/', 'app/mail/'] },
  { of: 'app/repository/', may: [...COMMON, 'app/repository/', 'app/github/'] },
  { of: 'app/ledger/', may: [...CORE, 'app/ledger/', 'app/github/', 'app/stripe/'] },
  { of: 'app/live/', may: [...CORE, 'app/live/', 'app/github/'] },
  { of: 'app/intake.ts', may: [...CORE, 'app/stripe/', 'app/github/verify.ts', 'app/repository/events.ts'] },
  { of: 'app/catch-up.ts', may: [...CORE, 'app/intake.ts', 'app/stripe/'] },
  { of: 'app/take-in.ts', may: [...CORE, 'app/catch-up.ts', 'app/stripe/', 'app/store/refusal.ts'] },
  {
    of: 'app/checkout.ts',
    may: [...COMMON, 'app/catch-up.ts', 'app/take-in.ts', 'app/stripe/'],
  },
  {
    of: 'app/dispatch.ts',
    may: [
      ...CORE,
      'app/catch-up.ts',
      'app/take-in.ts',
      'app/store/maintenance/forget.ts',
      'app/stripe/',
      'app/desk/refund.ts',
      'app/fulfillment/',
      'app/mail/',
      'app/ledger/',
      'app/repository/work.ts',
    ],
  },
  { of: 'app/worker.ts', may: ['app/dispatch.ts', 'app/job/'] },
  {
    of: 'app/http/',
    may: [
      ...COMMON,
      'app/config.ts',
      'app/account/',
      'app/http/',
      'app/intake.ts',
      'app/catch-up.ts',
      'app/checkout.ts',
      'app/desk/',
      'app/fulfillment/',
      'app/repository/',
      'app/live/',
      'app/store/limits.ts',
      'app/store/refusal.ts',
    ],
  },
  {
    of: 'app/setup/',
    may: [
      'app/setup/',
      'app/order/id.ts',
      'app/config.ts',
      'app/link.ts',
      'app/http/document.ts',
      'app/http/server.ts',
    ],
  },
  ...STARTS.map((of) => ({ of, may: EVERYTHING })),
  { of: 'sandbox/', may: [...CATALOG, 'sandbox/'] },
  { of: 'site/', may: [...CATALOG, 'site/'] },
]
const TYPES_FOR_ALL_OF_APP = ['app/parts.ts', 'app/config.ts', 'app/store/store.ts', 'app/live/source.ts']
const PURE = ['app/order/', 'app/job/', 'app/shop/']
/** Data that is nobody's code: read by address from wherever it is needed. */
const DATA = ['.github/app.yml', 'site/styles/tokens.css', 'site/styles/base.css', 'sandbox/releases']
/** Started as processes of their own, not imported. */
const PROGRAMS = ['app/main.ts']

/** What lies at the top of the repository and of the app. */
const TOP = {
  '.': 'app catalog sandbox site test package.json package-lock.json astro.config.mjs biome.json tsconfig.json vitest.config.ts README.md CHANGELOG.md LICENSE',
  app: 'account cli desk fulfillment github http job ledger live mail order repository setup shop store stripe app.ts catch-up.ts checkout.ts config.ts dispatch.ts intake.ts link.ts log.ts main.ts parts.ts take-in.ts worker.ts',
}

function isAllowed({ from, target, typeOnly, isRead }: Import): boolean {
  const rule = RULES.find(({ of }) => from.startsWith(of))
  if (!rule) return false
  const isIn = (folders: readonly string[]) => folders.some((folder) => target.startsWith(folder))
  if (isIn(rule.may) || DATA.includes(target) || (isRead && PROGRAMS.includes(target))) return true
  if (!typeOnly) return false
  const isPure = PURE.some((folder) => from.startsWith(folder))
  return isIn(rule.types ?? []) || (from.startsWith('app/') && !isPure && isIn(TYPES_FOR_ALL_OF_APP))
}

const sources = filesBelow(['app', 'catalog', 'sandbox', 'site'], ['.ts', '.astro'])
const imports = sources.flatMap(importsOf)
const isOurs = ({ target }: Import) => /^(\.github|app|catalog|sandbox|site|test)\//.test(target)

test('every import goes where the house allows it', () => {
  const refused = imports.filter((one) => isOurs(one) && !isAllowed(one))
  expect(refused.map((one) => `${one.from}:${one.line} imports ${one.target}`)).toEqual([])
})

test('no file imports itself by way of others, types included', () => {
  const targets = Map.groupBy(imports.filter(isOurs), ({ from }) => from)
  const done = new Set<string>()
  const circles: string[] = []
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '))
    if (done.has(file) || path.includes(file)) return
    for (const { target } of targets.get(file) ?? []) walk(target, [...path, file])
    done.add(file)
  }
  for (const file of sources) walk(file, [])
  expect(circles).toEqual([])
})

test('nothing new lies at the top of the repository or of the app', () => {
  for (const [folder, names] of Object.entries(TOP)) {
    const there = readdirSync(`${ROOT}/${folder}`).filter((name) => !name.startsWith('.') && name !== 'node_modules')
    expect(there.filter((name) => !names.split(' ').includes(name))).toEqual([])
  }
})

test('no folder has over a dozen files', () => {
  const folders = Map.groupBy(sources, (path) => path.slice(0, path.lastIndexOf('/')))
  const full = [...folders]
    .filter(([, files]) => files.length > 12)
    .map(([folder, files]) => `${folder}: ${files.length}`)
  expect(full).toEqual([])
})

test('imports of our own files end in .ts or .astro, or name data', () => {
  const wrong = imports.filter(
    (one) => isOurs(one) && !DATA.includes(one.target) && !/\.(ts|astro|css|json|svg)$/.test(one.target),
  )
  expect(wrong.map(({ from, line, target }) => `${from}:${line} imports ${target}`)).toEqual([])
})

test('order, job and shop are pure: they import zod, their own kind and the catalog, and never await, read a clock or draw lots', () => {
  const files = filesBelow(PURE, ['.ts'])
  const packages = files.flatMap(importsOf).filter((one) => !isOurs(one) && one.target !== 'zod')
  expect(packages.map(({ from, target }) => `${from} imports ${target}`)).toEqual([])
  const impure = files.filter((file) =>
    /\bawait\b|\basync\b|Date\.now|new Date\(\)|Math\.random|process\./.test(read(file)),
  )
  expect(impure).toEqual([])
})

import { expect, test } from 'vitest'
import { filesBelow, type Import, importsOf } from './source.ts'

// Who may import whom, as .github/ARCHITECTURE.md draws it: arrows point at app/order and catalog, nobody imports the
// door, the wiring or the start, and two outside parties meet only in fulfillment.

const CATALOG = ['catalog/']
const CORE = [...CATALOG, 'app/order/']
const COMMON = [...CORE, 'app/link.ts']

/** The first rule whose folder or file fits decides. Types alone may come from parts, config and the store's interface. */
const RULES: { of: string; may: string[]; types?: string[] }[] = [
  { of: 'catalog/', may: CATALOG },
  { of: 'app/order/', may: CORE },
  { of: 'app/shop/', may: [...CORE, 'app/shop/'] },
  { of: 'app/store/', may: [...CORE, 'app/shop/', 'app/store/'] },
  { of: 'app/mail/', may: [...COMMON, 'app/mail/'] },
  { of: 'app/stripe/', may: [...CORE, 'app/stripe/'] },
  { of: 'app/github/', may: [...COMMON, 'app/shop/', 'app/github/'] },
  { of: 'app/fulfillment/', may: [...COMMON, 'app/shop/', 'app/fulfillment/', 'app/github/', 'app/mail/'] },
  { of: 'app/link.ts', may: CORE },
  { of: 'app/intake.ts', may: [...CORE, 'app/stripe/verify.ts', 'app/github/verify.ts', 'app/github/bot.ts'] },
  { of: 'app/catch-up.ts', may: [...CORE, 'app/intake.ts', 'app/stripe/'] },
  { of: 'app/checkout.ts', may: [...COMMON, 'app/catch-up.ts', 'app/stripe/checkout.ts'] },
  {
    of: 'app/dispatch.ts',
    may: [...CORE, 'app/catch-up.ts', 'app/stripe/', 'app/fulfillment/', 'app/mail/', 'app/tend.ts'],
  },
  { of: 'app/shop-repository.ts', may: [...CORE, 'app/shop/', 'app/github/'] },
  { of: 'app/sweep.ts', may: [...CORE, 'app/shop/', 'app/github/', 'app/shop-repository.ts'] },
  { of: 'app/refresh.ts', may: [...CORE, 'app/shop/', 'app/github/', 'app/shop-repository.ts'] },
  {
    of: 'app/tend.ts',
    may: [...CORE, 'app/shop/', 'app/github/', 'app/shop-repository.ts', 'app/refresh.ts', 'app/sweep.ts'],
  },
  {
    of: 'app/http/',
    may: [
      ...COMMON,
      'app/http/',
      'app/intake.ts',
      'app/catch-up.ts',
      'app/checkout.ts',
      'app/fulfillment/download.ts',
      'app/github/bot.ts',
      'app/shop/',
      'app/preview.ts',
      'app/store/refusal.ts',
    ],
  },
  { of: 'app/sandbox/', may: [...CATALOG, 'app/sandbox/'], types: ['app/'] },
  { of: 'site/', may: [...CATALOG, 'site/'] },
  { of: 'app/config.ts', may: CORE },
  { of: 'app/log.ts', may: [] },
  { of: 'app/parts.ts', may: CORE, types: ['app/github/client.ts', 'app/live-shop.ts'] },
  { of: 'app/preview.ts', may: CORE },
  { of: 'app/setup/', may: ['app/setup/', 'app/order/id.ts', 'app/config.ts'] },
  { of: 'app/storefront.ts', may: CATALOG },
  { of: 'app/live-shop.ts', may: [...CATALOG, 'app/storefront.ts'] },
  { of: 'app/', may: ['app/', ...CATALOG] },
]
const TYPES_FOR_ALL_OF_APP = ['app/parts.ts', 'app/config.ts', 'app/store/store.ts']

function isAllowed({ from, target, typeOnly }: Import): boolean {
  const rule = RULES.find(({ of }) => from.startsWith(of))
  if (!rule) return false
  const isIn = (folders: readonly string[]) => folders.some((folder) => target.startsWith(folder))
  if (isIn(rule.may)) return true
  if (!typeOnly) return false
  return (
    isIn(rule.types ?? []) || (from.startsWith('app/') && !from.startsWith('app/order/') && isIn(TYPES_FOR_ALL_OF_APP))
  )
}

const isOurs = ({ target }: Import) => /^(app|catalog|site|test)\//.test(target)
const sources = filesBelow(['app', 'catalog', 'site'], ['.ts', '.astro'])

test('every import goes where the house allows it', () => {
  const refused = sources.flatMap(importsOf).filter((one) => isOurs(one) && !isAllowed(one))
  expect(refused.map((one) => `${one.from}:${one.line} imports ${one.target}`)).toEqual([])
})

test('imports of our own files end in .ts or .astro, or name data', () => {
  const wrong = sources
    .flatMap(importsOf)
    .filter((one) => isOurs(one) && !/\.(ts|astro|css|json|svg)$/.test(one.target))
  expect(wrong.map(({ from, line, target }) => `${from}:${line} imports ${target}`)).toEqual([])
})

test('order and shop are pure: they import zod, their own kind and the catalog, and never await, read a clock or draw lots', async () => {
  const { read } = await import('./source.ts')
  const files = filesBelow(['app/order', 'app/shop'], ['.ts'])
  const packages = files.flatMap(importsOf).filter((one) => !isOurs(one) && one.target !== 'zod')
  expect(packages.map(({ from, target }) => `${from} imports ${target}`)).toEqual([])
  const impure = files.filter((file) =>
    /\bawait\b|\basync\b|Date\.now|new Date\(\)|Math\.random|process\./.test(read(file)),
  )
  expect(impure).toEqual([])
})

import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { Owners } from '../../../app/github/pulls/codeowners.ts'
import { type Approval, askedFor, needsOf, openNeeds } from '../../../app/repository/check/approval.ts'
import { loadCatalog } from '../../../catalog/load.ts'
import type { Catalog } from '../../../catalog/offer.ts'
import type { Asset } from '../../../catalog/schema/asset.ts'
import type { ShopSettings } from '../../../catalog/schema/shop.ts'

let catalog: Catalog
beforeAll(async () => {
  const loaded = await loadCatalog(join(import.meta.dirname, '../../fixtures/catalog'))
  if ('problems' in loaded) throw new Error('the sample catalog has problems')
  catalog = loaded.catalog
})

const withShop = (shop: Partial<ShopSettings>): Catalog => ({ ...catalog, shop: { ...catalog.shop, ...shop } })
const withAsset = (id: string, changes: Partial<Asset>): Catalog => {
  const asset = { ...(catalog.assets.get('guide-pdf') as Asset), ...catalog.assets.get(id), ...changes, id }
  return { ...catalog, assets: new Map([...catalog.assets, [id, asset]]) }
}
const asked = (after: Catalog | 'none') =>
  needsOf(catalog, after).map(({ who, path, what }) => `${who}: ${path} ${what.text}`)

test('what is for everybody to change needs nobody', () => {
  expect(asked(catalog)).toEqual([])
  expect(asked(withShop({ name: 'New', tagline: 'New', categories: [], shipping: [] }))).toEqual([])
  expect(asked(withAsset('guide-pdf', { title: 'Another', license: 'MIT' }))).toEqual([])
})

test.each<[string, Partial<ShopSettings>]>([
  ['id', { id: 'other' }],
  ['contact', { contact: 'thief@example.org' }],
  ['currencies', { currencies: ['usd', 'eur'] }],
  ['project', { project: { name: 'Heron', url: 'https://elsewhere.example' } }],
  ['releases', { releases: 'at-once' }],
  ['payout', { payout: 'acct_1' } as Partial<ShopSettings>],
])('%s in shop.yaml is for an admin, and so is whatever comes to it later', (key, shop) => {
  expect(asked(withShop(shop))).toEqual([`admin: catalog/shop.yaml ${key}`])
})

test('where files come from is for an admin, what buyers get for a code owner', () => {
  const release = catalog.assets.get('guide-pdf')?.release as Asset['release']
  const path = 'catalog/assets/guide-pdf.yaml'
  expect(asked(withAsset('guide-pdf', { release: { ...release, repository: 'evil/goods' } }))).toEqual([
    `admin: ${path} release.repository`,
    `code owner: ${path} release`,
  ])
  expect(asked(withAsset('guide-pdf', { release: { ...release, tag: 'guide-v2' } }))).toEqual([
    `code owner: ${path} release`,
  ])
  expect(asked(withAsset('guide-pdf', { sha256: 'e'.repeat(64) }))).toEqual([`code owner: ${path} release`])
  expect(asked(withAsset('new', {}))).toEqual(['code owner: catalog/assets/new.yaml review'])
  expect(asked(withAsset('new', { review: 'review' }))).toEqual([])
  expect(asked(withAsset('new', { review: 'draft', release: { ...release, repository: 'HERON/goods' } }))).toEqual([])
})

test('opening a shop needs nobody, closing it or mending what can not be read an admin', () => {
  expect(needsOf('none', catalog)).toEqual([])
  expect(needsOf(catalog, 'none')).toMatchObject([{ who: 'admin' }])
  expect(needsOf('broken', catalog)).toMatchObject([{ who: 'admin' }])
})

const person = (login: string, permission: Approval['permission'] = 'write'): Approval => ({ login, permission })
const owners = (people: string[], others: string[] = []): Owners => ({ people, others })

test.each<[string, 'admin' | 'code owner', Owners | null, Approval, boolean]>([
  ['an admin', 'admin', null, person('root', 'admin'), true],
  ['someone who can only write, for an admin', 'admin', owners(['ann']), person('ann'), false],
  ['a code owner', 'code owner', owners(['ann']), person('Ann'), true],
  ['an author who is the code owner', 'code owner', owners(['author']), person('author'), true],
  ['a code owner without write permission', 'code owner', owners(['ann']), person('ann', 'read'), false],
  ['somebody else', 'code owner', owners(['ann']), person('ben', 'admin'), false],
  ['anyone where nobody owns it', 'code owner', null, person('author'), true],
  ['anyone else in place of a team', 'code owner', owners([], ['@org/team']), person('ben'), true],
  ['the author in place of a team', 'code owner', owners([], ['@org/team']), person('author'), false],
  ['the author in place of a team, who is admin', 'code owner', owners([], ['@o/t']), person('author', 'admin'), true],
  ['a reader in place of a team', 'code owner', owners([], ['@org/team']), person('ben', 'read'), false],
])('%s counts or not', (_, who, ownersOf, approval, counts) => {
  const need = { path: 'catalog/assets/guide-pdf.yaml', who, what: { text: 'review' } }
  expect(openNeeds([need], [approval], () => ownersOf, 'author')).toEqual(counts ? [] : [need])
  expect(openNeeds([need], [], () => ownersOf, 'author')).toEqual([need])
})

test('it says that teams can not be looked into', () => {
  const need = { path: 'a', who: 'code owner' as const, what: { text: '' } }
  expect(askedFor(need, owners(['ann'], ['@org/team']))).toMatchObject({ logins: ['ann'] })
  expect(askedFor(need, owners(['ann'], ['@org/team'])).words).toContain('can not look into teams')
  expect(askedFor(need, owners(['ann'])).words).not.toContain('teams')
})

import { afterEach, expect, test } from 'vitest'
import { checksOf, merge, openFollowingShop, openPull, pushTo, quiet } from '../support/repository.ts'
import { checkOut, SHOP_REPOSITORY, type TestShop } from '../support/shop.ts'

// The shop is run by pull request: what is merged is sold, what is wrong is said on its line, and nothing else is.

let shop: TestShop
afterEach(() => shop.close())

const MUG = `name: Heron mug
summary: Holds tea, and keeps its feet dry.
description: For those who stand in water.
category: merch
status: live
images:
  - { file: images/mug.svg, alt: A mug with a heron on it }
price: { eur: "12.00", usd: "13.00" }
gives:
  downloads: [guide-pdf]
`
const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>\n'
const productIds = () => [...shop.parts.shop.catalog().products.keys()]

test('what the default branch has is sold from the start', async () => {
  shop = await openFollowingShop()
  expect(shop.parts.shop.isOpen()).toBe(true)
  expect(productIds()).toContain('guide')
  const { live } = await shop.store.shop()
  expect(live).toMatchObject({ commit: expect.stringMatching(/^[0-9a-f]{40}$/) })
})

test('a product that is merged is sold, at its price', async () => {
  shop = await openFollowingShop()
  const number = await openPull(shop, {
    branch: 'mug',
    edit: { 'catalog/products/mug.yaml': MUG, 'catalog/images/mug.svg': PICTURE },
  })
  await quiet(shop)
  expect((await checksOf(shop, number)).map(({ conclusion }) => conclusion)).toEqual(['success'])
  expect(productIds()).not.toContain('mug')
  const commit = await merge(shop, number)
  await quiet(shop)
  expect((await shop.store.shop()).live).toMatchObject({ commit, by: 'ada' })
  const { status, session } = await checkOut(shop, [{ price: 'mug', quantity: 1 }])
  expect(status).toBe(201)
  expect((await shop.stripe.api.checkout.sessions.retrieve(session)).amount_total).toBe(1200)
})

test('mistakes are said on their lines, and mended, and then it is well', async () => {
  shop = await openFollowingShop()
  const wrong = MUG.replace('"12.00"', '"12,00"').replace('guide-pdf', 'guide-pfd').replace('live', 'lve')
  const number = await openPull(shop, {
    branch: 'mug',
    edit: { 'catalog/products/mug.yaml': wrong, 'catalog/images/mug.svg': PICTURE },
  })
  await quiet(shop)
  const [check] = await checksOf(shop, number)
  expect(check?.conclusion).toBe('failure')
  const { data: annotations } = await shop.github
    .as('bob')
    .rest.checks.listAnnotations({ ...SHOP_REPOSITORY, check_run_id: check?.id ?? 0 })
  expect(annotations.map(({ path, start_line: line }) => `${path}:${line}`)).toEqual([
    'catalog/products/mug.yaml:5',
    'catalog/products/mug.yaml:8',
    'catalog/products/mug.yaml:10',
  ])
  await pushTo(shop, { branch: 'mug', edit: { 'catalog/products/mug.yaml': MUG } })
  await quiet(shop)
  expect((await checksOf(shop, number)).map(({ conclusion }) => conclusion)).toEqual(['success'])
})

test('a broken catalog on the default branch leaves the last good one live, and opens one issue, which its mending closes', async () => {
  shop = await openFollowingShop()
  const before = productIds()
  for (const text of ['price: twelve\n', 'price: thirteen\n']) {
    await pushTo(shop, { by: 'ada', branch: 'main', edit: { 'catalog/products/mug.yaml': text } })
    await quiet(shop)
    expect(productIds()).toEqual(before)
  }
  const issues = async () =>
    (await shop.github.as('ada').rest.issues.listForRepo({ ...SHOP_REPOSITORY, state: 'all' })).data
  expect((await issues()).map(({ state }) => state)).toEqual(['open'])
  expect((await issues())[0]?.body).toContain('catalog/products/mug.yaml')
  expect((await shop.store.shop()).refused).toMatchObject({ problems: expect.any(Number) })
  await pushTo(shop, { by: 'ada', branch: 'main', edit: { 'catalog/products/mug.yaml': null } })
  await quiet(shop)
  expect((await issues()).map(({ state }) => state)).toEqual(['closed'])
  expect((await shop.store.shop()).refused).toBeUndefined()
})

test('after a restart the shop sells what it sold, though GitHub is down', async () => {
  shop = await openFollowingShop()
  const before = productIds()
  await shop.github.control('faults', { down: true })
  await shop.restart()
  expect(shop.parts.shop.isOpen()).toBe(true)
  expect(productIds()).toEqual(before)
})

test('suspended or uninstalled, the shop sells nothing; back again, it does', async () => {
  shop = await openFollowingShop()
  await shop.github.control('installations', { owner: 'heron', action: 'suspend' })
  await quiet(shop)
  expect(shop.parts.shop.isOpen()).toBe(false)
  expect((await shop.store.shop()).closed).toMatchObject({ reason: 'suspended' })
  expect((await checkOut(shop, [{ price: 'guide', quantity: 1 }])).status).toBe(503)
  await shop.github.control('installations', { owner: 'heron', action: 'unsuspend' })
  await quiet(shop)
  expect(shop.parts.shop.isOpen()).toBe(true)
  await shop.github.control('installations', { owner: 'heron', action: 'delete' })
  await quiet(shop)
  expect((await shop.store.shop()).closed).toMatchObject({ reason: 'not-installed' })
  await shop.restart()
  expect(shop.parts.shop.isOpen()).toBe(false)
})

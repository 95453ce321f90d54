import { afterEach, expect, test } from 'vitest'
import { checksOf, merge, openFollowingShop, openPull, pushTo, quiet } from '../support/repository.ts'
import { SHOP_REPOSITORY, type TestShop } from '../support/shop.ts'

// GitHub as it is on a bad day: deliveries are lost, come twice and out of order, and its API answers 502, or asks us to
// come back later. In the end every pull request has the right check, and the shop the right catalog.

const PULLS = 24
const ROUNDS_MAX = 200
/** GitHub counts what people ask, too. */
const LOOK_EVERY = 5

let shop: TestShop
afterEach(() => shop.close())

const product = (price: string) => `name: A sticker
summary: It sticks.
description: To whatever you like.
category: merch
status: live
images:
  - { file: images/any.svg, alt: A sticker }
price: { eur: ${price}, usd: "2.00" }
gives:
  downloads: [guide-pdf]
`
const path = (n: number) => `catalog/products/sticker-${n}.yaml`
/** By number: merged as it is, mended first, left broken, or broken by a second push. */
const KINDS = ['merged', 'mended', 'broken', 'spoilt'] as const
const kindOf = (n: number) => KINDS[n % KINDS.length] ?? 'merged'
const BAD = product('two')
const good = (n: number) => product(`"${n + 1}.00"`)

test.each([1, 2])('a bad day, seed %i', { timeout: 120_000 }, async (seed) => {
  shop = await openFollowingShop()
  const chaos = { drop: 0.15, lose: 0.15, duplicate: 0.3, reorder: true }
  const down = { down: 0.08, limit: { probability: 0.02, retryAfter: 3 } }
  await shop.github.control('faults', { ...chaos, seed })
  const numbers: number[] = []
  for (let n = 0; n < PULLS; n += 1) {
    const isBad = kindOf(n) === 'mended' || kindOf(n) === 'broken'
    numbers.push(await openPull(shop, { branch: `s${n}`, edit: { [path(n)]: isBad ? BAD : good(n) } }))
    if (n % 5 === 0) await workOn(down, chaos)
  }
  for (let n = 0; n < PULLS; n += 1) {
    if (kindOf(n) === 'mended') await pushTo(shop, { branch: `s${n}`, edit: { [path(n)]: good(n) } })
    if (kindOf(n) === 'spoilt') await pushTo(shop, { branch: `s${n}`, edit: { [path(n)]: BAD } })
    if (kindOf(n) === 'merged') await merge(shop, numbers[n] ?? 0)
    if (n % 5 === 0) await workOn(down, chaos)
  }
  const isRight = async () => (await wrongPulls(numbers)).length === 0 && catalogIsRight()
  for (let round = 0; round < ROUNDS_MAX && (round % LOOK_EVERY > 0 || !(await isRight())); round += 1) {
    shop.clock.aheadSeconds += 10
    await workOn(down, chaos)
  }
  expect(await wrongPulls(numbers)).toEqual([])
  expect(stickersForSale()).toEqual(mergedStickers())
  await expectOneResultEach(numbers)
})

test('while the list of deliveries fails, a push that never arrived is live within two minutes all the same', async () => {
  shop = await openFollowingShop()
  await quiet(shop)
  await shop.github.control('faults', { lose: true, break: ['/app/hook/deliveries'] })
  const commit = await pushTo(shop, { by: 'ada', branch: 'main', edit: { [path(0)]: good(0) } })
  await minutes(2)
  expect((await shop.store.shop()).live?.commit).toBe(commit)
  expect((await shop.store.shop()).closed).toBeUndefined()
})

test('while the list of pull requests fails, so does a push; and what failed meanwhile is asked for once it can be', async () => {
  shop = await openFollowingShop()
  await quiet(shop)
  await shop.github.control('faults', {
    lose: ['push'],
    drop: ['pull_request'],
    break: ['/pulls', '/git/matching-refs/heads/gh-readonly-queue/', '/app/hook/deliveries'],
  })
  const commit = await pushTo(shop, { by: 'ada', branch: 'main', edit: { [path(0)]: good(0) } })
  const number = await openPull(shop, { branch: 'late', edit: { [path(1)]: good(1) } })
  await minutes(40)
  expect((await shop.store.shop()).live?.commit).toBe(commit)
  await shop.github.control('faults', { lose: true })
  await minutes(2)
  expect((await checksOf(shop, number)).map(({ conclusion }) => conclusion)).toEqual(['success'])
})

async function minutes(many: number): Promise<void> {
  for (let minute = 0; minute < many; minute += 1) {
    shop.clock.aheadSeconds += 60
    await quiet(shop)
  }
}

/** Works while GitHub is in trouble; people's own clicks, in between, get through. */
async function workOn(down: object, chaos: object): Promise<void> {
  await shop.github.control('faults', { ...chaos, ...down })
  await quiet(shop)
  await shop.github.control('faults', chaos)
}

async function wrongPulls(numbers: readonly number[]): Promise<string[]> {
  const wrong = await Promise.all(
    numbers.map(async (number, n) => {
      const kind = kindOf(n)
      if (kind === 'merged') return []
      const found = (await checksOf(shop, number)).map(({ status, conclusion }) => conclusion ?? status)
      const wanted = kind === 'mended' ? 'success' : 'failure'
      return found[0] === wanted ? [] : [`#${number} (${kind}): ${found.join(', ') || 'no check'}`]
    }),
  )
  return wrong.flat()
}

/** No push has two results that differ, and no result was written twice over. */
async function expectOneResultEach(numbers: readonly number[]): Promise<void> {
  const octokit = shop.github.as('ada')
  for (const [n, number] of numbers.entries()) {
    if (kindOf(n) === 'merged') continue
    const checks = await checksOf(shop, number)
    expect(checks.length, `#${number}`).toBeLessThanOrEqual(2)
    const [check] = checks
    if (check?.conclusion !== 'failure') continue
    const { data } = await octokit.rest.checks.listAnnotations({ ...SHOP_REPOSITORY, check_run_id: check.id })
    expect(data.map(({ start_line: line }) => line)).toEqual([8])
  }
}

const stickersForSale = () =>
  [...shop.parts.shop.catalog().products.keys()].filter((id) => id.startsWith('sticker-')).toSorted()
const mergedStickers = () =>
  Array.from({ length: PULLS }, (_, n) => n)
    .filter((n) => kindOf(n) === 'merged')
    .map((n) => `sticker-${n}`)
    .toSorted()
const catalogIsRight = () => JSON.stringify(stickersForSale()) === JSON.stringify(mergedStickers())

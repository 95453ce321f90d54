// How long a maintainer waits: from a push to the finished check, and from a merge to the live shop, with the storefront
// built by Astro. `node test/bench/repository.ts [products …]`; on one machine, with GitHub's stand-in in the same process.
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildStorefront } from '../../app/live/build-storefront.ts'
import { ROOT } from '../house/source.ts'
import { checksOf, merge, openPull, pushTo, SAMPLE } from '../support/repository.ts'
import { openTestShop, type TestShop } from '../support/shop.ts'

const ROUNDS = 3

const product = (n: number, price: string) => `name: Sticker ${n}
summary: The sticker with number ${n}.
description: It sticks to whatever you like.
category: merch
status: live
images:
  - { file: images/any.svg, alt: A sticker }
price: { eur: "${price}", usd: "2.00" }
gives:
  downloads: [guide-pdf]
`
const path = (n: number) => `catalog/products/sticker-${n}.yaml`

async function measure(products: number): Promise<void> {
  const many = Array.from({ length: products }, (_, n) => [path(n), product(n, '1.00')] as const)
  const files = { ...SAMPLE, ...Object.fromEntries(many) }
  await mkdir(join(ROOT, '.tagsale'), { recursive: true })
  const builds = await mkdtemp(join(tmpdir(), 'tagsale-bench-'))
  const build = (catalogFolder: string) =>
    buildStorefront({ catalogFolder, siteUrl: 'http://localhost', buildsFolder: builds })
  const began = performance.now()
  const shop = await openTestShop({ follow: { files, build } })
  const stop = keepWorking(shop)
  await until(() => shop.parts.shop.isOpen())
  const opened = performance.now() - began
  const checks: number[] = []
  const lives: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const number = await openPull(shop, {
      branch: `price-${round}`,
      edit: { [path(0)]: product(0, `${round + 3}.00`) },
    })
    await until(async () => (await checksOf(shop, number)).at(0)?.status === 'completed')
    await pushTo(shop, { branch: `price-${round}`, edit: { [path(1)]: product(1, `${round + 3}.50`) } })
    const pushed = performance.now()
    await until(async () => (await checksOf(shop, number)).at(0)?.status === 'completed')
    checks.push(performance.now() - pushed)
    const commit = await merge(shop, number)
    const merged = performance.now()
    await until(async () => (await shop.store.shop()).live?.commit === commit)
    lives.push(performance.now() - merged)
  }
  const seconds = (times: number[]) => times.map((ms) => (ms / 1000).toFixed(2)).join(' ')
  console.log(
    `${products} products: opened ${seconds([opened])} s; push to check ${seconds(checks)} s; merge to live ${seconds(lives)} s`,
  )
  await stop()
  await shop.close()
}

/** The work that a running shop does all the time. */
function keepWorking(shop: TestShop): () => Promise<void> {
  let isStopped = false
  const running = (async () => {
    while (!isStopped) {
      await shop.work()
      await new Promise((done) => setTimeout(done, 20))
    }
  })()
  return async () => {
    isStopped = true
    await running
  }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((done) => setTimeout(done, 20))
}

const wanted = process.argv.slice(2).map(Number)
for (const products of wanted.length > 0 ? wanted : [10, 100, 1000]) await measure(products)
process.exit(0)

import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { downloadsOf, openDownload } from '../../app/fulfillment/download.ts'
import { fulfill } from '../../app/fulfillment/fulfill.ts'
import { withJobs } from '../../app/order/decide.ts'
import type { Fact, OrderLine } from '../../app/order/event.ts'
import type { Order } from '../../app/order/order.ts'
import * as given from '../order/facts.ts'
import { book, guide, head, ORDER, paid, placed, stickers } from '../order/facts.ts'
import { FILES } from '../support/files.ts'
import { openTestShop, type TestShop } from '../support/shop.ts'

let shop: TestShop
beforeEach(async () => {
  shop = await openTestShop()
})
afterEach(() => shop.close())

const epub = { ...guide, id: 'guide-epub', release: { ...guide.release, file: 'heron-guide.epub' } }
const lost = { ...guide, id: 'lost', release: { ...guide.release, file: 'nobody-put-it-there.pdf' } }
const digital = (id: string, ...assets: OrderLine['assets']): OrderLine => ({ ...book, id, assets })
async function keep(...facts: Fact[]): Promise<Order> {
  await shop.store.transact({ order: ORDER }, ({ order }) => withJobs(order, facts, head))
  return (await shop.store.order(ORDER)) ?? expect.unreachable()
}
const run = () => fulfill(shop.parts, ORDER, 'fulfill:1')
const fulfilledLines = async () => (await shop.store.order(ORDER))?.fulfilledLines
const down = (isDown: boolean) => shop.github.control('faults', { down: isDown })

describe('fulfilling', () => {
  test('records the lines whose files are there, once', async () => {
    await keep(placed([book, digital('line-2', epub, guide)]), paid)
    expect([await run(), await run()]).toEqual([{ end: 'done' }, { end: 'done' }])
    expect((await shop.store.events(ORDER)).filter(({ type }) => type === 'order.fulfilled')).toMatchObject([
      { lines: ['line-1', 'line-2'], cause: { by: 'job', job: 'fulfill:1' } },
    ])
  })
  test('leaves parcels to people', async () => {
    await keep(placed([stickers, { ...book, id: 'line-3', parcel: { weight: 10 } }]), paid)
    expect(await run()).toEqual({ end: 'done' })
    expect(await fulfilledLines()).toEqual([])
  })
  test('goes on with the lines that are left', async () => {
    await keep(placed([book, digital('line-2', epub)]), paid, given.fulfilled('line-1'))
    await run()
    expect(await fulfilledLines()).toEqual(['line-1', 'line-2'])
  })
  test('tries again while GitHub is away', async () => {
    await keep(placed(), paid)
    await down(true)
    expect(await run()).toMatchObject({ end: 'retry' })
    await down(false)
    expect(await run()).toEqual({ end: 'done' })
    expect(await fulfilledLines()).toEqual(['line-1'])
  })
  test('asks a person for a file that is missing, and gives the others', async () => {
    await keep(placed([digital('line-1', guide, lost), digital('line-2', epub)]), paid)
    expect(await run()).toEqual({
      end: 'stalled',
      reason: 'file-missing',
      detail: expect.stringContaining('nobody-put-it-there.pdf'),
    })
    expect(await fulfilledLines()).toEqual(['line-2'])
  })
  test('gives no bytes that were not approved, and says which they are', async () => {
    await keep(placed([digital('line-1', { ...guide, id: 'sold-long-ago' }), digital('line-2', epub)]), paid)
    await approve('heron-guide.pdf', 'f'.repeat(64))
    expect(await run()).toEqual({
      end: 'stalled',
      reason: 'file-changed',
      detail: expect.stringMatching(/^heron-guide\.pdf in release guide-v1 of heron\/goods: .*SHA-256 [0-9a-f]{64}/),
    })
    expect(await fulfilledLines()).toEqual(['line-2'])
  })
  test.each([
    ['not paid', []],
    ['refunded', [paid, given.refunded(1900)]],
    ['disputed', [paid, given.disputed]],
    ['paid with another amount', [paid, given.stalled('amount-differs')]],
  ] as [string, Fact[]][])('gives nothing to an order that is %s', async (_, facts) => {
    await keep(placed(), ...facts)
    expect(await run()).toEqual({ end: 'done' })
    expect(await fulfilledLines()).toEqual([])
  })
  test('gives the rest to an order that is refunded in part meanwhile', async () => {
    await keep(placed(), paid, given.refunded(100))
    await run()
    expect(await fulfilledLines()).toEqual(['line-1'])
  })
  test('of an order that is not there is done', async () => expect(await run()).toEqual({ end: 'done' }))
})

describe('a download', () => {
  test('is described as GitHub has it, or without that while it is away', async () => {
    const order = await keep(placed([digital('line-1', guide, lost)]), paid)
    expect(await downloadsOf(shop.parts, order)).toMatchObject([
      { asset: guide, facts: { name: 'heron-guide.pdf', size: FILES['heron-guide.pdf'].length } },
      { asset: lost, facts: null },
    ])
  })
  test('comes from where the catalog says that the file is now, if that was reviewed', async () => {
    const order = await keep(placed([digital('line-1', { ...lost, id: 'guide-epub' })]), paid)
    const catalog = shop.parts.shop.catalog()
    expect(await openDownload(shop.parts, order, 'guide-epub')).toHaveProperty('redirect')
    const asset = catalog.assets.get('guide-epub') ?? expect.unreachable()
    const assets = new Map([['guide-epub', { ...asset, review: 'review' as const }]])
    const unreviewed = { ...shop.parts, shop: { ...shop.parts.shop, catalog: () => ({ ...catalog, assets }) } }
    expect(await openDownload(unreviewed, order, 'guide-epub')).toMatchObject({ refused: 'missing' })
  })
  test('comes from where it was sold, once the catalog has forgotten it', async () => {
    const order = await keep(placed(), paid)
    const forgotten = { ...shop.parts.shop.catalog(), assets: new Map() }
    const forgetful = { ...shop.parts, shop: { ...shop.parts.shop, catalog: () => forgotten } }
    expect(await openDownload(forgetful, order, 'guide-pdf')).toHaveProperty('redirect')
  })
  test('of other bytes than those that were sold is refused, once the catalog has forgotten which', async () => {
    const order = await keep(placed([digital('line-1', { ...guide, id: 'gone', sha256: 'd'.repeat(64) })]), paid)
    expect(await openDownload(shop.parts, order, 'gone')).toMatchObject({ refused: 'changed' })
  })
  test('of other bytes than the approved ones is refused, also when they were put there a moment ago', async () => {
    const order = await keep(placed(), paid)
    const sha256 = createHash('sha256').update(FILES['heron-guide.pdf']).digest('hex')
    await approve('heron-guide.pdf', sha256)
    expect(await openDownload(shop.parts, order, 'guide-pdf')).toHaveProperty('redirect')
    const other = Buffer.from('%PDF-1.7 a guide to storks').toString('base64')
    await shop.github.control('releases', {
      repository: 'heron/goods',
      tag: 'guide-v1',
      file: 'heron-guide.pdf',
      base64: other,
    })
    shop.clock.aheadSeconds += 120 // an address of GitHub's serves for two minutes, and never gives other bytes
    expect(await openDownload(shop.parts, order, 'guide-pdf')).toMatchObject({
      refused: 'changed',
      reason: expect.stringContaining('not what was approved'),
    })
    expect(await downloadsOf(shop.parts, order)).toMatchObject([{ asset: guide, facts: null }])
  })
  test('of what the order does not entitle to is not given, and GitHub is not even asked', async () => {
    const order = await keep(placed())
    shop.parts.github.seenFiles.clear()
    const github = { ...shop.parts.github, forRepository: () => expect.unreachable() }
    const parts = { ...shop.parts, github }
    expect(await openDownload(parts, order, 'guide-pdf')).toEqual({ refused: 'not-entitled' })
    expect(await openDownload(parts, await keep(paid), 'guide-epub')).toEqual({ refused: 'not-entitled' })
  })
})

/** Records which bytes the maintainers approved. */
async function approve(file: string, sha256: string): Promise<void> {
  const approved = { file: { repository: 'heron/goods', tag: 'guide-v1', file }, size: 1, sha256, releaseAsset: 1 }
  const head = { repository: 'heron/shop', at: new Date().toISOString() }
  await shop.store.transact({ shop: true }, () => ({
    shop: [{ ...head, type: 'asset.approved', asset: 'guide-pdf', approved }],
  }))
}

import { describe, expect, it } from 'vitest'
import type { ApprovedFile, ShopEvent } from '../../app/shop/event.ts'
import { ShopEvent as ShopEventSchema } from '../../app/shop/event.ts'
import {
  approvedFile,
  changedFile,
  evolveShop,
  isSameBytes,
  isSameFile,
  NO_SHOP,
  type ShopState,
} from '../../app/shop/shop.ts'

const at = '2026-03-01T09:00:00.000Z'
const repository = 'tern-project/shop'
const commit = 'a'.repeat(40)
const newer = 'b'.repeat(40)
const file = { repository: 'tern-project/goods', tag: 'v1', file: 'guide.pdf' }
const approved: ApprovedFile = { file, size: 10, sha256: 'c'.repeat(64), releaseAsset: 1 }
const other: ApprovedFile = { ...approved, sha256: 'd'.repeat(64), releaseAsset: 2 }

const FACTS = {
  updated: { type: 'shop.updated', repository, at, commit, tree: 'tree', by: 'alice' },
  refused: { type: 'shop.refused', repository, at, commit: newer, problems: 3 },
  closed: { type: 'shop.closed', repository, at, reason: 'suspended' },
  approved: { type: 'asset.approved', repository, at, asset: 'guide', approved },
  changed: { type: 'asset.changed', repository, at, asset: 'guide', found: other },
  reviewed: { type: 'asset.reviewed', repository, at, asset: 'guide', file },
  released: { type: 'asset.released', repository, at, asset: 'guide', from: file, to: { ...file, tag: 'v2' } },
  chosen: { type: 'shop.chosen', repository, at },
} satisfies Record<string, ShopEvent>

const shopAfter = (...events: ShopEvent[]): ShopState => events.reduce(evolveShop, NO_SHOP)
const live = { commit, tree: 'tree', by: 'alice', at }

describe('the shop', () => {
  it.each(Object.values(FACTS))('knows its repository after $type, and the fact survives JSON', (event) => {
    expect(shopAfter(event).repository).toBe(repository)
    expect(ShopEventSchema.parse(JSON.parse(JSON.stringify(event)))).toEqual(event)
  })

  it('sells what it was updated to', () => {
    expect(shopAfter(FACTS.updated)).toEqual({ ...NO_SHOP, repository, live })
  })

  it('keeps the last good commit when a newer one is refused, until it is updated again', () => {
    const shop = shopAfter(FACTS.updated, FACTS.refused)
    expect(shop).toMatchObject({ live, refused: { commit: newer, problems: 3, at } })
    expect(evolveShop(shop, FACTS.updated)).not.toHaveProperty('refused')
  })

  it('is closed until it is updated again', () => {
    const shop = shopAfter(FACTS.updated, FACTS.closed)
    expect(shop).toMatchObject({ live, closed: { reason: 'suspended', at } })
    expect(evolveShop(shop, FACTS.updated)).not.toHaveProperty('closed')
  })

  it('remembers what was approved, and what was found in its place until it is approved again', () => {
    const changed = shopAfter(FACTS.approved, FACTS.changed)
    expect([approvedFile(changed, file), changedFile(changed, file)]).toEqual([approved, other])
    const again = evolveShop(changed, { ...FACTS.approved, approved: other })
    expect([approvedFile(again, file), changedFile(again, file)]).toEqual([other, undefined])
  })

  it('forgets both when the asset is approved anew', () => {
    const anew = shopAfter(FACTS.approved, FACTS.changed, FACTS.reviewed)
    expect(anew).toMatchObject({ approved: {}, changed: {} })
  })

  it('is the same after a release of an asset', () => {
    const before = shopAfter(FACTS.updated, FACTS.approved)
    expect(evolveShop(before, FACTS.released)).toEqual(before)
  })
})

describe('choosing a repository', () => {
  const full = shopAfter(FACTS.updated, FACTS.refused, FACTS.approved, FACTS.changed, FACTS.closed)

  it('forgets everything of another one', () => {
    expect(evolveShop(full, { ...FACTS.chosen, repository: 'tern-project/other' })).toEqual({
      ...NO_SHOP,
      repository: 'tern-project/other',
    })
  })

  it('changes nothing where it is the same, in whatever case it is written', () => {
    expect(evolveShop(full, { ...FACTS.chosen, repository: 'Tern-Project/Shop' })).toEqual({
      ...full,
      repository: 'Tern-Project/Shop',
    })
  })
})

describe('an approved file', () => {
  const shop = shopAfter(FACTS.approved)

  it('is known by its name, in whatever case the repository is written', () => {
    expect(approvedFile(shop, { ...file, repository: 'Tern-Project/Goods' })).toEqual(approved)
  })

  it.each([
    ['of another tag', { ...file, tag: 'v2' }],
    ['another file', { ...file, file: 'guide.epub' }],
    ['in another repository', { ...file, repository: 'tern-project/other' }],
  ])('is not one %s', (_, wanted) => {
    expect(approvedFile(shop, wanted)).toBeUndefined()
  })

  it('is the same file only with the same repository, tag and name', () => {
    expect(isSameFile(file, { ...file })).toBe(true)
    expect(isSameFile(file, { ...file, tag: 'V1' })).toBe(false)
  })

  it('has the same bytes by SHA-256, or by id and size where GitHub knows none', () => {
    const unknown = { ...approved, sha256: null }
    expect(isSameBytes(approved, { ...approved, releaseAsset: 9 })).toBe(true)
    expect(isSameBytes(approved, other)).toBe(false)
    expect(isSameBytes(approved, unknown)).toBe(true)
    expect(isSameBytes(unknown, { ...approved, releaseAsset: 9 })).toBe(false)
    expect(isSameBytes(unknown, { ...unknown, size: 11 })).toBe(false)
  })
})

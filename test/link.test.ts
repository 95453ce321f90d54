import { expect, test } from 'vitest'
import {
  checkDownload,
  DOWNLOAD_LINK_LIFETIME_HOURS,
  downloadUrl,
  isOrderKey,
  isReturnKey,
  orderKey,
  orderUrl,
  returnUrl,
  thanksUrl,
} from '../app/link.ts'
import { orderIdFrom } from '../app/order/id.ts'

const config = { SHOP_URL: 'https://shop.example.org', LINK_SECRET: 'a secret of thirty-two characters' }
const otherConfig = { ...config, LINK_SECRET: 'another secret of many characters' }
const order = orderIdFrom(Buffer.alloc(15, 1))
const other = orderIdFrom(Buffer.alloc(15, 2))
const now = new Date('2026-03-01T09:00:00.000Z')
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)

/** What a download's address says. */
function parts(address: string) {
  const { pathname, searchParams } = new URL(address)
  const [, , orderText = '', asset = ''] = pathname.split('/')
  const signature = searchParams.get('signature') ?? ''
  return { order: orderText as typeof order, asset, expires: Number(searchParams.get('expires')), signature }
}
const link = parts(downloadUrl(config, order, 'guide-pdf', now))

test('a key is 256 bits, the same each time, and of one order of one shop', () => {
  const key = orderKey(config, order)
  expect(Buffer.from(key, 'base64url')).toHaveLength(32)
  expect(orderKey(config, order)).toBe(key)
  const ids = Array.from({ length: 1000 }, (_, n) => orderIdFrom(Buffer.alloc(15, `${n}.`)))
  expect(new Set(ids.map((id) => orderKey(config, id))).size).toBe(new Set(ids).size)
  expect(orderKey(otherConfig, order)).not.toBe(key)
})

test('a key opens its order, and nothing that is like it does', () => {
  const key = orderKey(config, order)
  expect(isOrderKey(config, order, key)).toBe(true)
  const wrong = ['', key.slice(1), `${key}=`, `${key}A`, key.toUpperCase(), key.slice(0, -1), '\u0000', 'ü'.repeat(43)]
  for (const text of wrong) expect(isOrderKey(config, order, text), text).toBe(false)
  expect(isOrderKey(config, other, key)).toBe(false)
  expect(isOrderKey(otherConfig, order, key)).toBe(false)
})

test('the addresses of an order are on the shop, with its key', () => {
  const key = orderKey(config, order)
  expect(orderUrl(config, order)).toBe(`https://shop.example.org/orders/${order}?key=${key}`)
  expect(thanksUrl(config, order)).toBe(`https://shop.example.org/thanks?order=${order}&key=${key}`)
})

test('a download address works to the second that it ends, and says afterwards that it has expired', () => {
  const lifetime = DOWNLOAD_LINK_LIFETIME_HOURS * 3600
  expect(checkDownload(config, link, now)).toBe('good')
  expect(checkDownload(config, link, later(lifetime))).toBe('good')
  expect(checkDownload(config, link, later(lifetime + 0.001))).toBe('expired')
  expect(checkDownload(config, link, later(lifetime * 100))).toBe('expired')
})

test.each([
  ['order', { order: other }],
  ['file', { asset: 'guide-epub' }],
  ['end', { expires: link.expires + 1 }],
  ['end, earlier', { expires: link.expires - 1 }],
  ['signature', { signature: link.signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) }],
  ['signature, cut off', { signature: link.signature.slice(0, -1) }],
  ['signature, left out', { signature: '' }],
  ['signature, by the key of the order', { signature: orderKey(config, order) }],
])('a download address with another %s is forged, expired or not', (_, change) => {
  expect(checkDownload(config, { ...link, ...change }, now)).toBe('forged')
  expect(checkDownload(config, { ...link, ...change }, later(1e9))).toBe('forged')
})

test('a download address of another shop is forged', () => {
  expect(checkDownload(otherConfig, link, now)).toBe('forged')
})

test('what belongs to the file can not be moved to the end, nor the other way', () => {
  const moved = {
    ...link,
    asset: `guide-pdf ${String(link.expires).slice(0, 1)}`,
    expires: Number(String(link.expires).slice(1)),
  }
  expect(checkDownload(config, moved, now)).toBe('forged')
})

test('the address that stays at Stripe opens the order until a day after its payment page closed, and holds no lasting key', () => {
  const address = returnUrl(config, { id: order, expiresAt: now.toISOString() })
  expect(address).not.toContain(orderKey(config, order))
  expect(returnUrl(config, { id: order, expiresAt: now.toISOString() })).toBe(address)
  const key = new URL(address).searchParams.get('key') ?? ''
  expect(isReturnKey(config, order, key, later(86_400))).toBe(true)
  expect(isReturnKey(config, order, key, later(86_401))).toBe(false)
  const [expires = '', signature = ''] = key.split('.')
  const wrong = ['', '.', signature, `${Number(expires) + 1}.${signature}`, `${key}A`, orderKey(config, order)]
  for (const text of wrong) expect(isReturnKey(config, order, text, now), text).toBe(false)
  expect(isReturnKey(config, other, key, now)).toBe(false)
  expect(isOrderKey(config, order, key)).toBe(false)
})

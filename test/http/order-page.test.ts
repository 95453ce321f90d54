import { describe, expect, test } from 'vitest'
import { orderFragment } from '../../app/http/buyers/order-page.ts'
import { type OrderView, viewOrder } from '../../app/http/buyers/order-view.ts'
import { jobDueAt } from '../../app/job/job.ts'
import type { Fact } from '../../app/order/event.ts'
import { sizeText } from '../../catalog/size.ts'
import * as given from '../order/facts.ts'
import { book, guide, head, ORDER, orderOf, paid, placed, stickers } from '../order/facts.ts'

const config = { SHOP_URL: 'https://shop.example.org', LINK_SECRET: 'a secret of thirty-two characters' }
const now = new Date(head.at)
const facts = { id: 1, name: 'heron-guide.pdf', size: 1_234_567, sha256: 'ab'.repeat(32) }
const receipt = jobDueAt(head.at, { kind: 'mail', mail: 'receipt', order: ORDER }, 'receipt')
const viewOf = (...after: Fact[]) => viewOrder(orderOf(placed([book, stickers]), ...after), [], undefined, config, now)
const page = (view: OrderView) => String(orderFragment(view, '/orders/x/retry?key=y'))

describe('what a page says is true', () => {
  test.each([
    ['Waiting for your payment', 'pending', []],
    ['Your bank will confirm', 'processing', [given.processing]],
    ['Nothing was taken', 'failed', [given.failed]],
    ['Nothing was taken', 'failed', [given.expired]],
    ['Thank you', 'paid', [paid]],
    ['Refunded in part', 'paid', [paid, given.refunded(500)]],
    ['Refunded', 'canceled', [paid, given.refunded(1900)]],
    ['Disputed', 'failed', [paid, given.disputed]],
  ] as [string, string, Fact[]][])('%s', (title, state, after) => {
    const html = page(viewOf(...after))
    expect(/<h1>(.*)<\/h1>/.exec(html)?.[1]).toBe(title)
    expect(html).toContain(`data-state="${state}"`)
    expect(html.includes('data-pending')).toBe(after.length === 0)
    expect(html.includes('Try again')).toBe(state === 'failed' && title !== 'Disputed')
    expect(html.includes('Your parcel')).toBe(state === 'paid')
    expect(html.includes('>Paid<')).toBe(after[0] === paid)
  })
  test.each([
    ['with a bank that takes its time', [given.processingBoth], ['Shipping €3.50', 'To pay €28.50']],
    ['when the bank said no', [{ ...given.processingBoth, type: 'order.payment_failed' }], ['To pay €28.50']],
    ['before shipping is chosen', [given.opened], ['Without shipping €25.00']],
    ['paid', [given.paidBoth], ['Shipping €3.50', 'Paid €28.50']],
    ['refunded', [given.paidBoth, given.refunded(2850)], ['Shipping €3.50', 'Paid €28.50', 'Refunded €28.50']],
  ] as [string, Fact[], string[]][])('the sum, %s', (_, after, rows) => {
    const html = page(viewOf(...after))
    const foot = [...html.matchAll(/<tr><th scope="row">([^<]*)<\/th><td>([^<]*)<\/td><\/tr>/g)].map(
      ([, label, money]) => `${label} ${money}`,
    )
    expect(foot.slice(-rows.length)).toEqual(rows)
    expect(html.includes('€25.00')).toBe(rows.includes('Without shipping €25.00'))
  })
  test.each([
    ['refunded', [given.refunded(2850)]],
    ['refunded but for shipping', [given.refunded(2500)]],
    ['disputed', [given.disputed]],
    ['disputed and lost', [given.disputed, given.disputeClosed('lost')]],
  ] as [string, Fact[]][])('an order that is %s promises no links, no parcel and no verdict', (name, after) => {
    const html = page(viewOf(given.paidBoth, ...after))
    expect(html).not.toMatch(/these links|comes by mail|To be packed|Until it has/)
    expect(html.includes('downloads are closed')).toBe(name !== 'refunded')
  })
  test('what was sent as links is said where there are links', () => {
    const withLinks = viewOrder(orderOf(placed(), paid), [{ asset: guide, facts }], undefined, config, now)
    expect(page(withLinks)).toContain('A receipt comes by mail, with these links.')
    expect(page(viewOf(given.paidBoth))).toContain('A receipt comes by mail.')
  })
  test('the receipt is on its way, late, sent, or none', () => {
    const order = orderOf(placed(), paid)
    const receiptOf = (job: typeof receipt | undefined) => viewOrder(order, [], job, config, now).receipt
    expect(receiptOf(receipt)).toBe('on its way')
    expect(receiptOf({ ...receipt, attempts: 1 })).toBe('delayed')
    expect(receiptOf(undefined)).toBe('sent')
    expect(viewOf().receipt).toBe('none')
  })
  test('money is decimal text in the currency of the order', () => {
    const view = viewOrder({ ...orderOf(placed([stickers])), currency: 'jpy' }, [], undefined, config, now)
    expect([view.subtotal, view.lines[0]?.unitAmount]).toEqual(['600', '300'])
    expect(page(view)).toContain('¥600')
  })
  test('parcels are packed, sent, and there', () => {
    const statusOf = (...after: Fact[]) => viewOf(paid, ...after).parcel?.status
    expect([statusOf(), statusOf(given.shipped('line-2')), statusOf(given.shipped('line-2'), given.delivered)]).toEqual(
      ['to be packed', 'shipped', 'delivered'],
    )
  })
  test('a download is there with its size and digest, and without them while GitHub is away', () => {
    const order = orderOf(placed(), paid)
    const there = page(viewOrder(order, [{ asset: guide, facts }], undefined, config, now))
    expect(there).toContain('heron-guide.pdf · 1.2 MB')
    expect(there).toContain(`<code>${facts.sha256}</code>`)
    expect(there).not.toContain('GitHub')
    const away = page(viewOrder(order, [{ asset: guide, facts: null }], undefined, config, now))
    expect(away).toContain('Your downloads are safe; try again in a while.')
    expect(away).toMatch(/<span class="download-file">heron-guide.pdf<\/span>/)
  })
})

test('nothing that a stranger or a catalog wrote is run', () => {
  const evil = `"><img src=x onerror=alert(1)>'</script>&`
  const line = { ...stickers, name: evil, price: evil }
  const asset = { ...guide, id: evil, title: evil }
  const order = orderOf(placed([line]), paid)
  const view = viewOrder(order, [{ asset, facts: { ...facts, name: evil, sha256: evil } }], undefined, config, now)
  const html = String(orderFragment(view, evil)) + String(orderFragment({ ...view, payment: 'failed' }, evil))
  expect(html).not.toContain('<img')
  expect(html).not.toContain('</script')
  // Every attribute still ends where we ended it.
  expect(html.replaceAll(/<\/?[a-z][a-z0-9]*( [a-z-]+(="[^"<>]*")?)* ?>/g, '')).not.toMatch(/[<>]/)
  expect(html.split('&lt;img').length - 1).toBeGreaterThanOrEqual(8)
})

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [1234, '1.2 kB'],
  [99_900, '99.9 kB'],
  [123_456, '123 kB'],
  [999_400, '999 kB'],
  [999_999, '1.0 MB'],
  [5_000_000_000, '5.0 GB'],
  [2_000_000_000_000, '2000 GB'],
])('%i bytes are %s', (bytes, text) => expect(sizeText(bytes)).toBe(text))

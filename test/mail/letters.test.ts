import { describe, expect, test } from 'vitest'
import { DOWNLOAD_LINK_LIFETIME_HOURS, downloadUrl, orderUrl } from '../../app/link.ts'
import type { About } from '../../app/mail/letter.ts'
import { paymentFailedMail } from '../../app/mail/payment-failed.ts'
import { paymentProcessingMail } from '../../app/mail/payment-processing.ts'
import { receiptFor } from '../../app/mail/receipt.ts'
import type { Fact } from '../../app/order/event.ts'
import { loadCatalog } from '../../catalog/load.ts'
import * as given from '../order/facts.ts'
import { book, guide, head, ORDER, orderOf, paid, placed, stickers } from '../order/facts.ts'
import { FIXTURE_CATALOG } from '../support/shop.ts'

const loaded = await loadCatalog(FIXTURE_CATALOG)
if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
const config = { SHOP_URL: 'https://shop.example.org', LINK_SECRET: 'a secret of thirty-two characters' }
const now = new Date(head.at)
const about = (...facts: Fact[]): About => ({
  order: orderOf(...facts),
  customer: { order: ORDER, email: 'mira@example.org', name: 'Mira', address: null },
  shop: loaded.catalog.shop,
  config,
  now,
})
const both = { ...paid, amount: 2850, shipping: 350 } as Fact
const ORDER_PAGE = orderUrl(config, ORDER)
const FOOT = `-- \nHeron Shop · Questions? Write to shop@heron.example.org, and name the order: ${ORDER}\n`
const mails = {
  receipt: receiptFor(about(placed([book, stickers]), both)),
  'payment-processing': paymentProcessingMail(about(placed([book, stickers]), given.processing)),
  'payment-failed': paymentFailedMail(about(placed(), given.failed)),
}

test('the receipt says what was bought, where it is, and what is still to come', () => {
  expect(mails.receipt).toMatchObject({
    id: `receipt.${ORDER}`,
    to: 'mira@example.org',
    subject: 'Your order from Heron Shop',
    text: `Thank you for supporting Heron. This is your receipt.

Date: 2026-03-01
The Heron Guide (PDF): €19.00
2 × Sticker: €6.00
Shipping: €3.50
Total paid: €28.50

Download The Heron Guide (PDF):
${downloadUrl(config, ORDER, 'guide-pdf', now)}

These links work for ${DOWNLOAD_LINK_LIFETIME_HOURS} hours; fresh ones are always on your order page.

Your parcel is to be packed. Your order page shows when it is on its way.

Your order page:
${ORDER_PAGE}

Keep this mail: whoever has these links can open your order.

${FOOT}`,
  })
})

test('a receipt for a download alone says nothing of parcels, and for a parcel alone nothing of downloads', () => {
  expect(receiptFor(about(placed(), paid)).text).not.toMatch(/parcel|Shipping/)
  expect(receiptFor(about(placed([stickers]), paid)).text).not.toMatch(/Download|hours/)
})

test('a receipt gives no links to what the order no longer entitles to', () => {
  for (const fact of [given.refunded(1900), given.disputed, given.stalled('amount-differs')])
    expect(receiptFor(about(placed(), paid, fact)).text).not.toContain('/downloads/')
})

test('while the bank has yet to confirm, nothing is promised', () => {
  expect(mails['payment-processing']).toMatchObject({
    id: `payment-processing.${ORDER}`,
    subject: 'Heron Shop: your bank has yet to confirm',
    text: `We have your order. Your bank has yet to confirm the payment, which can take some days. We write again when it has.

Date: 2026-03-01
The Heron Guide (PDF): €19.00
2 × Sticker: €6.00

Your order page:
${ORDER_PAGE}

${FOOT}`,
  })
})

test.each([
  ['takes its time', paymentProcessingMail, 'order.payment_processing'],
  ['says no', paymentFailedMail, 'order.payment_failed'],
] as const)('a bank that %s was asked for the shipping too', (_, write, type) => {
  const asked = { ...given.processingBoth, type } as Fact
  expect(write(about(placed([book, stickers]), asked)).text).toContain(
    '2 × Sticker: €6.00\nShipping: €3.50\nTotal: €28.50\n',
  )
})

test('a receipt that is late speaks of no parcel whose money is back', () => {
  expect(receiptFor(about(placed([book, stickers]), given.paidBoth, given.refunded(2850))).text).not.toContain('parcel')
})

test('when the bank says no, the buyer learns that nothing was taken, and how to try again', () => {
  expect(mails['payment-failed']).toMatchObject({
    id: `payment-failed.${ORDER}`,
    subject: 'Heron Shop: your payment did not go through',
    text: `Your bank did not confirm the payment, so nothing was taken and nothing will be sent. If you still want it, you can try again from your order page.

Date: 2026-03-01
The Heron Guide (PDF): €19.00

Try again:
${ORDER_PAGE}

${FOOT}`,
  })
})

describe.each(Object.entries(mails))('the mail %s', (_, mail) => {
  const linksOfText = mail.text.match(/https?:\/\/\S+/g) ?? []
  const linksOfHtml = [...mail.html.matchAll(/href="([^"]*)"/g)].map(([, url]) => url?.replaceAll('&amp;', '&'))
  test('leads to the same places as text and as HTML', () => {
    expect(linksOfText).toContain(ORDER_PAGE)
    expect(linksOfHtml).toEqual(linksOfText)
  })
  test('says the same as text and as HTML', () => {
    const words = mail.html
      .replace(/^.*<h1/s, '<h1')
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll('&amp;', '&')
    const sentences = mail.text.split('\n').filter((line) => line && !line.startsWith('http') && line !== '-- ')
    for (const sentence of sentences) {
      for (const part of sentence.split(/: |:$/).filter(Boolean)) expect(words).toContain(part)
    }
  })
  test('loads nothing from anywhere and runs nothing', () => {
    expect(mail.html).not.toMatch(/<img|<script|<link|url\(|src=/)
  })
})

test('whatever a catalog or an order says is text, not HTML', () => {
  const evil = '<img src=x onerror=alert(1)>"&'
  const shop = { ...loaded.catalog.shop, name: evil, project: { ...loaded.catalog.shop.project, name: evil } }
  const line = { ...book, name: evil, assets: [{ ...guide, title: evil }] }
  for (const write of [receiptFor, paymentProcessingMail, paymentFailedMail]) {
    const { html } = write({ ...about(placed([line]), paid), shop })
    expect(html).not.toContain('<img')
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&amp;')
  }
})

import { html, raw } from 'hono/html'
import { moneyFormat } from '../../catalog/schema/money.ts'
import type { ShopSettings } from '../../catalog/schema/shop.ts'
import type { Config } from '../config.ts'
import type { Customer } from '../order/customer.ts'
import { chargeOf, type Order } from '../order/order.ts'
import type { Mail } from '../parts.ts'

/** What a mail about an order is written from. */
export type About = {
  order: Order
  customer: Customer
  shop: ShopSettings
  config: Pick<Config, 'SHOP_URL' | 'LINK_SECRET'>
  now: Date
}

/** A mail in our words: paragraphs, rows of a list, and links, written once and set twice, as text and as HTML. */
export type Block =
  | { kind: 'text'; text: string }
  | { kind: 'rows'; rows: { label: string; value: string }[] }
  | { kind: 'links'; links: { label: string; url: string }[] }

const INK = '#1d2526'
const QUIET = '#566163'
const LINE = '#d9dedc'
const LINK = '#0b5d66'

/** Sets a letter. `name` and the order's id make the Message-ID, so a copy sent twice is one mail to most readers. */
export function letter(about: About, name: string, subject: string, blocks: readonly Block[]): Mail {
  const { order, customer, shop } = about
  const foot = `${shop.name} · Questions? Write to ${shop.contact}, and name the order: ${order.id}`
  return {
    id: `${name}.${order.id}`,
    to: customer.email,
    replyTo: shop.contact,
    subject,
    text: [...blocks.map(asText), `-- \n${foot}\n`].join('\n\n'),
    html: asPage(subject, blocks, foot),
  }
}

/** The order's lines, shipping and total, as rows. */
export function orderRows(order: Order): Block {
  const money = moneyFormat(order.currency)
  const rows = [{ label: 'Date', value: order.placedAt.slice(0, 10) }]
  const lines = order.lines.map(({ name, quantity, unitAmount }) => ({
    label: quantity === 1 ? name : `${quantity} × ${name}`,
    value: money(unitAmount * quantity),
  }))
  rows.push(...lines)
  const charge = chargeOf(order)
  if (charge?.shipping) rows.push({ label: 'Shipping', value: money(charge.shipping) })
  if (charge) rows.push({ label: order.paid ? 'Total paid' : 'Total', value: money(charge.amount) })
  return { kind: 'rows', rows }
}

function asText(block: Block): string {
  switch (block.kind) {
    case 'text':
      return block.text
    case 'rows':
      return block.rows.map(({ label, value }) => `${label}: ${value}`).join('\n')
    case 'links':
      return block.links.map(({ label, url }) => `${label}:\n${url}`).join('\n\n')
  }
}

function asHtml(block: Block) {
  switch (block.kind) {
    case 'text':
      return html`<p style="margin:0 0 16px">${block.text}</p>`
    case 'rows':
      return html`<table role="presentation" style="width:100%;border-collapse:collapse;margin:0 0 16px">
${block.rows.map(
  ({ label, value }) => html`<tr><td style="padding:8px 0;border-bottom:1px solid ${LINE}">${label}</td>
<td style="padding:8px 0 8px 16px;border-bottom:1px solid ${LINE};text-align:right;white-space:nowrap">${value}</td></tr>`,
)}</table>`
    case 'links':
      return html`${block.links.map(
        ({ label, url }) =>
          html`<p style="margin:0 0 12px"><a href="${url}" style="color:${LINK};font-weight:600">${label}</a></p>`,
      )}`
  }
}

function asPage(title: string, blocks: readonly Block[], foot: string): string {
  const body = blocks.map((block) => String(asHtml(block))).join('\n')
  return String(html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head>
<body style="margin:0;padding:24px 16px;background:#f5f6f4;color:${INK};font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
<div style="max-width:560px;margin:0 auto;padding:28px 24px;background:#fff;border:1px solid ${LINE};border-radius:8px">
<h1 style="margin:0 0 16px;font-size:22px;line-height:1.25">${title}</h1>
${raw(body)}
<p style="margin:24px 0 0;padding-top:16px;border-top:1px solid ${LINE};color:${QUIET};font-size:14px">${foot}</p>
</div></body></html>`)
}

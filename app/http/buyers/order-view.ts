import { z } from '@hono/zod-openapi'
import { toDecimalText } from '../../../catalog/schema/money.ts'
import type { Config } from '../../config.ts'
import type { Download } from '../../fulfillment/download.ts'
import type { Job } from '../../job/job.ts'
import { downloadUrl } from '../../link.ts'
import { isDue } from '../../order/entitlement.ts'
import { chargeOf, type Order, subtotalOf } from '../../order/order.ts'
import { fulfillmentStatus, isStalledBy, paymentStatus, refundedAmount, summaryOf } from '../../order/status.ts'

const Amount = z.string().openapi({ description: "Decimal text in the order's currency", example: '19.00' })

/** An order as its buyer may see it. No personal data: whoever holds the link sees what was bought, not by whom. */
export const OrderView = z
  .object({
    order: z.string(),
    status: z.enum(['PENDING', 'PAID', 'SHIPPED', 'DELIVERED', 'CANCELED', 'REFUNDED']),
    payment: z.enum(['pending', 'processing', 'paid', 'failed', 'partially_refunded', 'refunded', 'disputed']),
    fulfillment: z.enum(['unfulfilled', 'partially_fulfilled', 'fulfilled', 'shipped', 'delivered', 'stalled']),
    placedAt: z.iso.datetime(),
    currency: z.string(),
    lines: z.array(
      z.object({ price: z.string(), name: z.string(), quantity: z.int(), unitAmount: Amount, amount: Amount }),
    ),
    subtotal: Amount,
    shipping: Amount.nullable(),
    due: Amount.nullable().openapi({ description: 'What it costs, with shipping; null until that is chosen' }),
    total: Amount.nullable().openapi({ description: 'What was paid, with shipping; null before' }),
    refunded: Amount,
    owed: z
      .boolean()
      .openapi({ description: 'Whether the buyer has a right to the goods: paid, not back, not disputed' }),
    downloads: z.array(
      z.object({
        asset: z.string(),
        title: z.string(),
        file: z.string(),
        url: z.url().openapi({ description: 'Works for some hours; ask for the order again to renew it' }),
        size: z.int().nullable().openapi({ description: 'Bytes; null while GitHub does not answer' }),
        sha256: z.string().nullable(),
      }),
    ),
    receipt: z
      .enum(['none', 'on its way', 'delayed', 'sent', 'not sent'])
      .openapi({ description: 'The mail with the receipt' }),
    parcel: z
      .object({ status: z.enum(['to be packed', 'shipped', 'delivered']), lines: z.array(z.string()) })
      .nullable(),
  })
  .openapi('Order')
export type OrderView = z.output<typeof OrderView>

/** What the buyer sees of an order, with fresh download links. `receipt` is the job that mails it, until it is done. */
export function viewOrder(
  order: Order,
  downloads: readonly Download[],
  receipt: Job | undefined,
  config: Pick<Config, 'SHOP_URL' | 'LINK_SECRET'>,
  now: Date,
): OrderView {
  const { currency } = order
  const text = (amount: number) => toDecimalText({ amount, currency })
  const payment = paymentStatus(order)
  const charge = chargeOf(order)
  const due = charge?.amount ?? (order.lines.some(({ parcel }) => parcel) ? null : subtotalOf(order))
  return {
    order: order.id,
    status: summaryOf(order),
    payment: payment === 'pending' && order.payment.state === 'processing' ? 'processing' : payment,
    fulfillment: fulfillmentStatus(order),
    placedAt: order.placedAt,
    currency,
    lines: order.lines.map(({ price, name, quantity, unitAmount }) => {
      return { price, name, quantity, unitAmount: text(unitAmount), amount: text(unitAmount * quantity) }
    }),
    subtotal: text(subtotalOf(order)),
    shipping: charge && text(charge.shipping),
    due: due === null ? null : text(due),
    total: order.paid && text(order.paid.amount),
    refunded: text(refundedAmount(order)),
    owed: isDue(order),
    downloads: downloads.map(({ asset, facts }) => ({
      asset: asset.id,
      title: asset.title,
      file: facts?.name ?? asset.release.file,
      url: downloadUrl(config, order.id, asset.id, now),
      size: facts?.size ?? null,
      sha256: facts?.sha256 ?? null,
    })),
    receipt: viewReceipt(order, receipt),
    parcel: viewParcel(order),
  }
}

function viewReceipt(order: Order, job: Job | undefined): OrderView['receipt'] {
  if (!order.paid) return 'none'
  if (isStalledBy(order, 'receipt-not-sent')) return 'not sent'
  if (!job) return 'sent'
  return job.attempts > 0 ? 'delayed' : 'on its way'
}

function viewParcel(order: Order): OrderView['parcel'] {
  const lines = order.lines.filter((line) => line.parcel).map(({ name, quantity }) => `${quantity} × ${name}`)
  const status = fulfillmentStatus(order)
  if (lines.length === 0 || !(isDue(order) || status === 'shipped' || status === 'delivered')) return null
  return { status: status === 'shipped' || status === 'delivered' ? status : 'to be packed', lines }
}

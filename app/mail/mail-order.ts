import type { JobOutcome, MailKind } from '../job/job.ts'
import type { Customer } from '../order/customer.ts'
import type { OrderId } from '../order/id.ts'
import { type Order, paymentStatus } from '../order/order.ts'
import type { Mail, Parts } from '../parts.ts'
import { paymentFailedMail } from './payment-failed.ts'
import { paymentProcessingMail } from './payment-processing.ts'
import { receiptFor } from './receipt.ts'

/**
 * Sends one mail about an order, if it is still true. Rejects when the mail server is down; stalls when it says that
 * the address will never work: the order page still has everything.
 */
export async function mailOrder(parts: Parts, id: OrderId, kind: MailKind): Promise<JobOutcome> {
  const [order, customer] = await Promise.all([parts.store.order(id), parts.store.customer(id)])
  if (!order || !customer || !isStillTrue(kind, order)) return { end: 'done' }
  try {
    await parts.sendMail(write(parts, kind, order, customer))
    return { end: 'done' }
  } catch (error) {
    if (!(error as { permanent?: boolean }).permanent) throw error
    const reason = kind === 'receipt' ? 'receipt-not-sent' : 'gave-up'
    return { end: 'stalled', reason, detail: `the mail server refuses the buyer's address (${kind})` }
  }
}

function isStillTrue(kind: MailKind, order: Order): boolean {
  if (kind === 'payment-processing') return order.payment.state === 'processing'
  if (kind === 'payment-failed') return paymentStatus(order) === 'failed'
  return order.paid !== null
}

function write(parts: Parts, kind: MailKind, order: Order, customer: Customer): Mail {
  const about = { order, customer, shop: parts.shop.catalog().shop, config: parts.config, now: parts.now() }
  switch (kind) {
    case 'receipt':
      return receiptFor(about)
    case 'payment-processing':
      return paymentProcessingMail(about)
    case 'payment-failed':
      return paymentFailedMail(about)
  }
}

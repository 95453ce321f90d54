import type { ShopSettings } from '../../catalog/schema/shop.ts'
import type { JobOutcome, Work } from '../job/job.ts'
import type { Customer } from '../order/customer.ts'
import type { Order } from '../order/order.ts'
import { paymentStatus } from '../order/status.ts'
import type { Mail, Parts } from '../parts.ts'
import { canceledMail, refundedMail } from './money-back.ts'
import { deliveredMail, shippedMail } from './parcel.ts'
import { paymentFailedMail } from './payment-failed.ts'
import { paymentProcessingMail } from './payment-processing.ts'
import { receiptFor } from './receipt.ts'

/** As when the version that runs refuses the catalog that was live. */
const NO_CATALOG_SECONDS = 60

type MailWork = Extract<Work, { kind: 'mail' }>

/**
 * Sends one mail about an order, if it is still true; without a catalog nobody knows whose mail it is, and it waits. Rejects when the mail server is down; stalls when it says that
 * the address will never work: the order page still has everything.
 */
export async function mailOrder(parts: Parts, work: Omit<MailWork, 'kind'>): Promise<JobOutcome> {
  const [order, customer] = await Promise.all([parts.store.order(work.order), parts.store.customer(work.order)])
  const catalog = parts.shop.known()
  if (!catalog) return { end: 'later', at: new Date(parts.now().getTime() + NO_CATALOG_SECONDS * 1000) }
  const mail = order && customer && write(parts, catalog.shop, work, order, customer)
  if (!mail) return { end: 'done' }
  try {
    await parts.sendMail(mail)
    return { end: 'done' }
  } catch (error) {
    if (!(error as { permanent?: boolean }).permanent) throw error
    const reason = work.mail === 'receipt' ? 'receipt-not-sent' : 'gave-up'
    return { end: 'stalled', reason, detail: `the mail server refuses the buyer's address (${work.mail})` }
  }
}

/** The mail as it is true now; nothing when it is not true any more. */
function write(
  parts: Parts,
  shop: ShopSettings,
  { mail, about: subject = '' }: Omit<MailWork, 'kind'>,
  order: Order,
  customer: Customer,
): Mail | undefined {
  const about = { order, customer, shop, config: parts.config, now: parts.now() }
  switch (mail) {
    case 'receipt':
      return order.paid ? receiptFor(about, subject) : undefined
    case 'payment-processing':
      return order.payment.state === 'processing' ? paymentProcessingMail(about) : undefined
    case 'payment-failed':
      return paymentStatus(order) === 'failed' ? paymentFailedMail(about) : undefined
    case 'shipped':
      return shippedMail(about, subject)
    case 'delivered':
      return deliveredMail(about, subject)
    case 'refunded':
      return refundedMail(about, subject)
    case 'canceled':
      return canceledMail(about)
  }
}

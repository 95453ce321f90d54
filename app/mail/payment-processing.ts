import { orderUrl } from '../link.ts'
import type { Mail } from '../parts.ts'
import { type About, letter, orderRows } from './letter.ts'

/** The buyer is done, the bank is not: what happens next, and that nothing has been paid yet. */
export function paymentProcessingMail(about: About): Mail {
  const { order, shop, config } = about
  return letter(about, 'payment-processing', `${shop.name}: your bank has yet to confirm`, [
    {
      kind: 'text',
      text: 'We have your order. Your bank has yet to confirm the payment, which can take some days. We write again when it has.',
    },
    orderRows(order),
    { kind: 'links', links: [{ label: 'Your order page', url: orderUrl(config, order.id) }] },
  ])
}

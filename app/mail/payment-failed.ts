import { orderUrl } from '../link.ts'
import type { Mail } from '../parts.ts'
import { type About, letter, orderRows } from './letter.ts'

/** A delayed payment fell through: nothing was taken, and how to try again. */
export function paymentFailedMail(about: About): Mail {
  const { order, shop, config } = about
  return letter(about, 'payment-failed', `${shop.name}: your payment did not go through`, [
    {
      kind: 'text',
      text: 'Your bank did not confirm the payment, so nothing was taken and nothing will be sent. If you still want it, you can try again from your order page.',
    },
    orderRows(order),
    { kind: 'links', links: [{ label: 'Try again', url: orderUrl(config, order.id) }] },
  ])
}

import { formatMoney } from '../../catalog/schema/money.ts'
import { orderUrl } from '../link.ts'
import { refundedAmount } from '../order/status.ts'
import type { Mail } from '../parts.ts'
import { type About, letter } from './letter.ts'

const WHEN = 'Banks take five to ten business days to show it.'

/** Money is on its way back: how much, of how much. Nothing when there is no such refund, or it failed meanwhile. */
export function refundedMail(about: About, refund: string): Mail | undefined {
  const { order, shop } = about
  const made = order.refunds.find(({ id, failed }) => id === refund && !failed)
  if (!made || !order.paid) return undefined
  const money = (amount: number) => formatMoney({ amount, currency: order.currency })
  const isWhole = refundedAmount(order) >= order.paid.amount
  const rows = [
    { label: 'Given back', value: money(made.amount) },
    { label: 'You had paid', value: money(order.paid.amount) },
  ]
  return letter(about, `refunded-${refund}`, `${shop.name}: your money is on its way back`, [
    {
      kind: 'text',
      text: `We have sent ${isWhole ? 'your money' : 'some of your money'} back the way it came. ${WHEN}`,
    },
    { kind: 'rows', rows },
    { kind: 'links', links: [{ label: 'Your order page', url: orderUrl(about.config, order.id) }] },
  ])
}

/** The maintainers called the order off. */
export function canceledMail(about: About): Mail {
  const { order, shop } = about
  const back = order.paid && order.paid.amount > 0 ? `Your money is on its way back. ${WHEN}` : 'Nothing was taken.'
  return letter(about, 'canceled', `${shop.name}: your order was canceled`, [
    { kind: 'text', text: `Your order was canceled, and nothing of it will be sent. ${back}` },
    { kind: 'text', text: `You did not expect this? Write to ${shop.contact}.` },
    { kind: 'links', links: [{ label: 'Your order page', url: orderUrl(about.config, order.id) }] },
  ])
}

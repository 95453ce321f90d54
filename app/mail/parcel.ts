import { orderUrl } from '../link.ts'
import { quantityLeft } from '../order/status.ts'
import type { Mail } from '../parts.ts'
import { type About, type Block, letter } from './letter.ts'

/** A parcel is on its way: what is in it, who brings it, and where it is followed. Nothing when there is no such shipment. */
export function shippedMail(about: About, shipment: string): Mail | undefined {
  const { order, shop, customer } = about
  const parcel = order.shipments.find(({ id }) => id === shipment)
  if (!parcel) return undefined
  const tracking = customer.tracking?.find((one) => one.shipment === shipment)
  const rows = [
    ...(parcel.carrier ? [{ label: 'Carrier', value: parcel.carrier }] : []),
    ...(tracking?.number ? [{ label: 'Tracking number', value: tracking.number }] : []),
  ]
  const links = tracking?.url ? [{ label: 'Follow your parcel', url: tracking.url }] : []
  return letter(about, `shipped-${shipment}`, `${shop.name}: your parcel is on its way`, [
    { kind: 'text', text: 'What you ordered was packed and handed over. In it:' },
    contents(about, parcel.lines),
    ...(rows.length > 0 ? [{ kind: 'rows', rows } satisfies Block] : []),
    ...yourPage(about, links),
  ])
}

/** A parcel has arrived, as far as we know. */
export function deliveredMail(about: About, shipment: string): Mail | undefined {
  const parcel = about.order.shipments.find(({ id, deliveredAt }) => id === shipment && deliveredAt)
  if (!parcel) return undefined
  return letter(about, `delivered-${shipment}`, `${about.shop.name}: your parcel was delivered`, [
    { kind: 'text', text: 'Your parcel was delivered. We hope that you like it. In it:' },
    contents(about, parcel.lines),
    { kind: 'text', text: `It is not there, or not right? Write to ${about.shop.contact}.` },
    ...yourPage(about),
  ])
}

function contents({ order }: About, lines: readonly string[]): Block {
  const inIt = order.lines.filter(({ id }) => lines.includes(id))
  // What is given back is not in it; a line that is given back whole was, and is given back since.
  const rows = inIt.map((line) => ({ label: line.name, value: `${quantityLeft(order, line) || line.quantity} ×` }))
  return { kind: 'rows', rows }
}

/** Where all of it stands, after the links of this mail. */
const yourPage = ({ order, config }: About, links: { label: string; url: string }[] = []): Block[] => [
  { kind: 'links', links: [...links, { label: 'Your order page', url: orderUrl(config, order.id) }] },
]

import { DOWNLOAD_LINK_LIFETIME_HOURS, downloadUrl, orderUrl } from '../link.ts'
import { entitlementsOf, linesToPack } from '../order/entitlement.ts'
import type { Mail } from '../parts.ts'
import { type About, type Block, letter, orderRows } from './letter.ts'

/** Thanks for a paid order: what was bought, the downloads, what is still to come. `sending` tells one sent again from the first. */
export function receiptFor(about: About, sending = ''): Mail {
  const { order, shop, config, now } = about
  const downloads = entitlementsOf(order).map(({ asset }) => ({
    label: `Download ${asset.title}`,
    url: downloadUrl(config, order.id, asset.id, now),
  }))
  const blocks: Block[] = [
    { kind: 'text', text: `Thank you for supporting ${shop.project.name}. This is your receipt.` },
    orderRows(order),
  ]
  if (downloads.length > 0) {
    const lifetime = `These links work for ${DOWNLOAD_LINK_LIFETIME_HOURS} hours; fresh ones are always on your order page.`
    blocks.push({ kind: 'links', links: downloads }, { kind: 'text', text: lifetime })
  }
  if (linesToPack(order).length > 0) {
    blocks.push({ kind: 'text', text: 'Your parcel is to be packed. Your order page shows when it is on its way.' })
  }
  blocks.push({ kind: 'links', links: [{ label: 'Your order page', url: orderUrl(config, order.id) }] })
  blocks.push({ kind: 'text', text: 'Keep this mail: whoever has these links can open your order.' })
  return letter(about, sending ? `receipt-${sending}` : 'receipt', `Your order from ${shop.name}`, blocks)
}

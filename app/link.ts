import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Config } from './config.ts'
import { type OrderId, orderIdFrom } from './order/id.ts'

// Addresses that prove themselves. A key is made from the shop's secret each time and never stored, so it can be put
// into a mail years later, and reading the store gives nobody access.

/** Long enough to start from a mail read at breakfast; a fresh one is always on the order page. */
export const DOWNLOAD_LINK_LIFETIME_HOURS = 48

const RETURN_HOURS = 24

type LinkConfig = Pick<Config, 'SHOP_URL' | 'LINK_SECRET'>
type Secret = Pick<Config, 'LINK_SECRET'>

/** The secret in an order's address: 256 bits, for this order alone. */
export const orderKey = ({ LINK_SECRET }: Secret, order: OrderId): string => sign(LINK_SECRET, `order ${order}`)

/** Whether the key opens the order; takes the same time for every wrong one. */
export const isOrderKey = (config: Secret, order: OrderId, key: string): boolean =>
  isSameText(key, orderKey(config, order))

/** The id of the order that a buyer's retry key asks for: the same key gives the same, and no id tells its key. */
export const orderIdOfTry = ({ LINK_SECRET }: Secret, retryKey: string): OrderId =>
  orderIdFrom(createHmac('sha256', LINK_SECRET).update(`sale ${retryKey}`).digest())

/** The order's own page. */
export const orderUrl = (config: LinkConfig, order: OrderId): string =>
  `${config.SHOP_URL}/orders/${order}?key=${orderKey(config, order)}`

/**
 * Where Stripe sends the buyer back to. It stays at Stripe, for whoever may read there, so its key opens the order for a day after its
 * payment page closed, and no longer; the buyer's browser is sent on to the address with the lasting one.
 */
export function returnUrl(config: LinkConfig, { id, expiresAt }: { id: OrderId; expiresAt: string }): string {
  const expires = Math.floor(Date.parse(expiresAt) / 1000) + RETURN_HOURS * 3600
  return `${config.SHOP_URL}/thanks?order=${id}&key=${returnKey(config, id, expires)}&checkout={CHECKOUT_SESSION_ID}`
}

/** Whether it is the key that Stripe was given, and in time. */
export function isReturnKey(config: Secret, order: OrderId, key: string, now: Date): boolean {
  const expires = Number(/^(\d{1,12})\./.exec(key)?.[1])
  return expires * 1000 >= now.getTime() && isSameText(key, returnKey(config, order, expires))
}

const returnKey = ({ LINK_SECRET }: Secret, order: OrderId, expires: number): string =>
  `${expires}.${sign(LINK_SECRET, `return ${order} ${expires}`)}`

/** The order's page, with thanks. */
export const thanksUrl = (config: LinkConfig, order: OrderId): string =>
  `${config.SHOP_URL}/thanks?order=${order}&key=${orderKey(config, order)}`

/** A picture of a product as a catalog that was fetched for a check has it. Who sees the check sees the picture. */
export const previewUrl = (config: LinkConfig, tree: string, product: string): string =>
  `${config.SHOP_URL}/previews/${tree}/${product}.svg?key=${previewKey(config, tree, product)}`

/** Whether the key opens the picture; takes the same time for every wrong one. */
export const isPreviewKey = (config: Secret, tree: string, product: string, key: string): boolean =>
  isSameText(key, previewKey(config, tree, product))

const previewKey = ({ LINK_SECRET }: Secret, tree: string, product: string) =>
  sign(LINK_SECRET, `preview ${tree} ${product}`)

/** An address that gives one file of one order until it expires. */
export function downloadUrl(config: LinkConfig, order: OrderId, asset: string, now: Date): string {
  const expires = Math.floor(now.getTime() / 1000) + DOWNLOAD_LINK_LIFETIME_HOURS * 3600
  return `${config.SHOP_URL}/downloads/${order}/${asset}?expires=${expires}&signature=${signature(config, order, asset, expires)}`
}

/** What a download address is worth: `good`, `expired` (genuine, but late), or `forged`. */
export function checkDownload(
  config: Secret,
  link: { order: OrderId; asset: string; expires: number; signature: string },
  now: Date,
): 'good' | 'expired' | 'forged' {
  if (!isSameText(link.signature, signature(config, link.order, link.asset, link.expires))) return 'forged'
  return link.expires * 1000 >= now.getTime() ? 'good' : 'expired'
}

/** Where GitHub sends people back to who sign in at the desk; the App is registered with it. */
export const SIGN_IN_CALLBACK = '/desk/sign-in/callback'

const signature = (config: Secret, order: OrderId, asset: string, expires: number) =>
  sign(config.LINK_SECRET, `download ${order} ${asset} ${expires}`)

/** What proves that a text is ours, whatever it is for: say so in the text. */
export const proofOf = ({ LINK_SECRET }: Secret, text: string): string => sign(LINK_SECRET, text)

const sign = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('base64url')

/** Whether two texts are the same; takes the same time for every wrong one. */
export function isSameText(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** One shop: a repository with a catalog. Part of every order's identity. */
export type ShopId = string
/** Made by us before Stripe is called; travels in the metadata of the Session and the PaymentIntent. */
export type OrderId = `ord_${string}`
/** Random bytes from a secure source; a test gives its own. */
export type Random = (bytes: number) => Uint8Array

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford's base 32: no i, l, o, u to misread
const ORDER_ID_BYTES = 15 // 120 bits, 24 characters

/** A new order id. */
export const newOrderId = (random: Random): OrderId => orderIdFrom(random(ORDER_ID_BYTES))

/** The order id that these bytes spell. */
export function orderIdFrom(bytes: Uint8Array): OrderId {
  let bits = 0n
  for (const byte of bytes.subarray(0, ORDER_ID_BYTES)) bits = (bits << 8n) | BigInt(byte)
  const characters = Array.from(
    { length: 24 },
    (_, place) => ALPHABET[Number((bits >> BigInt(5 * (23 - place))) & 31n)],
  )
  return `ord_${characters.join('')}`
}

/** Whether text is the id of an order, as opposed to anything a stranger may have typed. */
export const isOrderId = (text: unknown): text is OrderId =>
  typeof text === 'string' && /^ord_[0-9a-hjkmnp-tv-z]{24}$/.test(text)

const NUMBER_CHARACTERS = 6
const ID_PREFIX = 'ord_'

/** What people call an order: the shop's name and the beginning of the id, such as `TERN-0G6K2M`. Nearly always it is the only one. */
export const numberOf = ({ id, shop }: { id: OrderId; shop: ShopId }): string =>
  `${shop.split('-')[0]}-${id.slice(ID_PREFIX.length, ID_PREFIX.length + NUMBER_CHARACTERS)}`.toUpperCase()

/** How ids begin that have this number; nothing when it is none. */
export function idBeginning(number: string): string | undefined {
  const [, beginning] = /^[a-z0-9]+-([0-9a-hjkmnp-tv-z]{6})$/i.exec(number) ?? []
  return beginning && ID_PREFIX + beginning.toLowerCase()
}

import { giveUpOrder } from './catch-up.ts'
import { orderIdOfTry, returnUrl, thanksUrl } from './link.ts'
import { headOf, withJobs } from './order/decide.ts'
import type { Cause } from './order/event.ts'
import { newOrderId, type OrderId } from './order/id.ts'
import { type Order, replay } from './order/order.ts'
import {
  type CartRequest,
  type Hold,
  isSameCart,
  placingFacts,
  type Quote,
  type QuoteProblem,
  quote,
  shortages,
} from './order/quote.ts'
import { paymentStatus } from './order/status.ts'
import type { Parts } from './parts.ts'
import {
  CHECKOUT_LIFETIME_MINUTES,
  CHECKOUT_LIFETIME_MINUTES_MIN,
  checkoutPage,
  closePage,
  isFinal,
  isTooLittle,
  startCheckout,
} from './stripe/checkout.ts'
import { refuseWhileTakingIn } from './take-in.ts'

// From a cart to a payment page: priced by us, kept as an order, and only then shown to Stripe.

/**
 * `retryKey` is the browser's: the same key is the same order. `replaces` is the key of an earlier try that the buyer came back from;
 * its order is given up, so that it holds nothing against this one.
 */
export type SaleRequest = CartRequest & {
  email?: string | undefined
  retryKey?: string | undefined
  replaces?: string | undefined
}

export type Sale =
  | { end: 'started'; order: OrderId; url: string }
  | { end: 'refused'; problems: QuoteProblem[] }
  /** The retry key was used before: for another cart, for an order that came to nothing, or too long ago. */
  | { end: 'conflict' }

/** Whoever asks for a sale. What they may cost us is counted by those who know where they are. */
export type Asker = {
  /** Called before a sale costs anything (a page of Stripe's, stock, a mail to this address); throws to refuse it. */
  mayStart: (sale: { freeFor: string | undefined }) => Promise<void>
  /** Keeps an order that takes stock when what they began before is over, knowing what they hold by then. */
  inTurn: <Result>(order: OrderId, place: (hold: Hold) => Promise<Result>) => Promise<Result>
}

const TOO_LITTLE = 'This is too little to pay by card: the least is about 0.50 in most currencies.'
const BUYER: Cause = { by: 'buyer' }

type SaleParts = Pick<Parts, 'config' | 'shop' | 'store' | 'stripe' | 'now' | 'random'>

/** Starts a sale. Rejects when the order can't be kept or Stripe is down; with the same retry key, nothing doubles. */
export async function startSale(parts: SaleParts, request: SaleRequest, asker: Asker): Promise<Sale> {
  await refuseWhileTakingIn(parts)
  const priced = quote(parts.shop.catalog(), request)
  if ('problems' in priced) return { end: 'refused', problems: priced.problems }
  const free = priced.subtotal === 0 && !priced.shipping
  if (free && !request.email) return refused('Give an e-mail address to send the downloads to.')
  const freeFor = free ? request.email : undefined
  const id = saleId(parts, request.retryKey)
  const isKnown = request.retryKey !== undefined && (await parts.store.order(id)) !== undefined
  await asker.mayStart({ freeFor: isKnown ? undefined : freeFor })
  if (request.replaces) await replace(parts, saleId(parts, request.replaces))
  const place = (hold?: Hold) => placeOrder(parts, id, priced, { hold, freeFor })
  const placed = await (priced.stock.length > 0 ? asker.inTurn(id, place) : place())
  if ('problems' in placed) return { end: 'refused', problems: placed.problems }
  const { order } = placed
  if (!isSameCart(order, priced) || isOver(order, parts.now())) return { end: 'conflict' }
  if (free && (await parts.store.customer(id))?.email !== freeFor) return { end: 'conflict' }
  return leadToPayment(parts, order)
}

const refused = (detail: string): Sale => ({ end: 'refused', problems: [{ line: null, detail }] })

const saleId = ({ config, random }: SaleParts, retryKey: string | undefined): OrderId =>
  retryKey ? orderIdOfTry(config, retryKey) : newOrderId(random)

/** Gives up the order of an earlier try, unless it is paid or on its way to be. */
async function replace(parts: SaleParts, id: OrderId): Promise<void> {
  const order = await parts.store.order(id)
  if (!order || paymentStatus(order) !== 'pending' || order.payment.state !== 'none') return
  if (order.checkout && !(await closePage(parts.stripe, order.checkout))) return
  await giveUpOrder(parts, id, 'replaced', BUYER)
}

/** Keeps the order, its stock and, when nothing is to be paid, its payment, in one write. */
async function placeOrder(
  parts: SaleParts,
  id: OrderId,
  priced: Quote,
  { hold, freeFor }: { hold: Hold | undefined; freeFor: string | undefined },
): Promise<{ order: Order } | { problems: QuoteProblem[] }> {
  const prices = priced.stock.map(({ price }) => price)
  return parts.store.transact({ order: id, prices }, ({ order, reserved }) => {
    if (order) return { events: [], order }
    const problems = shortages(priced.stock, reserved, hold)
    if (problems.length > 0) return { events: [], problems }
    const expiresAt = new Date(parts.now().getTime() + CHECKOUT_LIFETIME_MINUTES * 60_000).toISOString()
    const head = headOf({ id, shop: parts.shop.catalog().shop.id }, parts.now(), BUYER)
    const change = withJobs(undefined, placingFacts(priced, expiresAt, freeFor !== undefined), head)
    const customer = freeFor === undefined ? {} : { customer: { order: id, email: freeFor, name: null, address: null } }
    return { ...change, ...customer, order: replay(change.events) as Order }
  })
}

/** Whether no payment page will be opened for the order any more. */
function isOver(order: Order, now: Date): boolean {
  if (paymentStatus(order) === 'failed') return true
  const minutesLeft = (Date.parse(order.expiresAt) - now.getTime()) / 60_000
  return !order.paid && !order.checkout && minutesLeft < CHECKOUT_LIFETIME_MINUTES_MIN
}

/** Sends the buyer to where the order is paid, or to its own page when nothing is to be paid, or not any more. */
async function leadToPayment(parts: SaleParts, order: Order): Promise<Sale> {
  const { id, paid, checkout } = order
  const started = (url: string | null): Sale => ({ end: 'started', order: id, url: url ?? thanksUrl(parts.config, id) })
  if (paid) return started(null)
  if (checkout) return started(await checkoutPage(parts.stripe, checkout))
  try {
    return started(await openPage(parts, order))
  } catch (error) {
    if (!isFinal(error)) throw error
    await giveUpOrder(parts, id, 'not-started', BUYER)
    if (isTooLittle(error)) return refused(TOO_LITTLE)
    throw error
  }
}

/** A new page of Stripe's for the order; nothing when it was given up meanwhile, by another tab. */
async function openPage(parts: SaleParts, order: Order): Promise<string | null> {
  const { checkout, url } = await startCheckout(parts.stripe, order, {
    success: returnUrl(parts.config, order),
    cancel: `${parts.config.STOREFRONT_URL}/cart/`,
  })
  const { isGivenUp } = await parts.store.transact({ order: order.id }, ({ order: now }) => {
    if (!now || now.checkout) return { events: [], isGivenUp: false }
    const change = withJobs(now, [{ type: 'order.checkout_opened', checkout }], headOf(now, parts.now(), BUYER))
    return { ...change, isGivenUp: paymentStatus(now) === 'failed' }
  })
  return isGivenUp && (await closePage(parts.stripe, checkout)) ? null : url
}

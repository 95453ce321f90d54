import type Stripe from 'stripe'
import type { Account, Checkout } from '../state.ts'
import { addUp, shipBy } from './session.ts'

/** What a buyer says at the checkout, from the page or from a test. Quantities are by line item id. */
export type Buyer = {
  outcome: 'pay' | 'async' | 'decline'
  email: string
  name: string | null
  address: Partial<Stripe.Address> | null
  quantities: Record<string, number>
  shippingRate: string | null
  promotion: string | null
}

/** What is wrong with what the buyer said, by the name of the page's field. */
export type Problems = Record<string, string>

/** The codes that a buyer can try, and what they take off the lines in percent. */
const PROMOTION_CODES: Record<string, number> = { FREE100: 100, TEN: 10 }

/**
 * Takes over what the buyer chose - quantities, shipping, promotion code - and adds up again. Gives what is wrong with
 * that or with the buyer's address, and leaves the session as it was if there is anything.
 */
export function choose(account: Account, checkout: Checkout, buyer: Buyer): Problems {
  const problems = buyerProblems(checkout, buyer)
  if (Object.keys(problems).length === 0) return chooseGoods(account, checkout, buyer)
  return { ...problems, ...choiceProblems(checkout, buyer) }
}

/** Takes over only what changes the total, before the buyer has said who they are. Gives what is wrong, as `choose` does. */
export function chooseGoods(account: Account, checkout: Checkout, buyer: Buyer): Problems {
  const problems = choiceProblems(checkout, buyer)
  if (Object.keys(problems).length === 0) takeOver(account, checkout, buyer)
  return problems
}

function buyerProblems({ session }: Checkout, { email, name, address }: Buyer): Problems {
  const shipTo = session.shipping_address_collection
  const isServed = shipTo?.allowed_countries.some((country) => country === address?.country)
  return {
    ...(!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) && {
      email: 'Enter your e-mail address, such as ada@example.com.',
    }),
    ...(shipTo && !name && { name: 'Enter the name for the parcel.' }),
    ...(shipTo && !address?.line1 && { line1: 'Enter the street and number.' }),
    ...(shipTo && !isServed && { country: 'This shop does not ship to that country.' }),
  }
}

function choiceProblems({ session, lines }: Checkout, { quantities, shippingRate, promotion }: Buyer): Problems {
  const problems: Problems = {}
  for (const { item } of lines) {
    const count = quantities[item.id] ?? item.quantity ?? 0
    const { minimum, maximum } = item.adjustable_quantity ?? { minimum: item.quantity, maximum: item.quantity }
    if (!Number.isInteger(count) || count < (minimum ?? 0) || count > (maximum ?? 0)) {
      problems[`quantity_${item.id}`] = `Choose a quantity from ${minimum} to ${maximum}.`
    }
  }
  if (lines.every(({ item }) => quantities[item.id] === 0)) problems.lines = 'Keep at least one item.'
  if (shippingRate && !session.shipping_options.some((option) => option.shipping_rate === shippingRate)) {
    problems.shipping = 'Choose one of these.'
  }
  const code = codeOf(promotion)
  if (code && (!session.allow_promotion_codes || !Object.hasOwn(PROMOTION_CODES, code))) {
    problems.promotion = 'This code is not valid.'
  }
  return problems
}

function takeOver(account: Account, checkout: Checkout, { quantities, shippingRate, promotion }: Buyer): void {
  for (const { item } of checkout.lines) item.quantity = quantities[item.id] ?? item.quantity
  if (shippingRate) shipBy(account, checkout, shippingRate)
  const code = codeOf(promotion)
  checkout.percentOff = PROMOTION_CODES[code] ?? 0
  checkout.session.discounts = code ? [{ coupon: `coupon_${code}`, promotion_code: `promo_${code}` }] : []
  addUp(checkout)
}

const codeOf = (promotion: string | null): string => promotion?.trim().toUpperCase() ?? ''

import type Stripe from 'stripe'
import { refused } from './api/failure.ts'
import { addUp, shipBy } from './session.ts'
import type { Account, Checkout } from './state.ts'

/** What a buyer says at the checkout, from the page or from a test. Quantities are by line item id. */
export type Buyer = {
  outcome: 'pay' | 'async' | 'decline'
  email: string
  name: string | null
  phone: string | null
  address: Partial<Stripe.Address> | null
  quantities: Record<string, number>
  shippingRate: string | null
  promotion: string | null
  fields: Record<string, string>
  agreed: boolean
}

/** The codes that a buyer can try, and what they take off the lines in percent. */
export const PROMOTION_CODES: Record<string, number> = { FREE100: 100, TEN: 10 }

/**
 * Takes over what the buyer chose - quantities, shipping, promotion code, answers - and adds up again. Returns what is
 * wrong by the name of the page's field, and leaves the session as it was if there is anything.
 */
export function choose(account: Account, checkout: Checkout, buyer: Buyer): Record<string, string> {
  const problems = { ...buyerProblems(checkout, buyer), ...choiceProblems(checkout, buyer) }
  if (Object.keys(problems).length === 0) takeOver(account, checkout, buyer)
  return problems
}

/** Takes over only what changes the total. Returns what is wrong, as `choose` does. */
export function chooseGoods(account: Account, checkout: Checkout, buyer: Buyer): Record<string, string> {
  const problems = choiceProblems(checkout, buyer)
  if (Object.keys(problems).length === 0) takeOver(account, checkout, buyer)
  return problems
}

/** Throws a refusal for a session that can't be paid any more. */
export function checkOpen({ session }: Checkout): void {
  if (session.status !== 'open') throw refused(`This Checkout Session is ${session.status}; it can't be paid.`)
}

function buyerProblems({ session }: Checkout, buyer: Buyer): Record<string, string> {
  const problems: Record<string, string> = {}
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(buyer.email))
    problems.email = 'Enter your e-mail address, such as ada@example.com.'
  const shipTo = session.shipping_address_collection
  if (shipTo) {
    if (!buyer.name) problems.name = 'Enter the name for the parcel.'
    if (!buyer.address?.line1) problems.line1 = 'Enter the street and number.'
    if (!shipTo.allowed_countries.some((country) => country === buyer.address?.country)) {
      problems.country = 'This shop does not ship to that country.'
    }
  }
  if (session.phone_number_collection?.enabled && !buyer.phone) problems.phone = 'Enter a phone number.'
  for (const field of session.custom_fields) {
    const problem = fieldProblem(field, buyer.fields[field.key] ?? '')
    if (problem) problems[`field_${field.key}`] = problem
  }
  if (session.consent_collection?.terms_of_service === 'required' && !buyer.agreed) {
    problems.agreed = 'Agree to the terms to pay.'
  }
  return problems
}

function fieldProblem(field: Stripe.Checkout.Session.CustomField, value: string): string | undefined {
  if (!value) return field.optional ? undefined : 'Fill this in.'
  if (field.dropdown && !field.dropdown.options.some((option) => option.value === value)) return 'Choose one of these.'
  if (field.numeric && !/^\d+$/.test(value)) return 'Enter digits only.'
  const { minimum_length: least, maximum_length: most } = field.text ?? field.numeric ?? {}
  if (least && value.length < least) return `Enter at least ${least} characters.`
  return most && value.length > most ? `Enter at most ${most} characters.` : undefined
}

function choiceProblems({ session, lines }: Checkout, buyer: Buyer): Record<string, string> {
  const problems: Record<string, string> = {}
  for (const { item } of lines) {
    const count = buyer.quantities[item.id] ?? item.quantity ?? 0
    const { minimum, maximum } = item.adjustable_quantity ?? { minimum: item.quantity, maximum: item.quantity }
    if (!Number.isInteger(count) || count < (minimum ?? 0) || count > (maximum ?? 0)) {
      problems[`quantity_${item.id}`] = `Choose a quantity from ${minimum} to ${maximum}.`
    }
  }
  if (lines.every(({ item }) => buyer.quantities[item.id] === 0)) problems.lines = 'Keep at least one item.'
  const { shippingRate } = buyer
  if (shippingRate && !session.shipping_options.some((option) => option.shipping_rate === shippingRate)) {
    problems.shipping = 'Choose one of these.'
  }
  const code = buyer.promotion?.trim().toUpperCase()
  if (code && (!session.allow_promotion_codes || !Object.hasOwn(PROMOTION_CODES, code))) {
    problems.promotion = 'This code is not valid.'
  }
  return problems
}

function takeOver(account: Account, checkout: Checkout, buyer: Buyer): void {
  const { session } = checkout
  for (const { item } of checkout.lines) item.quantity = buyer.quantities[item.id] ?? item.quantity
  if (buyer.shippingRate) shipBy(account, checkout, buyer.shippingRate)
  const code = buyer.promotion?.trim().toUpperCase() ?? ''
  checkout.percentOff = PROMOTION_CODES[code] ?? 0
  session.discounts = code ? [{ coupon: `coupon_${code}`, promotion_code: `promo_${code}` }] : []
  for (const field of session.custom_fields) {
    const answer = field.text ?? field.numeric ?? field.dropdown
    if (answer) answer.value = buyer.fields[field.key] || null
  }
  addUp(checkout)
}

// The cart's page: shows what is remembered at today's prices, and asks the app for a payment page.

import { moneyOrFree } from '../../catalog/price.ts'
import { formatMoney, toDecimalText } from '../../catalog/schema/money.ts'
import { type PricedCart, type PricedLine, pricedCart, ratesFor, withChange, without } from '../view/cart.ts'
import type { PriceList } from '../view/price-list.ts'
import { askForCheckout, type CheckoutProblem } from './checkout.ts'
import { chosenCurrency } from './currency.ts'
import { keepCheckout, keepCountry, keepLines, onCartChange, rememberedCountry, rememberedLines } from './memory.ts'
import { quantityMost, readAmount } from './typed.ts'

const UNKNOWN = '—'

const find = <Kind extends HTMLElement>(name: string) => document.querySelector<Kind>(`[data-cart${name}]`) as Kind
const form = find<HTMLFormElement>('')
const country = document.querySelector('[data-ship-to]') as HTMLSelectElement
const emailField = document.querySelector('#email') as HTMLInputElement
const template = document.querySelector('#cart-line') as HTMLTemplateElement

const prices = await readPrices()
if (prices) start(prices)
else tell('The prices could not be read. Please reload the page.')

async function readPrices(): Promise<PriceList | null> {
  try {
    const response = await fetch('/prices.json')
    return response.ok ? ((await response.json()) as PriceList) : null
  } catch {
    return null // offline, or cut off
  }
}

function start(list: PriceList): void {
  if ([...country.options].some((option) => option.value === rememberedCountry())) country.value = rememberedCountry()
  const look = () => show(list)
  country.addEventListener('change', () => {
    keepCountry(country.value)
    look()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void checkOut(list)
  })
  document.addEventListener('tagsale:currency', look)
  onCartChange(look)
  look()
}

function show(list: PriceList): void {
  const currency = currencyOf(list)
  const cart = pricedCart(rememberedLines(), list, currency)
  tell('')
  form.hidden = cart.lines.length === 0
  find('-empty').hidden = cart.lines.length > 0
  const focused = (document.activeElement as HTMLElement | null)?.dataset.key
  find('-lines').replaceChildren(...cart.lines.map((line) => lineOf(line, currency)))
  if (focused) document.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus()
  showSum(cart, list, currency)
}

function lineOf(priced: PricedLine, currency: string): Node {
  const { line, listed, unit, total, problem } = priced
  const item = template.content.firstElementChild?.cloneNode(true) as HTMLElement
  const part = <Kind extends HTMLElement>(selector: string) => item.querySelector<Kind>(selector) as Kind
  const name = listed?.name ?? line.price
  const link = part<HTMLAnchorElement>('.cart-name')
  link.textContent = name
  if (listed) link.href = listed.href
  const picture = part<HTMLImageElement>('.cart-picture')
  if (listed?.picture) picture.src = listed.picture
  else picture.hidden = true
  part('.cart-unit').textContent =
    unit === null || line.quantity === 1 ? '' : `${moneyOrFree({ amount: unit, currency })} each`
  part('.cart-line-total').textContent = unit === null ? '' : moneyOrFree({ amount: total, currency })
  const remove = part('.cart-remove')
  remove.setAttribute('aria-label', `Remove ${name}`)
  remove.addEventListener('click', () => keepLines(without(rememberedLines(), line.price)))
  quantityOf(item, priced, name)
  amountOf(item, priced, currency)
  sayOf(item, problem ?? '')
  return item
}

/** A quantity that cannot be is answered by the line, and the field goes back to the one that counts. */
function quantityOf(item: HTMLElement, { line, listed }: PricedLine, name: string): void {
  const label = item.querySelector('.cart-quantity') as HTMLElement
  const field = label.querySelector('input') as HTMLInputElement
  label.hidden = !listed?.ships
  label.firstElementChild?.append(`Quantity of ${name}`)
  field.dataset.key = `quantity ${line.price}`
  field.value = String(line.quantity)
  field.max = String(quantityMost(listed?.available ?? null))
  onSettled(field, () => {
    if (field.checkValidity()) {
      keepLines(withChange(rememberedLines(), line.price, { quantity: field.valueAsNumber }))
      return
    }
    field.value = String(line.quantity)
    sayOf(item, `Write a whole number from 1 to ${field.max}. It is still ${line.quantity}.`)
  })
}

/** An amount that cannot be is kept as it was typed, and has no price until it is mended. */
function amountOf(item: HTMLElement, { line, listed, problem }: PricedLine, currency: string): void {
  const label = item.querySelector('.cart-amount') as HTMLElement
  const field = label.querySelector('input') as HTMLInputElement
  if (!listed?.minimum) return
  const { minimum, suggested } = listed
  label.hidden = false
  field.dataset.key = `amount ${line.price}`
  field.value = line.amount ?? toDecimalText({ amount: suggested?.[currency] ?? 0, currency })
  field.setCustomValidity(problem ?? '') // so the browser does not send the form
  field.setAttribute('aria-invalid', String(problem !== null))
  onSettled(field, () => {
    const typed = readAmount(field.value, minimum[currency] ?? 0, currency)
    const amount = 'problem' in typed ? field.value.trim() : typed.text
    keepLines(withChange(rememberedLines(), line.price, { amount }))
  })
}

/** Once it is typed; the Enter key ends typing, and does not check out a cart that has just changed. */
function onSettled(field: HTMLInputElement, settle: () => void): void {
  field.addEventListener('change', settle)
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return
    event.preventDefault()
    settle()
  })
}

function showSum(cart: PricedCart, list: PriceList, currency: string): void {
  const money = (amount: number) => formatMoney({ amount, currency })
  const rates = cart.ships ? ratesFor(list, country.value, currency) : []
  const least = rates[0]?.amount
  const from = rates.length > 1 ? 'from ' : ''
  country.required = cart.ships
  find('-shipping').hidden = find('-postage-row').hidden = !cart.ships
  find('-rates').hidden = rates.length === 0
  find('-rates').replaceChildren(
    ...rates.map(({ name, amount, days }) =>
      listItem(`${name}: ${money(amount)}, ${days[0]} to ${days[1]} working days`),
    ),
  )
  find('-postage').textContent = least === undefined ? 'Choose a country' : from + money(least)
  find('-subtotal').textContent = cart.sound ? money(cart.subtotal) : UNKNOWN
  find('-total').textContent = cart.sound ? from + money(cart.subtotal + (least ?? 0)) : UNKNOWN
  showEmail(cart.sound && cart.subtotal === 0 && !cart.ships)
}

/** Only when nothing is to be paid: otherwise the payment page asks for it. */
function showEmail(free: boolean): void {
  find('-email').hidden = !free
  emailField.required = free
}

async function checkOut(list: PriceList): Promise<void> {
  const button = find<HTMLButtonElement>('-submit')
  button.disabled = true
  const answer = await askForCheckout(form.dataset.checkouts ?? '', {
    lines: rememberedLines(),
    currency: currencyOf(list),
    ...(country.required ? { shipTo: country.value } : {}),
    ...(emailField.required ? { email: emailField.value } : {}),
  })
  button.disabled = false
  if (!('url' in answer)) return showProblem(answer)
  keepCheckout(answer.order)
  location.assign(answer.url)
}

function showProblem({ detail, lines }: CheckoutProblem): void {
  tell(detail)
  for (const [place, item] of [...find('-lines').children].entries()) sayOf(item, lines.get(place) ?? '')
}

function sayOf(item: Element, text: string): void {
  say(item.querySelector('.cart-line-problem') as HTMLElement, text)
}

function tell(text: string): void {
  say(find('-problem'), text)
}

function say(place: HTMLElement, text: string): void {
  place.textContent = text
  place.hidden = !text
}

function listItem(text: string): HTMLLIElement {
  const item = document.createElement('li')
  item.textContent = text
  return item
}

function currencyOf(list: PriceList): string {
  return chosenCurrency() ?? list.currencies[0] ?? ''
}

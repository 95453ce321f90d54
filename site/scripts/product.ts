// On a product's page: the price of the chosen variant, the amount a buyer names, and the cart.
import type { Amounts } from '../../catalog/schema/money.ts'
import { withAdded } from '../view/cart.ts'
import { chosenCurrency, showPrices } from './currency.ts'
import { keepCountry, keepLines, rememberedCountry, rememberedLines } from './memory.ts'
import { readAmount } from './typed.ts'

const form = document.querySelector<HTMLFormElement>('[data-buy]')
const said = document.querySelector<HTMLElement>('[data-said]')
const price = document.querySelector<HTMLElement>('#price')
const amount = document.querySelector<HTMLInputElement>('#amount')
const amountProblem = document.querySelector<HTMLElement>('#amount-problem')

if (form) {
  const button = form.querySelector<HTMLButtonElement>('[data-add-to-cart]')
  button?.removeAttribute('hidden')
  button?.addEventListener('click', () => addToCart(form))
  form.addEventListener('change', () => showChosen(form))
  showChosen(form)
  startCountry(form)
  if (amount) startAmount(amount)
}

function addToCart(form: HTMLFormElement): void {
  const quantity = form.querySelector<HTMLInputElement>('#quantity')
  if (amount && !checkAmount(amount)) {
    said?.replaceChildren()
    amount.focus()
    return
  }
  if (quantity?.reportValidity() === false) return
  const line = {
    price: String(new FormData(form).get('price')),
    quantity: quantity?.valueAsNumber ?? 1,
    ...(amount ? { amount: amount.value } : {}),
  }
  // A file is bought once; only what is sent by post has a quantity.
  const most = quantity ? Number(quantity.max) : 1
  say(keepLines(withAdded(rememberedLines(), line, most)))
}

function say(kept: boolean): void {
  if (!said) return
  said.textContent = kept ? 'It is in your cart. ' : 'Your browser does not let this shop keep a cart; Buy now works.'
  if (!kept) return
  const link = document.createElement('a')
  link.href = '/cart/'
  link.textContent = 'Go to the cart'
  said.append(link)
}

function showChosen(form: HTMLFormElement): void {
  const chosen = form.querySelector<HTMLInputElement>('input[type=radio][name=price]:checked')
  if (!chosen || !price) return
  Object.assign(price.dataset, chosen.dataset)
  price.textContent = Object.values(chosen.dataset)[0] ?? price.textContent
  showPrices()
}

function startAmount(field: HTMLInputElement): void {
  field.removeAttribute('pattern') // the browser's words for it would say less than ours
  field.addEventListener('change', () => checkAmount(field))
  // Taken back while it is mended, not when the field is left: the button would move away from under the click.
  field.addEventListener('input', () => field.validity.customError && checkAmount(field))
  document.addEventListener('tagsale:currency', () => checkAmount(field))
}

/** Says by the field what is wrong with it, and keeps the form from being sent; false when something is. */
function checkAmount(field: HTMLInputElement): boolean {
  const least: Amounts = JSON.parse(field.dataset.least ?? '{}')
  const currency = chosenCurrency() ?? Object.keys(least)[0] ?? ''
  const typed = readAmount(field.value, least[currency] ?? 0, currency)
  const problem = 'problem' in typed ? typed.problem : ''
  if ('text' in typed) field.value = typed.text
  field.setCustomValidity(problem)
  field.setAttribute('aria-invalid', String(problem !== ''))
  if (amountProblem) {
    amountProblem.textContent = problem
    amountProblem.hidden = !problem
  }
  return !problem
}

function startCountry(form: HTMLFormElement): void {
  const select = form.querySelector<HTMLSelectElement>('[data-ship-to]')
  if (!select) return
  if ([...select.options].some((option) => option.value === rememberedCountry())) select.value = rememberedCountry()
  select.addEventListener('change', () => keepCountry(select.value))
}

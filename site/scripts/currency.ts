import { keepCurrency, rememberedCurrency } from './memory.ts'

const select = document.querySelector<HTMLSelectElement>('[data-currency-switch]')

/** The currency the buyer chose, if this shop still has it; nothing when the shop has only one. */
export const chosenCurrency = (): string | undefined => select?.value

/** Shows the switch, and every price in the currency that is chosen, now and whenever it changes. */
export function startCurrencies(): void {
  if (!select) return
  const remembered = rememberedCurrency()
  if ([...select.options].some((option) => option.value === remembered)) select.value = remembered ?? ''
  document.querySelector('[data-currency-label]')?.removeAttribute('hidden')
  showPrices()
  select.addEventListener('change', () => {
    keepCurrency(select.value)
    showPrices()
    document.dispatchEvent(new Event('tagsale:currency'))
  })
}

/** Puts the chosen currency's text, which waits in `data-<currency>`, into each price. */
export function showPrices(): void {
  const currency = chosenCurrency()
  if (!currency) return
  for (const place of document.querySelectorAll<HTMLElement>('[data-money]')) {
    const text = place.dataset[currency]
    if (text) place.textContent = text
  }
  for (const field of document.querySelectorAll<HTMLInputElement>('[data-suggested]')) {
    field.value = field.dataset[currency] ?? field.value
  }
  for (const field of document.querySelectorAll<HTMLInputElement>('[data-currency-field]')) field.value = currency
  for (const name of document.querySelectorAll('[data-currency-name]')) name.textContent = currency.toUpperCase()
}

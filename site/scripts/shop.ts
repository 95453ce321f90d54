// On every page: the currency, and how much is in the cart.
import { countOf } from '../view/cart.ts'
import { startCurrencies } from './currency.ts'
import { onCartChange, rememberedLines } from './memory.ts'

const count = document.querySelector<HTMLElement>('[data-cart-count]')

function showCount(): void {
  const things = countOf(rememberedLines())
  if (!count) return
  count.textContent = String(things)
  count.hidden = things === 0
}

startCurrencies()
showCount()
onCartChange(showCount)

// On the thanks and order pages: looks again until the order is settled, and empties the cart once it is bought.

import { emptyCartFor } from './memory.ts'
import { waitBeforeLook } from './waiting.ts'

const place = document.querySelector('[data-order]') as HTMLElement
const said = document.querySelector('[data-order-said]') as HTMLElement
const began = performance.now()

emptyCartIfBought()
waitForNews(0)

function waitForNews(look: number): void {
  if (!place.querySelector('[data-pending]')) return
  const wait = waitBeforeLook(look, performance.now() - began)
  if (wait === null) said.textContent = 'Still no news. Reload the page to look again, or wait for our mail.'
  else setTimeout(() => void lookAgain(look + 1), wait)
}

async function lookAgain(look: number): Promise<void> {
  const fresh = await freshOrder()
  if (fresh) {
    const before = factsOf(place).state
    place.replaceChildren(...fresh.childNodes)
    if (factsOf(place).state !== before) {
      said.textContent = place.querySelector('.order-status h1')?.textContent ?? ''
      emptyCartIfBought()
    }
  }
  waitForNews(look)
}

/** The same page as it is now; nothing when it could not be had, and then the next look may. */
async function freshOrder(): Promise<Element | null> {
  try {
    const response = await fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store' })
    if (!response.ok) return null
    return new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('[data-order]')
  } catch {
    return null
  }
}

function emptyCartIfBought(): void {
  const { state, orderId } = factsOf(place)
  const bought = state === 'paid' || state === 'processing'
  if (bought && orderId && location.pathname.startsWith('/thanks')) emptyCartFor(orderId)
}

/** What the app says of the order, in `data-state` and `data-order-id`. */
function factsOf(element: Element): DOMStringMap {
  return element.querySelector<HTMLElement>('[data-state]')?.dataset ?? {}
}

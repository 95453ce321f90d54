import type { CartLine } from '../view/cart.ts'
import { type Attempt, attemptAfter, attemptAfterConflict, attemptJson, nextAttempt, randomUuid } from './attempt.ts'
import { browserKey, keepAttempt, rememberedAttempt } from './memory.ts'

/** What the app is asked for: which things, how many, and where they go. */
export type CheckoutRequest = { lines: CartLine[]; currency?: string; shipTo?: string; email?: string }
/** An order that waits to be paid at this address. */
export type Checkout = { order: string; url: string }
/** What went wrong: for the cart as a whole, and for lines by their place, from 0. */
export type CheckoutProblem = { detail: string; lines: Map<number, string> }

/** The app's refusal (app/http/problem.ts), as far as it is read here. */
type Problem = { title?: string; detail?: string; errors?: { line: number | null; detail: string }[] }

const UNREACHABLE = 'The shop did not answer. Nothing was bought; please try again.'

/**
 * Asks the app for a payment page: its address, or what is wrong. The same cart asked for again is the same attempt, with
 * the same key and the same page, until it is bought; another cart takes its place.
 */
export async function askForCheckout(address: string, request: CheckoutRequest): Promise<Checkout | CheckoutProblem> {
  const attempt = nextAttempt(rememberedAttempt(), JSON.stringify(request), newKey())
  let response = await send(address, attempt)
  if (response?.status === 409) response = await send(address, attemptAfterConflict(attempt, newKey()))
  if (!response) return { detail: UNREACHABLE, lines: new Map() }
  const answer: unknown = await response.json().catch(() => null) // cut off, or not the app's
  return answer && response.ok ? (answer as Checkout) : problemOf((answer ?? {}) as Problem)
}

/** Remembered before it is sent: the page may be left, or the answer lost, after the app has started an order. */
async function send(address: string, attempt: Attempt): Promise<Response | undefined> {
  const previous = rememberedAttempt()
  keepAttempt(attempt)
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': attempt.key,
    'browser-key': browserKey(newKey),
  }
  const request = { method: 'POST', headers, body: attemptJson(attempt) }
  const response = await fetch(address, request).catch(() => undefined) // no answer
  keepAttempt(attemptAfter(response?.status, attempt, previous))
  return response
}

/** What the app says of a refusal; nothing of it is sure when the answer is not the app's. */
function problemOf({ title, detail, errors = [] }: Problem): CheckoutProblem {
  const lines = new Map<number, string>()
  const others: string[] = []
  for (const { line, detail } of errors) {
    if (line === null) others.push(detail)
    else lines.set(line, [lines.get(line), detail].filter(Boolean).join(' '))
  }
  return { detail: others.join(' ') || detail || title || UNREACHABLE, lines }
}

const newKey = (): string => randomUuid(crypto.getRandomValues(new Uint8Array(16)))

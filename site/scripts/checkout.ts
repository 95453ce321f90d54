import { type Attempt, attemptAfter, attemptAfterConflict, attemptJson, nextAttempt } from '../view/attempt.ts'
import type { CartLine } from '../view/cart.ts'
import { keepAttempt, rememberedAttempt } from './memory.ts'

/** What the app is asked for: which things, how many, and where they go. */
export type CheckoutRequest = { lines: CartLine[]; currency?: string; shipTo?: string; email?: string }
/** An order that waits to be paid at this address. */
export type Checkout = { order: string; url: string }
/** What went wrong: for the cart as a whole, and for lines by their place, from 0. */
export type CheckoutProblem = { detail: string; lines: Map<number, string> }

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
  const answer: unknown = await response.json().catch(() => null)
  if (response.status === 201 && isCheckout(answer)) return answer
  return problemOf(answer)
}

/** Remembered before it is sent: the page may be left, or the answer lost, after the app has started an order. */
async function send(address: string, attempt: Attempt): Promise<Response | undefined> {
  const previous = rememberedAttempt()
  keepAttempt(attempt)
  const headers = { 'content-type': 'application/json', 'idempotency-key': attempt.key }
  const request = { method: 'POST', headers, body: attemptJson(attempt) }
  const response = await fetch(address, request).catch(() => undefined) // no answer
  keepAttempt(attemptAfter(response?.status, attempt, previous))
  return response
}

function problemOf(answer: unknown): CheckoutProblem {
  const problem = (answer ?? {}) as { title?: unknown; detail?: unknown; errors?: unknown }
  const errors: unknown[] = Array.isArray(problem.errors) ? problem.errors : []
  const lines = new Map<number, string>()
  const others: string[] = []
  for (const error of errors) {
    const { line, detail } = (error ?? {}) as { line?: unknown; detail?: unknown }
    if (typeof detail !== 'string') continue
    if (typeof line === 'number') lines.set(line, [lines.get(line), detail].filter(Boolean).join(' '))
    else others.push(detail)
  }
  const detail = [problem.detail, problem.title, UNREACHABLE].find((text) => typeof text === 'string') as string
  return { detail: others.length > 0 ? others.join(' ') : detail, lines }
}

function isCheckout(answer: unknown): answer is Checkout {
  const { order, url } = (answer ?? {}) as Partial<Record<keyof Checkout, unknown>>
  return typeof order === 'string' && typeof url === 'string'
}

/** Random and long; not randomUUID, which a browser has only on https. */
const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

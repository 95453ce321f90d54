import { randomBytes } from 'node:crypto'
import type Stripe from 'stripe'

/** A line of a session: the object that the API gives, and what only the checkout page shows. */
export type CheckoutLine = { item: Stripe.LineItem; text: string | null; image: string | null }

/** A session with what Stripe keeps to itself: its lines, when it runs out, what its payment will carry. */
export type Checkout = {
  session: Stripe.Checkout.Session
  lines: CheckoutLine[]
  /** Unix seconds by the stand-in's clock. */
  deadline: number
  /** Percent off the lines, once the buyer has entered a code. */
  percentOff: number
  paymentMetadata: Record<string, string>
}

/** An event, its thin twin's id, how many endpoints wanted it, and those that have not taken it yet. */
export type KeptEvent = { event: Stripe.Event; thinId: string; wanted: number; pending: string[] }

/** A webhook endpoint with its secrets, newest first. `thin` sends notifications instead of snapshots. */
export type Endpoint = { endpoint: Stripe.WebhookEndpoint; secrets: string[]; thin: boolean }

/** A delivery that is still to be made. `due` is in Unix seconds by the stand-in's clock. */
export type Delivery = { id: string; event: string; endpoint: string; attempt: number; due: number }

/** One try to deliver, as `GET /_test/attempts` lists it. Status 0 means that nobody answered in time. */
export type Attempt = { event: string; type: string; endpoint: string; attempt: number; status: number; at: string }

/** What is done to webhooks on purpose. `drop`: event types, or the fraction of webhooks that vanish. */
export type Chaos = { duplicate: number; shuffle: boolean; hold: boolean; drop: string[] | number; stale: boolean }

/**
 * What is done to the API on purpose: answer 503, answer late, or have a gateway before Stripe answer in its place, in JSON of its own,
 * which has not Stripe's shape.
 */
export type Faults = { down: boolean; delayMs: number; gateway: { status: number; body: object } | null }

/** Everything the stand-in knows. Plain JSON, so that it can be kept in a file. */
export type State = {
  /** Seconds that the stand-in's clock is ahead of the real one. */
  clock: number
  /** State of the random numbers behind chaos, so that a run can be repeated. */
  seed: number
  checkouts: Record<string, Checkout>
  paymentIntents: Record<string, Stripe.PaymentIntent>
  charges: Record<string, Stripe.Charge>
  refunds: Record<string, Stripe.Refund>
  disputes: Record<string, Stripe.Dispute>
  shippingRates: Record<string, Stripe.ShippingRate>
  events: KeptEvent[]
  endpoints: Endpoint[]
  deliveries: Delivery[]
  attempts: Attempt[]
  /** Answers by idempotency key. */
  replies: Record<string, { fingerprint: string; body: object; at: number }>
  chaos: Chaos
  faults: Faults
}

/** One Stripe account and the hands that work on it. Times are Unix seconds. */
export type Account = {
  state: State
  /** Where the stand-in answers, without a slash at the end. */
  url: () => string
  now: () => number
  newId: (prefix: string) => string
  /** Before this time, no open session runs out: nobody has to look through all of them. */
  nextDeadline: number
  /** The ids of all sessions, oldest first: what is asked for is nearly always among the last. */
  sessionIds: string[]
}

/** An account in which nothing has happened yet. */
export function emptyState(): State {
  return {
    clock: 0,
    seed: 1,
    checkouts: {},
    paymentIntents: {},
    charges: {},
    refunds: {},
    disputes: {},
    shippingRates: {},
    events: [],
    endpoints: [],
    deliveries: [],
    attempts: [],
    replies: {},
    chaos: { duplicate: 1, shuffle: false, hold: false, drop: [], stale: false },
    faults: { down: false, delayMs: 0, gateway: null },
  }
}

/** The account that lives in this state. */
export function accountOf(state: State, url: () => string): Account {
  return {
    state,
    url,
    now: () => Math.floor(Date.now() / 1000) + state.clock,
    newId: (prefix) => `${prefix}_${randomBytes(12).toString('hex')}`,
    nextDeadline: 0,
    sessionIds: Object.keys(state.checkouts),
  }
}

/** The next of the repeatable random numbers, from 0 to below 1 (mulberry32). */
export function nextRandom(state: State): number {
  state.seed = (state.seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(state.seed ^ (state.seed >>> 15), 1 | state.seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

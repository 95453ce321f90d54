import { createHmac } from 'node:crypto'
import { type Account, type Delivery, type Endpoint, type KeptEvent, nextRandom } from '../state.ts'
import { thinEvent } from './event.ts'

/** Waits between tries: minutes, then hours, for about three days, as Stripe does in live mode. */
const RETRY_WAITS_SECONDS = [60, 300, 1800, 7200, 18_000, 36_000, 86_400, 86_400]
const ANSWER_TIMEOUT_MS = 10_000
const DELIVERIES_AT_ONCE = 16
const ATTEMPTS_KEPT = 10_000
/** Older than the 300 seconds that Stripe's libraries accept. */
const STALE_SECONDS = 600

export type Postman = {
  /** Tries every delivery that is due, and resolves when none is due any more. */
  drain: () => Promise<void>
  /** Ends `hold`, and makes the deliveries that are due one after the other, so that their order is certain. */
  release: (order: 'kept' | 'reverse' | 'shuffle') => Promise<void>
  /** Breaks off what is on its way. It stays due, and is delivered after the next start. */
  stop: () => Promise<void>
}

/** Delivers the account's webhooks, at least once each, as Stripe does: several at a time, in no promised order. */
export function createPostman(account: Account, hooks: { onSent: () => void; log: (line: string) => void }): Postman {
  const { state } = account
  const stopping = new AbortController()
  let round: Promise<void> | undefined
  const send = (delivery: Delivery) => deliver(account, delivery, stopping.signal, hooks.log)

  function due(): Delivery[] {
    if (state.chaos.hold || stopping.signal.aborted) return []
    const ready = dueNow(account)
    return state.chaos.shuffle ? shuffled(account, ready) : ready
  }

  async function sendTogether(batch: Delivery[]): Promise<void> {
    const rest = batch.values()
    const workers = Array.from({ length: DELIVERIES_AT_ONCE }, async () => {
      for (const delivery of rest) await send(delivery)
    })
    await Promise.all(workers)
  }

  async function sendAllDue(): Promise<void> {
    let batch = due()
    do {
      await sendTogether(batch)
      if (batch.length > 0) hooks.onSent()
      batch = due()
    } while (batch.length > 0)
    // In the same step as the last look, so that whoever asks from now on gets a new round.
    round = undefined
  }

  async function release(order: 'kept' | 'reverse' | 'shuffle'): Promise<void> {
    state.chaos.hold = true
    await round
    const held = dueNow(account)
    const ordered = order === 'shuffle' ? shuffled(account, held) : order === 'reverse' ? held.toReversed() : held
    for (const delivery of ordered) await send(delivery)
    state.chaos.hold = false
    await drain()
  }

  function drain(): Promise<void> {
    round ??= sendAllDue()
    return round
  }

  async function stop(): Promise<void> {
    stopping.abort()
    await round
  }

  return { drain, release, stop }
}

/** The `Stripe-Signature` header: the time, and one HMAC-SHA256 of time and body for each secret that is valid now. */
function signatureHeader(body: string, secrets: string[], time: number): string {
  const signatures = secrets.map((secret) => createHmac('sha256', secret).update(`${time}.${body}`).digest('hex'))
  return [`t=${time}`, ...signatures.map((signature) => `v1=${signature}`)].join(',')
}

async function deliver(
  account: Account,
  delivery: Delivery,
  stopped: AbortSignal,
  log: (line: string) => void,
): Promise<void> {
  const { state } = account
  const kept = state.events.findLast(({ event }) => event.id === delivery.event)
  const target = state.endpoints.find(({ endpoint }) => endpoint.id === delivery.endpoint)
  if (kept && target) {
    const status = await post(account, target, kept, stopped)
    if (stopped.aborted) return
    record(account, delivery, kept, status)
    log(`webhook ${kept.event.type} ${kept.event.id} -> ${status || 'no answer'}`)
  }
  state.deliveries = state.deliveries.filter(({ id }) => id !== delivery.id)
}

async function post(account: Account, target: Endpoint, kept: KeptEvent, stopped: AbortSignal): Promise<number> {
  const body = JSON.stringify(target.thin ? thinEvent(kept) : kept.event, null, 2)
  // Signed in real time, however far the stand-in's clock was moved on: receivers compare with their own clock.
  const time = Math.floor(Date.now() / 1000) - (account.state.chaos.stale ? STALE_SECONDS : 0)
  try {
    const response = await fetch(target.endpoint.url, {
      method: 'POST',
      body,
      redirect: 'manual',
      signal: AbortSignal.any([stopped, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': signatureHeader(body, target.secrets, time),
        'user-agent': 'Stripe/1.0 (stand-in)',
      },
    })
    await response.body?.cancel()
    return response.status
  } catch {
    return 0 // Nobody there, or no answer in time: for a sender that is one more kind of answer.
  }
}

function record(account: Account, delivery: Delivery, kept: KeptEvent, status: number): void {
  const { state } = account
  const { event, endpoint, attempt } = delivery
  state.attempts.push({ event, type: kept.event.type, endpoint, attempt, status, at: new Date().toISOString() })
  state.attempts.splice(0, state.attempts.length - ATTEMPTS_KEPT)
  if (status >= 200 && status < 300) {
    kept.pending = kept.pending.filter((id) => id !== endpoint)
    kept.event.pending_webhooks = kept.pending.length
    return
  }
  const wait = RETRY_WAITS_SECONDS[attempt - 1]
  if (wait === undefined) return
  const id = account.newId('delivery')
  state.deliveries.push({ ...delivery, id, attempt: attempt + 1, due: account.now() + wait })
}

function dueNow(account: Account): Delivery[] {
  return account.state.deliveries.filter(({ due }) => due <= account.now())
}

function shuffled<T>({ state }: Account, items: T[]): T[] {
  return items
    .map((item) => ({ item, key: nextRandom(state) }))
    .sort((one, other) => one.key - other.key)
    .map(({ item }) => item)
}

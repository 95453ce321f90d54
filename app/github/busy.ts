import { LRUCache } from 'lru-cache'
import { memoryLimiter } from '../store/limits.ts'
import type { Store } from '../store/store.ts'

/** GitHub asks us to wait, or our own budget of writes is used up. The work comes again when the time is over. */
export class GitHubBusyError extends Error {
  readonly retryAfterSeconds: number
  constructor(retryAfterSeconds: number, message: string, options: ErrorOptions = {}) {
    super(message, options)
    this.name = 'GitHubBusyError'
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** GitHub forgives 80 writes a minute and 500 an hour, clicks of people included; we leave room for theirs. */
export const WRITES_PER_MINUTE_MAX = 60
export const WRITES_PER_HOUR_MAX = 400
/** Of the calls that GitHub gives an owner in an hour (5,000 or more), so many are left to buyers by all work, and so many by checks. */
export const BUYERS_RESERVE = 500
export const SHOP_RESERVE = 2_000
/** Whoever opens pull requests spends no more than this. */
export const CHECKS_PER_HOUR_MAX = 2_500
/** What a call is for: the shop itself, or checks, of which strangers cause as many as they like. */
export type Use = 'shop' | 'checks'
const RESERVES: Record<Use, number> = { shop: BUYERS_RESERVE, checks: SHOP_RESERVE }
const OWNERS_MAX = 200
/** What GitHub advises when it limits us and names no time. */
const WAIT_SECONDS = 60

type Headers = Record<string, string | number | undefined>

/**
 * How long GitHub asks us to wait, in seconds; nothing when it does not.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
export function limitSeconds(headers: Headers, now: Date): number | undefined {
  if (headers['retry-after']) return Number(headers['retry-after'])
  if (String(headers['x-ratelimit-remaining']) !== '0') return undefined
  return Math.max(1, Math.ceil(Number(headers['x-ratelimit-reset']) - now.getTime() / 1000))
}

/**
 * Keeps us within GitHub's limits: counts what all processes write, and holds everything of this one back while GitHub wants it so.
 * GitHub tells each process itself.
 */
export function createBudget(
  now: () => Date,
  limiter: Store['limiter'] = memoryLimiter,
  perMinute = WRITES_PER_MINUTE_MAX,
  perHour = WRITES_PER_HOUR_MAX,
) {
  const minute = limiter({ name: 'GitHub writes of a minute', points: perMinute, seconds: 60 })
  const hour = limiter({ name: 'GitHub writes of an hour', points: perHour, seconds: 3600 })
  const checks = limiter({ name: 'GitHub calls of checks', points: CHECKS_PER_HOUR_MAX, seconds: 3600 })
  const left = new LRUCache<string, { remaining: number; until: number }>({ max: OWNERS_MAX })
  let heldUntil = 0
  return {
    /** Before a request. Throws a GitHubBusyError while we have to wait. */
    async spend(owner: string, isWrite: boolean, use: Use = 'shop'): Promise<void> {
      const seconds = secondsUntil(heldUntil, now())
      if (seconds > 0) throw new GitHubBusyError(seconds, 'GitHub asked us to wait')
      const { remaining, until } = left.get(owner) ?? { remaining: 0, until: 0 }
      const isScarce = until > now().getTime() && remaining < RESERVES[use]
      if (isScarce) throw new GitHubBusyError(secondsUntil(until, now()), 'what GitHub still gives is left to others')
      const wait = use === 'checks' ? await checks(owner) : 0
      if (wait > 0) throw new GitHubBusyError(wait, 'as many calls as checks may make')
      if (!isWrite) return
      for (const count of [minute, hour]) {
        const wait = await count(owner)
        if (wait > 0) throw new GitHubBusyError(wait, 'as many writes as GitHub forgives')
      }
    },
    /** After an answer: it says how many calls are left. Those of GraphQL are counted apart, and buyers need none. */
    note(owner: string, headers: Headers = {}): void {
      const { 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset } = headers
      if (remaining === undefined || headers['x-ratelimit-resource'] === 'graphql') return
      left.set(owner, { remaining: Number(remaining), until: Number(reset) * 1000 })
    },
    /** After a refusal. Gives the same error, or a GitHubBusyError when GitHub limits us. */
    learn(error: unknown): unknown {
      const { status, response } = error as { status?: number; response?: { headers?: Headers; data?: unknown } }
      if (status !== 403 && status !== 429) return error
      const told = limitSeconds(response?.headers ?? {}, now())
      const isLimit = told !== undefined || status === 429 || /rate limit/i.test((error as Error).message)
      if (!isLimit) return error
      const seconds = told ?? WAIT_SECONDS
      heldUntil = Math.max(heldUntil, now().getTime() + seconds * 1000)
      return new GitHubBusyError(seconds, `GitHub limits us: ${(error as Error).message}`, { cause: error })
    },
  }
}
const secondsUntil = (time: number, now: Date) => Math.ceil((time - now.getTime()) / 1000)

export type Budget = ReturnType<typeof createBudget>

/** An answer, or the wait for it; and, once it is there, from and until when it counts, in milliseconds. */
type Shared = { answer: Promise<unknown>; counts?: { from: number; until: number } }

/** What GitHub said last, by what it was asked. */
export type SharedAnswers = LRUCache<string, Shared>
/** Answers to be shared, so many at most. */
export const newSharedAnswers = (max: number): SharedAnswers => new LRUCache({ max })

/**
 * Asks once for all who come while the answer is under way, and for so many seconds after: of an answer, and of a failure too, or a
 * crowd in front of what is missing would use up what GitHub gives us. A failure of 0 seconds is for those alone who waited for it.
 */
export function askOnce<Answer>(
  { shared, now }: { shared: SharedAnswers; now: () => Date },
  key: string,
  ask: () => Promise<Answer>,
  seconds: { answer: (answer: Answer) => number; failure: (error: unknown) => number },
): Promise<Answer> {
  const known = shared.get(key)
  if (known && isFresh(known, now().getTime())) return known.answer as Promise<Answer>
  const entry: Shared = { answer: ask() }
  shared.set(key, entry)
  const keepFor = (some: number) => {
    const from = now().getTime()
    entry.counts = { from, until: from + some * 1000 }
  }
  const answer = entry.answer as Promise<Answer>
  answer.then(
    (given) => keepFor(seconds.answer(given)),
    (error) => keepFor(seconds.failure(error)),
  )
  return answer
}

/** A clock that was put back makes nothing last longer. */
const isFresh = ({ counts }: Shared, now: number): boolean => !counts || (counts.from <= now && now < counts.until)

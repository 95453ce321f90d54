import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

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

/** Keeps us within GitHub's limits: counts what we write, and holds everything back while GitHub wants it so. */
export function createBudget(now: () => Date, perMinute = WRITES_PER_MINUTE_MAX, perHour = WRITES_PER_HOUR_MAX) {
  const minute = new RateLimiterMemory({ points: perMinute, duration: 60 })
  const hour = new RateLimiterMemory({ points: perHour, duration: 3600 })
  let heldUntil = 0
  return {
    /** Before a request. Throws a GitHubBusyError while we have to wait. */
    async spend(owner: string, isWrite: boolean): Promise<void> {
      const seconds = Math.ceil((heldUntil - now().getTime()) / 1000)
      if (seconds > 0) throw new GitHubBusyError(seconds, 'GitHub asked us to wait')
      if (!isWrite) return
      for (const limiter of [minute, hour]) await consume(limiter, owner)
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
export type Budget = ReturnType<typeof createBudget>

async function consume(limiter: RateLimiterMemory, owner: string): Promise<void> {
  try {
    await limiter.consume(owner)
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error
    throw new GitHubBusyError(Math.ceil(error.msBeforeNext / 1000), 'as many writes as GitHub forgives')
  }
}

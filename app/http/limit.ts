import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Config } from '../config.ts'
import type { HttpEnv } from './context.ts'

/** Wrong keys a minute from one address before it has to wait. */
const WRONG_KEYS_PER_MINUTE = 20
const EVERYBODY = 'everybody'

/** Seconds to wait, or nothing when there is room. */
type Wait = number | undefined

export type Limits = {
  /** Counts a checkout of this address and of all: cards are tested, and stock held, by making many. */
  checkout: (address: string) => Promise<Wait>
  /** Counts a wrong order key or a forged download link. */
  wrongKey: (address: string) => Promise<Wait>
}

/** Limits of one process. With several behind a load balancer each counts for itself. */
export function createLimits(config: Config): Limits {
  const perMinute = (points: number) => new RateLimiterMemory({ points, duration: 60 })
  const perAddress = perMinute(config.CHECKOUTS_PER_MINUTE_PER_ADDRESS)
  const inAll = perMinute(config.CHECKOUTS_PER_MINUTE)
  const wrongKeys = perMinute(WRONG_KEYS_PER_MINUTE)
  return {
    checkout: async (address) => (await consume(perAddress, address)) ?? (await consume(inAll, EVERYBODY)),
    wrongKey: (address) => consume(wrongKeys, address),
  }
}

/** Who is asking: the connection's address, or what our own proxies say of it, counted from the right. */
export function addressOf(c: Context<HttpEnv>): string {
  const { TRUSTED_PROXIES } = c.var.parts.config
  const forwarded = (c.req.header('x-forwarded-for') ?? '').split(',').map((address) => address.trim())
  const claimed = TRUSTED_PROXIES > 0 ? forwarded.at(-TRUSTED_PROXIES) : undefined
  return claimed || (c.env?.incoming ? getConnInfo(c).remote.address : undefined) || 'unknown'
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<Wait> {
  try {
    await limiter.consume(key)
    return undefined
  } catch (error) {
    if (error instanceof RateLimiterRes) return Math.ceil(error.msBeforeNext / 1000)
    throw error
  }
}

import { isIPv6 } from 'node:net'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import type { Config } from '../config.ts'
import { memoryLimiter } from '../store/limits.ts'
import type { Limiter, Store } from '../store/store.ts'
import type { HttpEnv } from './context.ts'
import { Refusal } from './problem.ts'

/** Wrong keys a minute from one address before it has to wait. */
const WRONG_KEYS_PER_MINUTE = 20
/** Downloads a minute for which GitHub has to be asked: for most it is not, and they are not counted. */
const FILES_PER_MINUTE_PER_ADDRESS = 60
const FILES_PER_MINUTE_PER_LINK = 10
/** Looks at Stripe a minute that pages of waiting orders cause: Stripe's own word comes all the same, and the page shows what is known. */
const LOOKS_PER_MINUTE_PER_ADDRESS = 30
const LOOKS_PER_MINUTE = 300
const EVERYBODY = 'everybody'

/** Counters by address. Where one is full they throw a Refusal that says how long to wait. */
export type Limits = {
  /** Counts a checkout of this address and of all: cards are tested, and stock held, by making many. */
  checkout: (address: string) => Promise<void>
  /** Counts a wrong order key or a forged download link. */
  wrongKey: (address: string) => Promise<void>
  /** Counts a download for which GitHub has to be asked. */
  file: (address: string, link: string) => Promise<void>
  /** Counts a look at Stripe for a page that waits; false where it is one too many. */
  mayLook: (address: string) => Promise<boolean>
}

/** Limits of all processes over the store that counts. */
export function createLimits(config: Config, limiter: Store['limiter'] = memoryLimiter): Limits {
  const perMinute = (name: string, points: number) => limiter({ name, points, seconds: 60 })
  const perAddress = perMinute('checkouts of an address', config.CHECKOUTS_PER_MINUTE_PER_ADDRESS)
  const inAll = perMinute('checkouts', config.CHECKOUTS_PER_MINUTE)
  const wrongKeys = perMinute('wrong keys', WRONG_KEYS_PER_MINUTE)
  const filesOfLink = perMinute('files of a link', FILES_PER_MINUTE_PER_LINK)
  const filesOfAddress = perMinute('files of an address', FILES_PER_MINUTE_PER_ADDRESS)
  const looksOfAddress = perMinute('looks at Stripe of an address', LOOKS_PER_MINUTE_PER_ADDRESS)
  const looks = perMinute('looks at Stripe', LOOKS_PER_MINUTE)
  return {
    mayLook: async (address) => (await looksOfAddress(address)) === 0 && (await looks(EVERYBODY)) === 0,
    async file(address, link) {
      await consume(filesOfLink, link)
      await consume(filesOfAddress, address)
    },
    async checkout(address) {
      await consume(perAddress, address)
      await consume(inAll, EVERYBODY)
    },
    wrongKey: (address) => consume(wrongKeys, address),
  }
}

/** Who is asking: the connection's address, or what our own proxies say of it, counted from the right. */
export function addressOf(c: Context<HttpEnv>): string {
  const { TRUSTED_PROXIES } = c.var.parts.config
  const forwarded = (c.req.header('x-forwarded-for') ?? '').split(',').map((address) => address.trim())
  const claimed = TRUSTED_PROXIES > 0 ? forwarded.at(-TRUSTED_PROXIES) : undefined
  return networkOf(claimed || (c.env?.incoming ? getConnInfo(c).remote.address : undefined) || 'unknown')
}

/** Who has an IPv6 address has the 2^64 beside it, so they count as one. A proxy may add a port. */
function networkOf(address: string): string {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(address)?.[1] ?? address.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
  if (!isIPv6(bare) || bare.startsWith('::ffff:')) return bare
  const [head = '', tail] = bare.split('::')
  const groups = head.split(':').filter(Boolean)
  const behind = tail?.split(':').filter(Boolean) ?? []
  const zeros = Array<string>(tail === undefined ? 0 : Math.max(0, 8 - groups.length - behind.length)).fill('0')
  return [...groups, ...zeros, ...behind]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

async function consume(limiter: Limiter, key: string): Promise<void> {
  const seconds = await limiter(key)
  if (seconds > 0) throw tooMany(seconds)
}

function tooMany(retryAfterSeconds: number): Refusal {
  const detail = `Please wait ${retryAfterSeconds} seconds, then try again.`
  return new Refusal({ status: 429, title: 'Too many tries', detail, retryAfterSeconds })
}
